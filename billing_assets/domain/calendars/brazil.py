"""Brazil: banks and the exchange of São Paulo."""

from billing_assets.domain.calendar_rule import AddedDays, Base, Calendar, LeftOut

_BANKS = "FEBRABAN, Feriados bancários; Resolução CMN 4.880/2020"
_EXCHANGE = "B3, Calendário de negociação"
_LAST_WEEKDAY = "BYMONTH=12;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"
_EXCHANGE_DAYS = (
    ("Anniversary of São Paulo", "BYMONTH=1;BYMONTHDAY=25", None, 2021),
    ("Constitutionalist Revolution", "BYMONTH=7;BYMONTHDAY=9", 1997, 2021),
    ("National Day of Zumbi and Black Awareness", "BYMONTH=11;BYMONTHDAY=20", 2007, 2021),
    ("Christmas Eve", "BYMONTH=12;BYMONTHDAY=24", None, None),
    ("Last Business Day of the Year", _LAST_WEEKDAY, None, None),
)

CALENDARS = (
    Calendar(
        calendar_code="brazil_settlement",
        name="Brazil, banks",
        base=Base(country_code="BR", categories=("public", "optional")),
        left_out=tuple(
            LeftOut(name=name, source=f"{_BANKS}: banks are open")
            for name in ("Ash Wednesday", "Public Servant's Day", "Christmas Eve", "New Year's Eve")
        ),
        bank_countries=("BR",),
        source=_BANKS,
    ),
    Calendar(
        calendar_code="brazil_exchange",
        name="B3, São Paulo",
        base=Base(market_code="BVMF"),
        added=tuple(
            AddedDays(
                name=name,
                pattern=f"FREQ=YEARLY;{pattern}",
                from_year=from_year,
                to_year=to_year,
                source=f"{_EXCHANGE}: not in the library's list",
            )
            for name, pattern, from_year, to_year in _EXCHANGE_DAYS
        ),
        source=_EXCHANGE,
    ),
)
