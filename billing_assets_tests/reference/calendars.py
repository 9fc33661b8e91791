"""Open and closed days, and how a date on a closed day moves.

Belongs here: the weekend of the place and the public holidays of the `holidays` library, asked day by day.
Does not belong here: days that the package knows better than that library; a difference is to be seen.
"""

from datetime import date, timedelta
from functools import cache

import holidays

from billing_assets.domain.places import PLACES

ONE_DAY = timedelta(days=1)


@cache
def is_closed(place_code: str, day: date) -> bool:
    """Tell whether `day` is a weekend day or a public holiday of the place.

    >>> (
    ...     is_closed("ES", date(2024, 10, 12)),
    ...     is_closed("KW", date(2024, 5, 10)),
    ...     is_closed("GB", date(2024, 5, 10)),
    ... )
    (True, True, False)
    """
    return day.isoweekday() in PLACES[place_code].weekend or day in _public_holidays(place_code, day.year)


@cache
def _public_holidays(place_code: str, year: int) -> frozenset[date]:
    place = PLACES[place_code]
    # The neighbours are asked too: the substitute of 1 January may fall on 31 December.
    years = (year - 1, year, year + 1)
    days = holidays.country_holidays(place.country_code, subdiv=place.subdivision_code or None, years=years)
    return frozenset(days)


def roll(day: date, rule: str, place_code: str) -> date:
    """Return `day`, or where it is closed the open day that `rule` names.

    >>> roll(date(2024, 6, 30), "following", "ES"), roll(date(2024, 6, 30), "modified_following", "ES")
    (datetime.date(2024, 7, 1), datetime.date(2024, 6, 28))
    """
    later, earlier = _next_open(day, place_code), _last_open(day, place_code)
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


def _next_open(day: date, place_code: str) -> date:
    while is_closed(place_code, day):
        day += ONE_DAY
    return day


def _last_open(day: date, place_code: str) -> date:
    while is_closed(place_code, day):
        day -= ONE_DAY
    return day
