"""Italy: the exchange. The library lists its days from 2019 only, and not all of them before 2023."""

from billing_assets.domain.calendar_rule import AddedDays, Calendar

_SOURCE = "Borsa Italiana, calendario di borsa"
_DAYS = {
    "New Year's Day": "FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=1",
    "Good Friday": "FREQ=YEARLY;BYEASTER=-2",
    "Easter Monday": "FREQ=YEARLY;BYEASTER=1",
    "Labour Day": "FREQ=YEARLY;BYMONTH=5;BYMONTHDAY=1",
    "Assumption Day": "FREQ=YEARLY;BYMONTH=8;BYMONTHDAY=15",
    "Christmas Eve": "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=24",
    "Christmas Day": "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=25",
    "Saint Stephen's Day": "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=26",
    "New Year's Eve": "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=31",
}

CALENDARS = (
    Calendar(
        calendar_code="italy_exchange",
        name="Borsa Italiana",
        added=tuple(AddedDays(name=name, pattern=pattern, source=_SOURCE) for name, pattern in _DAYS.items()),
        source=_SOURCE,
    ),
)
