"""How the days of a term count, one calendar day at a time; written from RULES, not from frames.

Belongs here: what each day of a term weighs. Does not belong here: amounts.

Every calendar day of a term weighs something, and a stretch of days weighs what its days weigh: by calendar
days each 1; by months of 30 days as the convention of the contract counts from the first day of the term, so
that a 31st may weigh 0 and the last of February 3; by actual/365 fixed each 1, up to 365 for each year.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from billing_assets_tests.reference.months import add_months

THIRTY = ("thirty_360", "thirty_e_360")


def thirty_days(count: str, start: date, end: date) -> int:
    """Return the days from one date to another by months of 30 days.

    >>> [thirty_days(count, date(2024, 1, 15), date(2024, 1, 31)) for count in THIRTY]
    [16, 15]
    """
    first, last = start.day, end.day
    if first == 31:
        first = 30
    if last == 31 and (count == "thirty_e_360" or first == 30):
        last = 30
    return (end.year * 12 + end.month - start.year * 12 - start.month) * 30 + last - first


def grid_days(count: str, start: date, end: date) -> int:
    """Return the days of a period by itself; where months of 30 days leave none, a calendar day."""
    if count in THIRTY and thirty_days(count, start, end) > 0:
        return thirty_days(count, start, end)
    return (end - start).days


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedTerm:
    """A term with the day count of its plan."""

    count: str
    effective_date: date
    expiration_date: date

    def days(self, start: date, end: date) -> int:
        """Return what the days from `start` to the day before `end` weigh."""
        return sum(self.weight(start + timedelta(days=number)) for number in range((end - start).days))

    def weight(self, day: date) -> int:
        """Return what one calendar day of the term weighs.

        >>> leap = {"effective_date": date(2024, 1, 1), "expiration_date": date(2025, 1, 1)}
        >>> [
        ...     CountedTerm(count=count, **leap).weight(day)
        ...     for count in ("actual_term", "thirty_360", "actual_365_fixed")
        ...     for day in (date(2024, 2, 29), date(2024, 12, 31))
        ... ]
        [1, 1, 2, 0, 1, 0]
        """
        first, next_day = self.effective_date, day + timedelta(days=1)
        if self.count in THIRTY and thirty_days(self.count, first, self.expiration_date):
            return thirty_days(self.count, first, next_day) - thirty_days(self.count, first, day)
        if self.count != "actual_365_fixed":
            return 1
        years = self.expiration_date.year - first.year
        is_whole_years = years > 0 and add_months(first, 12 * years) == self.expiration_date
        return int((day - first).days < 365 * years) if is_whole_years else 1
