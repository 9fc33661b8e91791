"""Which days are closed, and rolling a whole book's dates at once.

Belongs here: the one use of the ``holidays`` library, working out the days of a calendar's row, roll tables
and tables of open days.
Does not belong here: the rows of calendars (``domain.calendars``), what a roll rule means
(``domain.business_days``).

A calendar is named by its code, that of a place, or several joined (``target+ES``: closed where one is).
``own`` are days that a company has closed beside it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from difflib import get_close_matches
from functools import lru_cache
from importlib.metadata import version
from types import MappingProxyType

import holidays
import holidays.countries  # loaded here, or else for 0.06 s in the midst of the first run
import polars as pl

from billing_assets.domain.business_days import IsClosed, Roll, StepUnit, advance, roll_date
from billing_assets.domain.calendar_rule import (
    NO_CLOSED_DAYS,
    UNION,
    AddedDays,
    Base,
    Calendar,
    ClosedDays,
    Observed,
    Purpose,
    is_in_years,
)
from billing_assets.domain.calendars import shipped_calendars
from billing_assets.domain.errors import BillingError
from billing_assets.domain.places import PLACES, calendar_code_of, find_calendar
from billing_assets.frames.columns import OPEN_DAY_SCHEMA, ROLL_SCHEMA
from billing_assets.frames.recurrence import occurrences

HOLIDAYS_VERSION = version("holidays")
"""Which list of public holidays this is: another may have other days."""

ROLL_REACH_DAYS = 16
"""No calendar is closed for more days in a row than this: how far one roll can move a date."""

_NONE: frozenset[date] = frozenset()
_ONE_DAY = timedelta(days=1)
_SATURDAY, _SUNDAY = 6, 7


@lru_cache(maxsize=1024)
def calendars_named(calendar_code: str) -> tuple[Calendar, ...]:
    """Return the calendars of a code, several where it joins them.

    Raises:
        BillingError: ``calendar_unknown``.

    >>> [calendar.name for calendar in calendars_named("target+ES")]
    ['TARGET (T2)', 'Spain']
    """
    found = []
    for code in calendar_code.split(UNION):
        calendar = find_calendar(code)
        if calendar is None:
            raise BillingError(
                "calendar_unknown",
                f"there is no calendar '{code[:40]}'",
                _nearest(code),
            )
        found.append(calendar)
    return tuple(found)


def _nearest(code: str) -> str:
    """Return the place or calendar that may be meant by a code that is none, or what there is."""
    by_name = {place.name.lower(): place.place_code for place in PLACES.values()}
    known = {**by_name, **{each.lower(): each for each in (*PLACES, *shipped_calendars())}}
    close = get_close_matches(code.lower(), known, 1)
    if close:
        return f"did you mean {known[close[0]]}?"
    return f"choose one of {', '.join((*PLACES, *shipped_calendars()))}"


@lru_cache(maxsize=4096)
def closed_days(calendar_code: str, year: int) -> Mapping[date, str]:
    """Return the closed days of a year, weekly days of rest aside, with their names, ascending.

    >>> [day.isoformat() for day in closed_days("target", 2024)][:3]
    ['2024-01-01', '2024-03-29', '2024-04-01']
    """
    days: dict[date, str] = {}
    for calendar in calendars_named(calendar_code):
        days = {**_days_of(calendar, year), **days}
    return MappingProxyType(dict(sorted(days.items())))


def _days_of(calendar: Calendar, year: int) -> dict[date, str]:
    days = _base_days(calendar, year)
    for added in calendar.added:
        days.update(_added_days(added, year))
    for override in calendar.overrides:
        if override.day.year == year and override.is_closed:
            days[override.day] = override.name
        elif override.day.year == year:
            days.pop(override.day, None)
    return days


def _base_days(calendar: Calendar, year: int) -> dict[date, str]:
    """Return what the library lists for the year, without the days that are left out."""
    base = calendar.base
    if base is None or not is_in_years(year, base.from_year, base.to_year):
        return {}
    open_names = {row.name for row in calendar.left_out if is_in_years(year, row.from_year, row.to_year)}
    days: dict[date, str] = {}
    for day, names in _listed(base, year).items():
        kept = [name for name in names.split("; ") if _plain(name) not in open_names]
        if day.year == year and kept:
            days[day] = "; ".join(kept)
    return days


def _listed(base: Base, year: int) -> Mapping[date, str]:
    # The neighbours are asked too: the substitute of 1 January may fall on 31 December.
    years = (year - 1, year, year + 1)
    if base.market_code:
        return dict(holidays.financial_holidays(base.market_code, years=years, expand=False).items())
    # English names: what is left out is left out by name.
    listed = holidays.country_holidays(
        base.country_code,
        subdiv=base.subdivision_code or None,
        years=years,
        expand=False,
        categories=base.categories,
        language="en_US",
    )
    return dict(listed.items())


def _plain(name: str) -> str:
    return name.partition(" (")[0]


def _added_days(added: AddedDays, year: int) -> dict[date, str]:
    """Return the days of a rule in a year; what is observed may come from the year before or after."""
    found = {}
    for rule_year in (year - 1, year, year + 1):
        if not is_in_years(rule_year, added.from_year, added.to_year):
            continue
        first = date(rule_year, 1, 1)
        for day in occurrences(added.pattern, first, first, date(rule_year + 1, 1, 1)):
            observed = _observed(day, added.observed)
            found.update({each: added.name for each in {day, observed} if each.year == year})
    return found


def _observed(day: date, observed: Observed) -> date:
    if day.isoweekday() == _SUNDAY and observed is not Observed.AS_IT_FALLS:
        return day + _ONE_DAY
    if day.isoweekday() == _SATURDAY and observed is Observed.NEAREST_WEEKDAY:
        return day - _ONE_DAY
    return day


@lru_cache(maxsize=4096)
def _shut_days(calendar_code: str, year: int) -> frozenset[date]:
    """Return every day of a year on which nobody works, weekly days of rest among them."""
    calendars = calendars_named(calendar_code)
    resting = {day for day in _days_in(year) if any(calendar.is_weekend(day) for calendar in calendars)}
    return frozenset(resting.union(closed_days(calendar_code, year)))


def _days_in(year: int) -> list[date]:
    first = date(year, 1, 1)
    return [first + timedelta(days=n) for n in range((date(year + 1, 1, 1) - first).days)]


def is_closed(calendar_code: str, day: date, own: frozenset[date] = _NONE) -> bool:
    """Tell whether ``day`` is a weekly day of rest or a closed day of the calendar, or one of ``own``.

    >>> (
    ...     is_closed("ES", date(2024, 1, 1)),
    ...     is_closed("KW", date(2024, 6, 7)),
    ...     is_closed("ES", date(2024, 6, 7)),
    ... )
    (True, True, False)
    """
    return day in own or day in _shut_days(calendar_code, day.year)


def closed_by(calendar_code: str, own: frozenset[date] = _NONE) -> IsClosed:
    """Return the function that tells whether a day is closed, as ``domain.business_days`` takes it.

    >>> closed_by("target+ES")(date(2024, 8, 15))
    True
    """
    calendars_named(calendar_code)
    return lambda day: is_closed(calendar_code, day, own)


def roll(calendar_code: str, day: date, rule: Roll, own: frozenset[date] = _NONE) -> date:
    """Return ``day`` rolled by ``rule`` on the calendar.

    >>> roll("GB", date(2024, 12, 25), Roll.FOLLOWING)
    datetime.date(2024, 12, 27)
    """
    return roll_date(day, rule, closed_by(calendar_code, own))


@lru_cache(maxsize=2048)
def _rolled_year(calendar_code: str, rule: Roll, year: int, own: frozenset[date]) -> pl.DataFrame:
    days = _days_in(year)
    rolled = [roll(calendar_code, day, rule, own) for day in days]
    return pl.DataFrame({"day": days, "rolled_date": rolled})


@lru_cache(maxsize=2048)
def _roll_frame(
    place_code: str, calendar_code: str, rule: Roll, year: int, own: frozenset[date]
) -> pl.DataFrame:
    constants = {"place_code": pl.lit(place_code), "roll": pl.lit(rule.value)}
    return _rolled_year(calendar_code, rule, year, own).with_columns(**constants).match_to_schema(ROLL_SCHEMA)


def roll_table(
    place_codes: Iterable[str],
    rules: Iterable[str],
    from_date: date,
    to_date: date,
    *,
    purpose: Purpose = Purpose.DUE,
    own: frozenset[date] = _NONE,
) -> pl.DataFrame:
    """Return the roll table (``columns.ROLL_SCHEMA``) of the places and rules, on the calendars of a purpose.

    It covers the years of [from_date, to_date]. Dates outside have no row and join to null: choose the range
    from the dates that are to be rolled.

    >>> table = roll_table(["ES"], ["following"], date(2024, 1, 1), date(2024, 1, 2))
    >>> table.filter(pl.col("day") == date(2024, 1, 1))["rolled_date"].item()
    datetime.date(2024, 1, 2)
    """
    wanted = [(place, Roll(rule)) for place in sorted(set(place_codes)) for rule in sorted(set(rules))]
    years = range(from_date.year, to_date.year + 1)
    parts = [
        _roll_frame(place, calendar_code_of(place, purpose), rule, year, _near(own, year))
        for place, rule in wanted
        for year in years
    ]
    return pl.concat(parts) if parts else pl.DataFrame(schema=ROLL_SCHEMA)


def _near(own: frozenset[date], year: int) -> frozenset[date]:
    """Return the days that rolling the dates of a year may meet: the other years share their tables."""
    first, last = date(year, 1, 1) - timedelta(days=31), date(year, 12, 31) + timedelta(days=31)
    return frozenset(day for day in own if first <= day <= last)


def open_day_table(
    calendar_code: str, from_date: date, to_date: date, own: frozenset[date] = _NONE
) -> pl.DataFrame:
    """Return the days of [from_date, to_date] with the open days before each (``columns.OPEN_DAY_SCHEMA``).

    The n-th open day before a day is the open day whose count is n smaller.

    >>> table = open_day_table("ES", date(2024, 5, 31), date(2024, 6, 3))
    >>> table.select("open_count", "is_open").rows()
    [(0, True), (1, False), (1, False), (1, True)]
    """
    days = [from_date + timedelta(days=n) for n in range((to_date - from_date).days + 1)]
    is_open = [not is_closed(calendar_code, day, own) for day in days]
    frame = pl.DataFrame({"day": days, "is_open": is_open}, schema_overrides={"day": pl.Date})
    counted = pl.col("is_open").cast(pl.Int64).cum_sum() - pl.col("is_open").cast(pl.Int64)
    return frame.with_columns(open_count=counted).select(*OPEN_DAY_SCHEMA)


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyCalendar:
    """The days on which a company works: the calendars of its place, and what it has closed itself."""

    place_code: str
    closed: ClosedDays = NO_CLOSED_DAYS

    def code(self, purpose: Purpose) -> str:
        """Return the code of the calendar that the company follows for a purpose."""
        return calendar_code_of(self.place_code, purpose)

    def is_closed(self, day: date, purpose: Purpose = Purpose.GENERATE) -> bool:
        """Tell whether the company is closed on a day, for a purpose."""
        return is_closed(self.code(purpose), day, self.closed.of(purpose))

    def roll(self, day: date, rule: Roll, purpose: Purpose) -> date:
        """Return ``day`` rolled on the company's calendar of a purpose."""
        return roll(self.code(purpose), day, rule, self.closed.of(purpose))

    def ahead(self, day: date, open_days: int) -> date:
        """Return the day that lies so many open days after ``day``, or before it where negative."""
        is_shut = closed_by(self.code(Purpose.GENERATE), self.closed.of(Purpose.GENERATE))
        return advance(day, open_days, StepUnit.DAYS, is_shut) if open_days else day
