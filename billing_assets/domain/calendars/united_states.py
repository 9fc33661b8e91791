"""The United States: settlement, the Federal Reserve Banks and the New York Stock Exchange."""

from billing_assets.domain.calendar_rule import AddedDays, Base, Calendar, LeftOut, Observed

_FEDERAL = "5 U.S.C. 6103"
_SATURDAYS = "Public Law 86-362 (1959): a holiday on a Saturday is observed on the Friday before"
_SUNDAYS = "Executive Order 10358 (1952), s. 1: a holiday on a Sunday is observed on the Monday after"
_COLUMBUS = "Public Law 90-363 (1968): a federal holiday from 1971 on"
_RESERVE = "Federal Reserve Board, Holidays observed (K.8): a Saturday is not moved"
_RESERVE_LISTED_FROM = 1999

_FIXED_TO_1970 = {
    "New Year's Day": "BYMONTH=1;BYMONTHDAY=1",
    "Washington's Birthday": "BYMONTH=2;BYMONTHDAY=22",
    "Memorial Day": "BYMONTH=5;BYMONTHDAY=30",
    "Independence Day": "BYMONTH=7;BYMONTHDAY=4",
    "Veterans Day": "BYMONTH=11;BYMONTHDAY=11",
    "Christmas Day": "BYMONTH=12;BYMONTHDAY=25",
}
_RESERVE_DAYS = (
    ("New Year's Day", "BYMONTH=1;BYMONTHDAY=1", None, None),
    ("Birthday of Martin Luther King, Jr.", "BYMONTH=1;BYDAY=3MO", 1986, None),
    ("Washington's Birthday", "BYMONTH=2;BYMONTHDAY=22", None, 1970),
    ("Washington's Birthday", "BYMONTH=2;BYDAY=3MO", 1971, None),
    ("Memorial Day", "BYMONTH=5;BYMONTHDAY=30", None, 1970),
    ("Memorial Day", "BYMONTH=5;BYDAY=-1MO", 1971, None),
    ("Independence Day", "BYMONTH=7;BYMONTHDAY=4", None, None),
    ("Labor Day", "BYMONTH=9;BYDAY=1MO", None, None),
    ("Columbus Day", "BYMONTH=10;BYDAY=2MO", 1971, None),
    ("Veterans Day", "BYMONTH=11;BYMONTHDAY=11", None, 1970),
    ("Veterans Day", "BYMONTH=10;BYDAY=4MO", 1971, 1977),
    ("Veterans Day", "BYMONTH=11;BYMONTHDAY=11", 1978, None),
    ("Thanksgiving Day", "BYMONTH=11;BYDAY=4TH", None, None),
    ("Christmas Day", "BYMONTH=12;BYMONTHDAY=25", None, None),
)

CALENDARS = (
    Calendar(
        calendar_code="us_settlement",
        name="United States, settlement",
        base=Base(country_code="US"),
        left_out=(
            LeftOut(name="Columbus Day", to_year=1970, source=_COLUMBUS),
            LeftOut(
                name="Juneteenth National Independence Day",
                to_year=2021,
                source="Federal Reserve Board, statement of 17 June 2021: open as usual in that year",
            ),
        ),
        added=tuple(
            AddedDays(
                name=name,
                pattern=f"FREQ=YEARLY;{pattern}",
                from_year=from_year,
                to_year=to_year,
                observed=observed,
                source=source,
            )
            for name, pattern in _FIXED_TO_1970.items()
            for from_year, to_year, observed, source in (
                (1952, 1959, Observed.SUNDAY_TO_MONDAY, _SUNDAYS),
                (1960, 1970, Observed.NEAREST_WEEKDAY, _SATURDAYS),
            )
        ),
        source=_FEDERAL,
    ),
    Calendar(
        calendar_code="us_federal_reserve",
        name="Federal Reserve Banks",
        base=Base(market_code="XFED", from_year=_RESERVE_LISTED_FROM),
        added=tuple(
            AddedDays(
                name=name,
                pattern=f"FREQ=YEARLY;{pattern}",
                from_year=from_year,
                to_year=to_year or _RESERVE_LISTED_FROM - 1,
                observed=Observed.SUNDAY_TO_MONDAY,
                source=_RESERVE,
            )
            for name, pattern, from_year, to_year in _RESERVE_DAYS
        ),
        bank_countries=("US",),
        source=_RESERVE,
    ),
    Calendar(
        calendar_code="us_nyse",
        name="New York Stock Exchange",
        base=Base(market_code="XNYS"),
        source="NYSE Rule 7.2 (Holidays), and the exchange's notices of special closings",
    ),
)
