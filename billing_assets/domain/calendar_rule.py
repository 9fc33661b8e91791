"""What a calendar is: the rows that say which days of a place or a market are closed, and for what.

Belongs here: the row types, the purposes, a company's own closed days as a value.
Does not belong here: the rows (``calendars``, ``places``), working them out (``frames.calendars``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from billing_assets.domain.business_days import Roll

UNION = "+"
"""Joins the codes of calendars to one that is closed where any of them is: ``target+ES``."""


class Purpose(StrEnum):
    """What a calendar is asked for."""

    GENERATE = "generate"
    SEND = "send"
    DUE = "due"
    DEBIT = "debit"
    LEGAL = "legal"


@dataclass(frozen=True, slots=True, kw_only=True)
class PurposeRow:
    """A purpose with its meaning, and the roll rule that holds where no payment plan names one."""

    purpose: Purpose
    meaning: str
    roll: Roll
    source: str


_HOUSE = "house default"

PURPOSES: Mapping[Purpose, PurposeRow] = MappingProxyType(
    {
        row.purpose: row
        for row in (
            PurposeRow(
                purpose=Purpose.GENERATE,
                meaning="days on which the company makes invoices",
                roll=Roll.PRECEDING,
                source=f"{_HOUSE}: early rather than late; a payment plan names its own (generate_roll)",
            ),
            PurposeRow(
                purpose=Purpose.SEND,
                meaning="days on which the company sends",
                roll=Roll.FOLLOWING,
                source=f"{_HOUSE}: nothing is sent before it is made",
            ),
            PurposeRow(
                purpose=Purpose.DUE,
                meaning="days on which a payer has to pay",
                roll=Roll.FOLLOWING,
                source="Regulation (EEC, Euratom) 1182/71 art. 3 (4): the next working day; a payment plan "
                "names its own (due_roll)",
            ),
            PurposeRow(
                purpose=Purpose.DEBIT,
                meaning="days on which banks collect",
                roll=Roll.FOLLOWING,
                source="SEPA Direct Debit Core Rulebook: the next inter-bank business day",
            ),
            PurposeRow(
                purpose=Purpose.LEGAL,
                meaning="working days in the sense of a statute",
                roll=Roll.NONE,
                source=f"{_HOUSE}: legal clocks run in calendar days unless the statute says business days",
            ),
        )
    }
)
"""Purpose -> its row.

>>> PURPOSES[Purpose.SEND].roll.value
'following'
"""

OWN_PURPOSES = (Purpose.GENERATE, Purpose.SEND, Purpose.DUE, Purpose.DEBIT)
"""What a company may close days for; a legal clock is not its own to stop."""


class Observed(StrEnum):
    """Where a day goes that falls on a weekend."""

    AS_IT_FALLS = "as_it_falls"
    SUNDAY_TO_MONDAY = "sunday_to_monday"
    NEAREST_WEEKDAY = "nearest_weekday"


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedDays:
    """Closed days beside those of the base: a recurrence rule of RFC 5545; Easter is ``BYEASTER``.

    Years are inclusive; None is open.
    """

    name: str
    pattern: str
    from_year: int | None = None
    to_year: int | None = None
    observed: Observed = Observed.AS_IT_FALLS
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Days of the base that are open here, by the name that the base gives them; its observed days too."""

    name: str
    from_year: int | None = None
    to_year: int | None = None
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideDay:
    """One day, closed or open whatever the base and the rules say."""

    day: date
    name: str
    is_closed: bool = True
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Weekend:
    """The weekly days of rest from a day on, as ISO weekdays (6 = Saturday)."""

    from_date: date = date.min
    weekdays: tuple[int, ...]
    source: str


SATURDAY_SUNDAY = (Weekend(weekdays=(6, 7), source="Saturday and Sunday"),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """The list of the ``holidays`` library that a calendar begins with: of a country, or of a market.

    ``from_year`` and ``to_year`` (inclusive) say where the list is right; outside it counts for nothing.
    """

    country_code: str = ""
    subdivision_code: str = ""
    categories: tuple[str, ...] = ("public",)
    market_code: str = ""
    from_year: int | None = None
    to_year: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """A calendar: base list, less ``left_out``, with ``added``, then ``overrides``; and the weekend.

    ``weekends`` is in the order of its dates. ``bank_countries`` are the countries whose banks collect on it.
    """

    calendar_code: str
    name: str
    base: Base | None = None
    left_out: tuple[LeftOut, ...] = ()
    added: tuple[AddedDays, ...] = ()
    overrides: tuple[OverrideDay, ...] = ()
    weekends: tuple[Weekend, ...] = SATURDAY_SUNDAY
    bank_countries: tuple[str, ...] = ()
    source: str

    def is_weekend(self, day: date) -> bool:
        """Tell whether ``day`` is a weekly day of rest.

        >>> Calendar(calendar_code="x", name="X", source="a test").is_weekend(date(2024, 6, 1))
        True
        """
        holding = [weekend for weekend in self.weekends if weekend.from_date <= day]
        return bool(holding) and day.isoweekday() in holding[-1].weekdays


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedDays:
    """The days that a company has closed, by purpose, beside those of its calendars."""

    by_purpose: Mapping[Purpose, frozenset[date]] = field(default_factory=dict)

    def of(self, purpose: Purpose) -> frozenset[date]:
        """Return the days closed for ``purpose``.

        >>> len(ClosedDays().of(Purpose.SEND))
        0
        """
        return self.by_purpose.get(purpose, frozenset())


NO_CLOSED_DAYS = ClosedDays()
"""A company that is open whenever its calendars are."""


def is_in_years(year: int, from_year: int | None, to_year: int | None) -> bool:
    """Tell whether ``year`` lies in the years, both inclusive, None open.

    >>> is_in_years(2024, 2000, None), is_in_years(1999, 2000, None)
    (True, False)
    """
    return (from_year is None or from_year <= year) and (to_year is None or year <= to_year)
