"""What is owed of a term after its changes, one term at a time, in fractions; written from RULES, not frames.

Changes are replayed day by day in their effective order: which premium is in force, whether there is cover.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from billing_assets.domain.cancellation import CANCELLATION_METHODS
from billing_assets.domain.policy_changes import ChangeKind
from billing_assets_tests.reference.arithmetic import half_up
from billing_assets_tests.reference.cancellation import earned
from billing_assets_tests.reference.days import CountedTerm


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyChange:
    """One change of a term; changes count in the order of their effective dates, then of their numbers.

    ``change_number`` is that of the policy system, unique within the term. ``premium_minor`` is the premium
    of the whole term as if the change held from its first day: of an endorsement alone. ``method_code`` is
    of a cancellation alone.
    """

    change_number: int
    kind: ChangeKind
    effective_date: date
    premium_minor: int = 0
    method_code: str = ""


def owed_parts(
    premium_minor: int,
    effective: date,
    expiration: date,
    changes: Sequence[PolicyChange],
    count: str = "actual_term",
) -> list[tuple[int, int, int]]:
    """Return (change number, part, owed) of the premium at the beginning and of each endorsement."""
    replayed = sorted(changes, key=lambda change: (change.effective_date, change.change_number))
    term = CountedTerm(count=count, effective_date=effective, expiration_date=expiration)
    term_days = term.days(effective, expiration)
    parts, in_force = [(0, effective, premium_minor)], premium_minor
    for change in replayed:
        if change.kind is ChangeKind.ENDORSEMENT:
            start = min(max(change.effective_date, effective), expiration)
            days_left = term.days(start, expiration)
            difference = Fraction((change.premium_minor - in_force) * days_left, term_days)
            parts.append((change.change_number, start, half_up(difference)))
            in_force = change.premium_minor
    covered, cancellation = cover(effective, expiration, replayed)
    return [(number, part, _owed(part, start, term, covered, cancellation)) for number, start, part in parts]


def cover(
    effective: date, expiration: date, replayed: Sequence[PolicyChange]
) -> tuple[frozenset[date], PolicyChange | None]:
    """Return the days with cover, and the cancellation that stands in the end."""
    days: set[date] = set()
    on_from: date | None = effective
    standing: PolicyChange | None = None
    for change in replayed:
        if change.kind is ChangeKind.CANCELLATION and on_from is not None:
            days |= _between(on_from, min(change.effective_date, expiration))
            on_from, standing = None, change
        elif change.kind is ChangeKind.REINSTATEMENT and on_from is None:
            on_from, standing = max(change.effective_date, effective), None
    if on_from is not None:
        days |= _between(on_from, expiration)
    return frozenset(days), standing


def _owed(
    part: int, start: date, term: CountedTerm, covered: frozenset[date], cancellation: PolicyChange | None
) -> int:
    expiration = term.expiration_date
    span = term.days(start, expiration)
    with_cover = [day for day in covered if start <= day < expiration]
    days = sum(term.weight(day) for day in with_cover)
    if cancellation is None:
        return part - (half_up(Fraction(part * (span - days), span)) if span else 0)
    method = CANCELLATION_METHODS[cancellation.method_code]
    end = date.fromordinal(start.toordinal() + len(with_cover))
    kept = earned(method, abs(part), start, expiration, end, counted=(days, span))
    return kept if part >= 0 else -kept


def _between(start: date, end: date) -> set[date]:
    return {date.fromordinal(number) for number in range(start.toordinal(), end.toordinal())}
