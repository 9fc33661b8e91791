"""Day counts: how many days, or which part of a year, lie between two dates.

Belongs here: the conventions by name, exact; all intervals are half-open ``[start, end)``.
Does not belong here: rounding (``money``), the counts that a plan can name (``term_days``).

Billing counts by two of them, months of 30 days by the bond basis and European (:func:`days_30_360`). Nothing
in the package calls the others, and :func:`year_fraction`: premium belongs to a term and not to a year. They
are what the published cases are held against, and what a plan could count by next.

Sources: ISDA 2006 Definitions 4.16 (30/360, 30E/360, actual/actual ISDA, actual/365 fixed); ICMA Rule 251
(actual/actual ISMA); Fédération bancaire française, FBF Master Agreement (actual/actual AFB); SIFMA Standard
Securities Calculation Methods (30/360 US).
"""

from calendar import isleap
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType

from billing_assets.domain.business_days import add_months

_LAST_DAY = 30
_LONGEST_MONTH = 31
_YEAR = 365
_MONTHS = 12
_FEBRUARY = 2


class DayCount(StrEnum):
    """Conventions; ``thirty_360`` is the bond basis."""

    THIRTY_360 = "thirty_360"
    THIRTY_360_US = "thirty_360_us"
    THIRTY_E_360 = "thirty_e_360"
    ACTUAL_365_FIXED = "actual_365_fixed"
    ACTUAL_ACTUAL_ISDA = "actual_actual_isda"
    ACTUAL_ACTUAL_ISMA = "actual_actual_isma"
    ACTUAL_ACTUAL_AFB = "actual_actual_afb"


def days_30_360(start: date, end: date, convention: DayCount = DayCount.THIRTY_360) -> int:
    """Return the days between two dates where every month has 30 of them; negative where they are reversed.

    Bond basis: a 31st to begin with is a 30th; a 31st at the end is one where the beginning is the 30th or
    later. 30E: every 31st is a 30th. US: as the bond basis, and the last day of February at the beginning is
    a 30th, at the end too where both are.

    Raises:
        ValueError: a convention that counts actual days.

    >>> [days_30_360(date(2006, 8, 15), date(2006, 8, 31), each) for each in THIRTY_DAY_COUNTS]
    [16, 16, 15]
    """
    if convention not in THIRTY_DAY_COUNTS:
        raise ValueError(f"{convention} does not count months of 30 days")
    first, last = start.day, end.day
    if convention is DayCount.THIRTY_360_US and _ends_february(start):
        last = _LAST_DAY if _ends_february(end) else last
        first = _LAST_DAY
    if last == _LONGEST_MONTH and (convention is DayCount.THIRTY_E_360 or first >= _LAST_DAY):
        last = _LAST_DAY
    months = (end.year - start.year) * _MONTHS + end.month - start.month
    return months * _LAST_DAY + last - min(first, _LAST_DAY)


THIRTY_DAY_COUNTS = (DayCount.THIRTY_360, DayCount.THIRTY_360_US, DayCount.THIRTY_E_360)
"""Conventions by which :func:`days_30_360` counts."""


def _ends_february(day: date) -> bool:
    return day.month == _FEBRUARY and (day + timedelta(days=1)).month != _FEBRUARY


def year_fraction(
    start: date,
    end: date,
    convention: DayCount,
    *,
    reference_start: date | None = None,
    reference_end: date | None = None,
) -> Fraction:
    """Return the part of a year between two dates, exact; negative where they are reversed.

    The reference period counts for ISMA alone: the regular period in which the interval lies, or beside which
    it lies; left out, it is the interval itself.

    Raises:
        ValueError: a reference period whose end does not lie after its start and after ``start``.

    >>> year_fraction(date(2003, 11, 1), date(2004, 5, 1), DayCount.ACTUAL_ACTUAL_AFB)
    Fraction(91, 183)
    >>> year_fraction(date(2024, 1, 1), date(2024, 7, 1), DayCount.THIRTY_360)
    Fraction(1, 2)
    """
    if start == end:
        return Fraction(0)
    if start > end:
        return -year_fraction(
            end, start, convention, reference_start=reference_start, reference_end=reference_end
        )
    if convention is DayCount.ACTUAL_ACTUAL_ISMA:
        return _isma(start, end, reference_start or start, reference_end or end)
    return _FRACTIONS[convention](start, end)


def _isda(start: date, end: date) -> Fraction:
    """Days in leap years over 366, others over 365."""
    if start.year == end.year:
        return Fraction((end - start).days, _days_of_year(start.year))
    first = Fraction((date(start.year + 1, 1, 1) - start).days, _days_of_year(start.year))
    last = Fraction((end - date(end.year, 1, 1)).days, _days_of_year(end.year))
    return first + (end.year - start.year - 1) + last


def _days_of_year(year: int) -> int:
    return _YEAR + isleap(year)


def _afb(start: date, end: date) -> Fraction:
    """Whole years back from the end; the rest over 366 where it holds a 29 February, else over 365.

    A year back from the end of February of a common year is the end of February.
    """
    years, rest_end = 0, end
    while (earlier := _year_before(end, years + 1)) >= start:
        years, rest_end = years + 1, earlier
    leap_days = [date(year, _FEBRUARY, 29) for year in (rest_end.year, start.year) if isleap(year)]
    has_leap_day = bool(leap_days) and start <= leap_days[0] < rest_end
    return years + Fraction((rest_end - start).days, _YEAR + has_leap_day)


def _year_before(end: date, years: int) -> date:
    day = end
    for _ in range(years):
        day = add_months(day, -_MONTHS)
        day += timedelta(days=_ends_february(day + timedelta(days=1)) and isleap(day.year))
    return day


def _isma(start: date, end: date, reference_start: date, reference_end: date) -> Fraction:
    """Days over (days of the reference period * its frequency), period by period."""
    if reference_end <= reference_start or reference_end <= start:
        raise ValueError("the reference period must end after it begins, and after the interval begins")
    # The half up of 12 * days / 365.
    months = (24 * (reference_end - reference_start).days + _YEAR) // (2 * _YEAR)
    if months == 0:
        reference_start, reference_end, months = start, add_months(start, _MONTHS), _MONTHS
    if end > reference_end:
        return _over_several(start, end, (reference_start, reference_end), months)
    if start >= reference_start:
        days = (reference_end - reference_start).days
        return Fraction(months * (end - start).days, _MONTHS * days)
    previous = add_months(reference_start, -months)
    if end <= reference_start:
        return _isma(start, end, previous, reference_start)
    return _isma(start, reference_start, previous, reference_start) + _isma(
        reference_start, end, reference_start, reference_end
    )


def _over_several(start: date, end: date, reference: tuple[date, date], months: int) -> Fraction:
    """The part inside the reference period, whole regular periods after it, and the part of the last one."""
    count = 0
    while add_months(reference[1], months * (count + 1)) <= end:
        count += 1
    rest_from = add_months(reference[1], months * count)
    rest_to = add_months(reference[1], months * (count + 1))
    inside = _isma(start, reference[1], *reference)
    rest = _isma(rest_from, end, rest_from, rest_to) if rest_from < end else Fraction(0)
    return inside + Fraction(months * count, _MONTHS) + rest


def _thirty(convention: DayCount) -> Callable[[date, date], Fraction]:
    return lambda start, end: Fraction(days_30_360(start, end, convention), _MONTHS * _LAST_DAY)


_FRACTIONS: Mapping[DayCount, Callable[[date, date], Fraction]] = MappingProxyType(
    {
        **{convention: _thirty(convention) for convention in THIRTY_DAY_COUNTS},
        DayCount.ACTUAL_365_FIXED: lambda start, end: Fraction((end - start).days, _YEAR),
        DayCount.ACTUAL_ACTUAL_ISDA: _isda,
        DayCount.ACTUAL_ACTUAL_AFB: _afb,
    }
)
