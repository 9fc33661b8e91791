"""Denmark: the days on which its banks are closed."""

from billing_assets.domain.calendar_rule import AddedDays, Base, Calendar, LeftOut

_BANKS = "Finans Danmark, bankhelligdage (bank closing days)"

CALENDARS = (
    Calendar(
        calendar_code="denmark",
        name="Denmark, banks",
        base=Base(country_code="DK", categories=("public", "optional")),
        left_out=(LeftOut(name="Workers' Day", source=f"{_BANKS}: 1 May is none"),),
        added=(
            AddedDays(
                name="Friday after Ascension Day",
                pattern="FREQ=YEARLY;BYEASTER=40",
                from_year=2009,
                source=f"{_BANKS}: closed since 2009",
            ),
        ),
        bank_countries=("DK",),
        source=_BANKS,
    ),
)
