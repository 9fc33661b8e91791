"""Germany: the trading days of its exchanges. The library lists them from 2016 only."""

from billing_assets.domain.calendar_rule import AddedDays, Base, Calendar

_SOURCE = "Deutsche Börse, Handelskalender"
_LISTED_FROM = 2016


def _days(to_year: int | None) -> tuple[AddedDays, ...]:
    days = {
        "New Year's Day": "FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=1",
        "Good Friday": "FREQ=YEARLY;BYEASTER=-2",
        "Easter Monday": "FREQ=YEARLY;BYEASTER=1",
        "Labour Day": "FREQ=YEARLY;BYMONTH=5;BYMONTHDAY=1",
        "Christmas Eve": "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=24",
        "Christmas Day": "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=25",
        "Second Day of Christmas": "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=26",
    }
    return tuple(
        AddedDays(name=name, pattern=pattern, to_year=to_year, source=_SOURCE)
        for name, pattern in days.items()
    )


CALENDARS = (
    Calendar(
        calendar_code="germany_frankfurt",
        name="Frankfurt Stock Exchange",
        base=Base(market_code="XFRA", from_year=_LISTED_FROM),
        added=_days(to_year=_LISTED_FROM - 1),
        source=_SOURCE,
    ),
    Calendar(
        calendar_code="germany_xetra",
        name="Xetra",
        base=Base(market_code="XETR", from_year=_LISTED_FROM),
        added=_days(to_year=_LISTED_FROM - 1),
        source=_SOURCE,
    ),
    Calendar(
        calendar_code="germany_eurex",
        name="Eurex",
        added=(
            *_days(to_year=None),
            AddedDays(
                name="New Year's Eve",
                pattern="FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=31",
                source="Eurex, Trading calendar",
            ),
        ),
        source="Eurex, Trading calendar",
    ),
)
