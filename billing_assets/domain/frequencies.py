"""How often a policy is billed.

Belongs here: one row per frequency; a new frequency is a new row and nothing else.
Does not belong here: the dates it makes (``frames.schedules``), lead and due days (``payment_plans``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class PeriodUnit(StrEnum):
    """What a frequency counts in. Months clamp to the month end from the anchor day; days never do."""

    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True, slots=True, kw_only=True)
class Frequency:
    """A cycle of ``step`` units: the k-th date is the anchor + k * step units."""

    frequency_code: str
    unit: PeriodUnit
    step: int
    meaning: str


_ROWS = (
    Frequency(frequency_code="daily", unit=PeriodUnit.DAY, step=1, meaning="every day of cover"),
    Frequency(
        frequency_code="weekly", unit=PeriodUnit.DAY, step=7, meaning="every seven days from the anchor"
    ),
    Frequency(
        frequency_code="monthly", unit=PeriodUnit.MONTH, step=1, meaning="on the anchor day of each month"
    ),
    Frequency(frequency_code="quarterly", unit=PeriodUnit.MONTH, step=3, meaning="every third month"),
    Frequency(frequency_code="half_yearly", unit=PeriodUnit.MONTH, step=6, meaning="every sixth month"),
    Frequency(frequency_code="yearly", unit=PeriodUnit.MONTH, step=12, meaning="every twelfth month"),
)

FREQUENCIES: Mapping[str, Frequency] = MappingProxyType({row.frequency_code: row for row in _ROWS})
"""``frequency_code`` -> :class:`Frequency`.

>>> FREQUENCIES["quarterly"].step
3
"""
