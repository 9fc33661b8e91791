"""Holds: clocks that stand still by law, for some places, products and dates.

Belongs here: what a hold says, reading it from texts, and what it covers.
Does not belong here: what becomes of a charge under one (``frames.holds``), rows (``store.holds``), pauses of
schedules (``schedule_pauses``), runs that wait for an approval (``safety_bounds``).

After a storm a regulator forbids insurers to bill, say, the policies of a state for some weeks. Nothing is
lost by that: what falls due meanwhile is held with its reason, and the first run after it bills it, with the
days to pay that a late invoice gives.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from billing_assets.domain.errors import BillingError
from billing_assets.domain.places import PLACES
from billing_assets.domain.text_fields import LONGEST_SHOWN, BadTextError, Fault

BILLING_HOLD = "billing_hold"
"""Reason of a charge that a hold of the billing clock keeps from being invoiced."""

SEND_HOLD = "send_hold"
"""Reason of a message that a hold of the sending clock keeps from leaving."""

_MOST_CODES = 200
_LONGEST_PRODUCT = 100
# No term of a book has a day beyond these; calendars end before the last day that a date can be.
_FIRST_DAY, _LAST_DAY = date(1950, 1, 1), date(2199, 12, 31)
_BETWEEN = re.compile(r"[,\n]")


class HoldClock(StrEnum):
    """What stands still: ``bill``, nothing is charged; ``send``, no message leaves."""

    BILL = "bill"
    SEND = "send"


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldTerms:
    """What a hold stops, and where.

    ``place_codes`` and ``product_codes`` are those of policy terms; empty is all of them, and a country has
    its subdivisions with it. It covers ``from_date`` to ``until_date``, both included; None: until somebody
    lifts it.
    """

    clocks: tuple[HoldClock, ...]
    place_codes: tuple[str, ...] = ()
    product_codes: tuple[str, ...] = ()
    from_date: date
    until_date: date | None = None

    def covers(self, day: date) -> bool:
        """Tell whether a day is one of the hold.

        >>> storm = HoldTerms(
        ...     clocks=(HoldClock.BILL,), from_date=date(2025, 9, 28), until_date=date(2025, 10, 31)
        ... )
        >>> storm.covers(date(2025, 10, 31)), storm.covers(date(2025, 11, 1))
        (True, False)
        """
        return self.from_date <= day and (self.until_date is None or day <= self.until_date)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A hold as it is kept; ``lifted_at`` None: it stands, whether its days have come, go on or are over."""

    hold_id: int
    terms: HoldTerms
    reason: str
    set_by: str
    set_at: datetime
    lifted_at: datetime | None = None
    lifted_by: str = ""
    lift_reason: str = ""

    def stops(self, clock: HoldClock, days: Iterable[date]) -> bool:
        """Tell whether the hold stops a clock on one of these days.

        >>> from datetime import UTC
        >>> storm = HoldTerms(clocks=(HoldClock.BILL,), from_date=date(2025, 9, 28))
        >>> at = datetime(2025, 9, 28, 7, tzinfo=UTC)
        >>> hold = Hold(hold_id=1, terms=storm, reason="storm", set_by="ana", set_at=at)
        >>> hold.stops(HoldClock.BILL, [date(2025, 9, 27)]), hold.stops(HoldClock.BILL, [date(2025, 9, 28)])
        (False, True)
        """
        return self.lifted_at is None and clock in self.terms.clocks and any(map(self.terms.covers, days))


def stopped(clock: HoldClock, holds: Iterable[Hold], days: Sequence[date]) -> tuple[HoldTerms, ...]:
    """Return what those of the holds say that stop a clock on one of these days.

    >>> stopped(HoldClock.BILL, [], [date(2025, 9, 28)])
    ()
    """
    return tuple(hold.terms for hold in holds if hold.stops(clock, days))


def hold_from(texts: Mapping[str, str]) -> HoldTerms:
    """Return what texts say: ``clocks``, ``place_codes``, ``product_codes``, ``from_date``, ``until_date``.

    Codes have commas or line ends between them.

    Raises:
        BillingError: ``hold_invalid``, naming every field that is wrong.

    >>> hold_from(
    ...     {"clocks": "bill,send", "place_codes": "US-FL, US-GA", "from_date": "2025-09-28"}
    ... ).place_codes
    ('US-FL', 'US-GA')
    """
    terms, faults = _tried(texts)
    if terms is not None:
        return terms
    raise BillingError(
        "hold_invalid",
        "; ".join(f"{fault.field}: {fault.words}" for fault in faults),
        "nothing was kept; correct these and try again",
    )


def hold_faults(texts: Mapping[str, str]) -> list[Fault]:
    """Return what :func:`hold_from` would refuse, field by field; nothing where it would not.

    >>> [fault.field for fault in hold_faults({"clocks": "coffee", "place_codes": "Narnia"})]
    ['clocks', 'place_codes', 'from_date']
    """
    return _tried(texts)[1]


def hold_unknown(hold_id: int) -> BillingError:
    """Return the error for a number that no hold has, or one that is lifted.

    >>> hold_unknown(7).found
    'there is no hold 7 that stands'
    """
    return BillingError(
        "hold_unknown", f"there is no hold {hold_id} that stands", "'billing holds list' lists them"
    )


def hold_texts(terms: HoldTerms) -> dict[str, str]:
    """Return what a hold says as the texts that :func:`hold_from` reads.

    >>> storm = HoldTerms(clocks=(HoldClock.BILL, HoldClock.SEND), from_date=date(2025, 9, 28))
    >>> hold_texts(storm)["clocks"], hold_from(hold_texts(storm)) == storm
    ('bill, send', True)
    """
    return {
        "clocks": ", ".join(terms.clocks),
        "place_codes": ", ".join(terms.place_codes),
        "product_codes": ", ".join(terms.product_codes),
        "from_date": str(terms.from_date),
        "until_date": str(terms.until_date or ""),
    }


def is_of_place(place_code: str, held_code: str) -> bool:
    """Tell whether a place is a held one or lies in it.

    >>> is_of_place("US-FL", "US"), is_of_place("US", "US-FL")
    (True, False)
    """
    return place_code == held_code or place_code.startswith(f"{held_code}-")


def _tried(texts: Mapping[str, str]) -> tuple[HoldTerms | None, list[Fault]]:
    values: dict[str, Any] = {}
    faults = [Fault(name, "there is no such field") for name in texts if name not in _READERS]
    for name, read in _READERS.items():
        try:
            values[name] = read(texts.get(name, "").strip())
        except BadTextError as error:
            faults.append(Fault(name, str(error)))
    if faults:
        return None, faults
    if values["until_date"] and values["until_date"] < values["from_date"]:
        return None, [Fault("until_date", "lies before the first day")]
    return HoldTerms(**values), []


def _codes(text: str, valid: Callable[[str], bool], words: str) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(each.strip() for each in _BETWEEN.split(text) if each.strip()))
    if len(found) > _MOST_CODES:
        raise BadTextError(f"names more than {_MOST_CODES}")
    for each in found:
        if not valid(each):
            raise BadTextError(f"'{each[:LONGEST_SHOWN]}' {words}")
    return found


def _clocks(text: str) -> tuple[HoldClock, ...]:
    found = _codes(
        text, lambda each: each in list(HoldClock), f"is no clock; choose from {', '.join(HoldClock)}"
    )
    if not found:
        raise BadTextError(f"is missing; choose from {', '.join(HoldClock)}")
    return tuple(clock for clock in HoldClock if clock in found)


def _places(text: str) -> tuple[str, ...]:
    known = {code for place in PLACES.values() for code in (place.place_code, place.country_code)}
    return _codes(text, known.__contains__, "is no place that billing knows, as ES or US-FL")


def _products(text: str) -> tuple[str, ...]:
    return _codes(text, lambda each: len(each) <= _LONGEST_PRODUCT, "is too long for a product")


def _day(text: str) -> date:
    if not text:
        raise BadTextError("is missing; write a date as 2025-01-31")
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise BadTextError(f"'{text[:LONGEST_SHOWN]}' is no date; write it as 2025-01-31") from None
    if not _FIRST_DAY <= day <= _LAST_DAY:
        raise BadTextError(f"'{text[:LONGEST_SHOWN]}' lies before {_FIRST_DAY} or after {_LAST_DAY}")
    return day


_READERS: Mapping[str, Callable[[str], Any]] = {
    "clocks": _clocks,
    "place_codes": _places,
    "product_codes": _products,
    "from_date": _day,
    "until_date": lambda text: _day(text) if text else None,
}
