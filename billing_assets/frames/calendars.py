"""Closed days of a place, and rolling a whole book's dates at once.

Belongs here: the one use of the ``holidays`` library, overrides where its list is wrong, roll tables.
Does not belong here: what a roll rule means (``domain.business_days``).
"""

from collections.abc import Iterable
from datetime import date, timedelta
from functools import lru_cache

import holidays
import polars as pl

from billing_assets.domain.business_days import Roll, roll_date
from billing_assets.domain.errors import BillingError
from billing_assets.domain.places import find_place
from billing_assets.frames.columns import ROLL_SCHEMA


@lru_cache(maxsize=2048)
def _public_holidays(place_code: str, year: int) -> frozenset[date]:
    place = find_place(place_code)
    if place is None:
        raise BillingError(
            "place_unknown", f"place '{place_code}' has no calendar", "add a row to domain/places.py"
        )
    days = holidays.country_holidays(
        place.country_code, subdiv=place.subdivision_code or None, years=year, expand=False
    )
    return frozenset(days)


def is_closed(place_code: str, day: date) -> bool:
    """Tell whether ``day`` is a weekend day or a public holiday of the place.

    >>> (
    ...     is_closed("ES", date(2024, 1, 1)),
    ...     is_closed("KW", date(2024, 6, 7)),
    ...     is_closed("ES", date(2024, 6, 7)),
    ... )
    (True, True, False)
    """
    holidays_of_year = _public_holidays(place_code, day.year)
    place = find_place(place_code)
    return place is not None and (day.isoweekday() in place.weekend or day in holidays_of_year)


def roll(place_code: str, day: date, rule: Roll) -> date:
    """Return ``day`` rolled by ``rule`` on the calendar of the place.

    >>> roll("GB", date(2024, 12, 25), Roll.FOLLOWING)
    datetime.date(2024, 12, 27)
    """
    return roll_date(day, rule, lambda candidate: is_closed(place_code, candidate))


@lru_cache(maxsize=2048)
def _rolled_year(place_code: str, rule: Roll, year: int) -> pl.DataFrame:
    first = date(year, 1, 1)
    days = [first + timedelta(days=n) for n in range((date(year + 1, 1, 1) - first).days)]
    rolled = [roll(place_code, day, rule) for day in days]
    constants = {"place_code": [place_code] * len(days), "roll": [rule.value] * len(days)}
    return pl.DataFrame({**constants, "day": days, "rolled_date": rolled}, schema=ROLL_SCHEMA)


def roll_table(
    place_codes: Iterable[str], rules: Iterable[str], from_date: date, to_date: date
) -> pl.DataFrame:
    """Return the roll table (``columns.ROLL_SCHEMA``) of the places and rules.

    It covers the years of [from_date, to_date]. Dates outside have no row and join to null: choose the range
    from the dates that are to be rolled.

    >>> table = roll_table(["ES"], ["following"], date(2024, 1, 1), date(2024, 1, 2))
    >>> table.filter(pl.col("day") == date(2024, 1, 1))["rolled_date"].item()
    datetime.date(2024, 1, 2)
    """
    wanted = [(place, Roll(rule)) for place in sorted(set(place_codes)) for rule in sorted(set(rules))]
    years = range(from_date.year, to_date.year + 1)
    parts = [_rolled_year(place, rule, year) for place, rule in wanted for year in years]
    return pl.concat(parts) if parts else pl.DataFrame(schema=ROLL_SCHEMA)
