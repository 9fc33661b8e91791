"""How often a policy is billed.

Belongs here: one row per frequency; a new frequency is a new row and nothing else.
Does not belong here: the dates it makes (``frames.schedules``, ``frames.recurrence``), lead and due days
(``payment_plans``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class PeriodUnit(StrEnum):
    """What a frequency counts in.

    Months clamp to the month end from the anchor day; days never do. ``once`` is one period, the whole term.
    ``rule`` is a recurrence rule of RFC 5545, which skips days that a month does not have. ``dates`` is a
    list of dates, each the start of a period.
    """

    DAY = "day"
    MONTH = "month"
    ONCE = "once"
    RULE = "rule"
    DATES = "dates"


@dataclass(frozen=True, slots=True, kw_only=True)
class Frequency:
    """A cycle: the k-th date is the anchor + k * ``step`` units, or what ``pattern`` says.

    ``pattern`` is empty for days, months and once. For a rule it is RFC 5545 text
    (``FREQ=MONTHLY;BYMONTHDAY=1``, with further lines for ``EXDATE`` and ``RDATE``); for dates it is a list
    (``2025-01-15 2025-04-15``).
    """

    frequency_code: str
    unit: PeriodUnit
    step: int = 1
    pattern: str = ""
    meaning: str


_ROWS = (
    Frequency(frequency_code="one_off", unit=PeriodUnit.ONCE, meaning="once, for the whole term"),
    Frequency(frequency_code="daily", unit=PeriodUnit.DAY, step=1, meaning="every day of cover"),
    Frequency(
        frequency_code="weekly", unit=PeriodUnit.DAY, step=7, meaning="every seven days from the anchor"
    ),
    Frequency(
        frequency_code="two_weekly",
        unit=PeriodUnit.DAY,
        step=14,
        meaning="every fourteen days from the anchor",
    ),
    Frequency(
        frequency_code="monthly", unit=PeriodUnit.MONTH, step=1, meaning="on the anchor day of each month"
    ),
    Frequency(frequency_code="two_monthly", unit=PeriodUnit.MONTH, step=2, meaning="every second month"),
    Frequency(frequency_code="quarterly", unit=PeriodUnit.MONTH, step=3, meaning="every third month"),
    Frequency(frequency_code="four_monthly", unit=PeriodUnit.MONTH, step=4, meaning="every fourth month"),
    Frequency(frequency_code="half_yearly", unit=PeriodUnit.MONTH, step=6, meaning="every sixth month"),
    Frequency(frequency_code="yearly", unit=PeriodUnit.MONTH, step=12, meaning="every twelfth month"),
    Frequency(
        frequency_code="first_of_month",
        unit=PeriodUnit.RULE,
        pattern="FREQ=MONTHLY;BYMONTHDAY=1",
        meaning="on the first of each month, whatever the anchor",
    ),
    Frequency(
        frequency_code="first_and_fifteenth",
        unit=PeriodUnit.RULE,
        pattern="FREQ=MONTHLY;BYMONTHDAY=1,15",
        meaning="on the first and the fifteenth of each month",
    ),
    Frequency(
        frequency_code="second_tuesday",
        unit=PeriodUnit.RULE,
        pattern="FREQ=MONTHLY;BYDAY=2TU",
        meaning="on the second Tuesday of each month",
    ),
    Frequency(
        frequency_code="last_business_day",
        unit=PeriodUnit.RULE,
        pattern="FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
        meaning="on the last weekday of each month; the plan's roll moves it off a holiday",
    ),
)

OWN_RULE, OWN_DATES = "own_rule", "own_dates"
"""Frequencies whose pattern stands in the row of the plan: a recurrence rule, or a list of dates."""

OWN_UNITS: Mapping[str, PeriodUnit] = MappingProxyType(
    {OWN_RULE: PeriodUnit.RULE, OWN_DATES: PeriodUnit.DATES}
)


def frequency_of(frequency_code: str, pattern: str = "") -> Frequency:
    """Return the frequency of a plan: a shipped one, or that of the ``pattern`` in its own row.

    >>> frequency_of("quarterly").step, frequency_of("own_rule", "FREQ=MONTHLY;BYMONTHDAY=10").unit.value
    (3, 'rule')
    """
    if frequency_code not in OWN_UNITS:
        return FREQUENCIES[frequency_code]
    return Frequency(
        frequency_code=frequency_code,
        unit=OWN_UNITS[frequency_code],
        pattern=pattern,
        meaning="on the days that the row of the plan says",
    )


FREQUENCIES: Mapping[str, Frequency] = MappingProxyType({row.frequency_code: row for row in _ROWS})
"""``frequency_code`` -> :class:`Frequency`.

>>> FREQUENCIES["quarterly"].step
3
"""
