"""Open and closed days, how a date on a closed day moves, and how open days are counted back.

Belongs here: the weekend of the place, the public holidays of the `holidays` library and the days that a
company has closed itself (`own`), asked day by day.
Does not belong here: days that the package knows better than that library; a difference is to be seen.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from types import MappingProxyType

import holidays

from billing_assets.domain.places import PLACES

ONE_DAY = timedelta(days=1)
NO_DAYS: frozenset[date] = frozenset()
NO_OWN_DAYS: Mapping[str, frozenset[date]] = MappingProxyType({"generate": NO_DAYS, "due": NO_DAYS})
"""What a company has closed itself, by what it is closed for: making invoices, and payers' due dates."""


def is_closed(place_code: str, day: date, own: frozenset[date] = NO_DAYS) -> bool:
    """Tell whether `day` is a weekend day or a public holiday of the place, or one of `own`.

    >>> (
    ...     is_closed("ES", date(2024, 10, 12)),
    ...     is_closed("KW", date(2024, 5, 10)),
    ...     is_closed("GB", date(2024, 5, 10)),
    ... )
    (True, True, False)
    """
    return day in own or _is_rest(place_code, day)


@cache
def _is_rest(place_code: str, day: date) -> bool:
    return day.isoweekday() in PLACES[place_code].weekend or day in _public_holidays(place_code, day.year)


@cache
def _public_holidays(place_code: str, year: int) -> frozenset[date]:
    place = PLACES[place_code]
    # The neighbours are asked too: the substitute of 1 January may fall on 31 December.
    years = (year - 1, year, year + 1)
    days = holidays.country_holidays(place.country_code, subdiv=place.subdivision_code or None, years=years)
    return frozenset(days)


def roll(day: date, rule: str, place_code: str, own: frozenset[date] = NO_DAYS) -> date:
    """Return `day`, or where it is closed the open day that `rule` names.

    >>> roll(date(2024, 6, 30), "following", "ES"), roll(date(2024, 6, 30), "modified_following", "ES")
    (datetime.date(2024, 7, 1), datetime.date(2024, 6, 28))
    """
    later, earlier = _next_open(day, place_code, own), _last_open(day, place_code, own)
    leaves_half = later.month != day.month or day.day <= 15 < later.day
    rolled = {
        "none": day,
        "following": later,
        "preceding": earlier,
        "modified_following": later if later.month == day.month else earlier,
        "modified_preceding": earlier if earlier.month == day.month else later,
        "half_month_modified_following": earlier if leaves_half else later,
        "nearest": earlier if day - earlier < later - day else later,
    }
    if rule in rolled:
        return rolled[rule]
    raise ValueError(f"no such roll rule: {rule}")


def days_before(day: date, count: int, unit: str, place_code: str, own: frozenset[date] = NO_DAYS) -> date:
    """Return the day that lies `count` calendar days before `day`, or so many open days by `unit`.

    >>> (
    ...     days_before(date(2024, 6, 3), 2, "calendar", "ES"),
    ...     days_before(date(2024, 6, 3), 2, "business", "ES"),
    ... )
    (datetime.date(2024, 6, 1), datetime.date(2024, 5, 30))
    """
    if unit == "calendar":
        return day - timedelta(days=count)
    while count:
        day -= ONE_DAY
        count -= not is_closed(place_code, day, own)
    return day


def _next_open(day: date, place_code: str, own: frozenset[date]) -> date:
    while is_closed(place_code, day, own):
        day += ONE_DAY
    return day


def _last_open(day: date, place_code: str, own: frozenset[date]) -> date:
    while is_closed(place_code, day, own):
        day -= ONE_DAY
    return day
