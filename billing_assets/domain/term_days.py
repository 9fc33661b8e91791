"""How the days inside a policy term are counted, as its payment plan names it.

Belongs here: the counts that a plan can name, and the days between two dates of one term, one term at a time.
Does not belong here: conventions of bonds and swaps that no plan names (``day_counts``), the same over
columns (``frames.term_days``), what is multiplied by the days.

A premium belongs to its term and not to a year. So a count says how many days the term has, and how many of
them lie before a date; what lies between two dates is the difference of the two. However a term is cut, its
parts have all of its days and no day twice.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from billing_assets.domain.business_days import add_months
from billing_assets.domain.day_counts import DayCount, days_30_360

_YEAR = 365
_MONTHS = 12


class TermDayCount(StrEnum):
    """How a plan counts the days of a term.

    ``actual_term``: every calendar day. ``thirty_360`` and ``thirty_e_360``: months of 30 days, bond basis
    and European. ``actual_365_fixed``: calendar days, of which a year has 365, so that in a term of whole
    years the days beyond 365 for each year cost nothing.
    """

    ACTUAL_TERM = "actual_term"
    THIRTY_360 = "thirty_360"
    THIRTY_E_360 = "thirty_e_360"
    ACTUAL_365_FIXED = "actual_365_fixed"


_CONVENTIONS = {
    TermDayCount.THIRTY_360: DayCount.THIRTY_360,
    TermDayCount.THIRTY_E_360: DayCount.THIRTY_E_360,
}


@dataclass(frozen=True, slots=True)
class TermDays:
    """The days of one term ``[effective_date, expiration_date)`` by a count.

    >>> leap_year = TermDays(TermDayCount.ACTUAL_365_FIXED, date(2024, 1, 1), date(2025, 1, 1))
    >>> leap_year.whole, leap_year.between(date(2024, 12, 1), date(2025, 1, 1))
    (365, 30)
    """

    day_count: TermDayCount
    effective_date: date
    expiration_date: date

    @property
    def whole(self) -> int:
        """The days of the term, at least 1."""
        return self.before(self.expiration_date)

    def between(self, start: date, end: date) -> int:
        """Return the days from one date to another, both inside the term or at its ends.

        >>> months = TermDays(TermDayCount.THIRTY_360, date(2024, 1, 1), date(2025, 1, 1))
        >>> months.between(date(2024, 2, 1), date(2024, 3, 1)), months.whole
        (30, 360)
        """
        return self.before(end) - self.before(start)

    def before(self, day: date) -> int:
        """Return the days of the term that lie before a date.

        A term that has no day by months of 30 days, from a 30th to the 31st, has its calendar day.

        >>> TermDays(TermDayCount.THIRTY_360, date(2024, 1, 30), date(2024, 1, 31)).before(date(2024, 1, 31))
        1
        """
        actual = (day - self.effective_date).days
        if self.day_count is TermDayCount.ACTUAL_365_FIXED:
            return min(actual, self._priced)
        convention = _CONVENTIONS.get(self.day_count)
        if convention is None or not days_30_360(self.effective_date, self.expiration_date, convention):
            return actual
        return days_30_360(self.effective_date, day, convention)

    @property
    def _priced(self) -> int:
        """The days that the premium is for: 365 for each year where the term is of whole years."""
        years = self.expiration_date.year - self.effective_date.year
        is_of_years = add_months(self.effective_date, _MONTHS * years) == self.expiration_date
        return _YEAR * years if is_of_years else (self.expiration_date - self.effective_date).days


def plain_days(day_count: TermDayCount, start: date, end: date) -> int:
    """Return the days from one date to another where no term bounds them: of a grid period, of a part of one.

    What has none by months of 30 days, from a 30th to the 31st, has its calendar day: daily plans bill it.

    >>> plain_days(TermDayCount.THIRTY_E_360, date(2024, 1, 1), date(2024, 1, 31))
    29
    """
    convention = _CONVENTIONS.get(day_count)
    actual = (end - start).days
    return (days_30_360(start, end, convention) or actual) if convention else actual
