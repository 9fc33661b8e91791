"""What is owed of each part of one term's premium after its changes, in whole numbers and fractions.

Belongs here: one term at a time, for an explanation. Does not belong here: the formulas of billing
(``frames.policy_changes``, ``frames.change_balances``), from which this is written apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from billing_assets.domain.business_days import add_months
from billing_assets.domain.cancellation import (
    CANCELLATION_METHODS,
    SCALE_DAYS,
    CancellationMethod,
    EarnedBasis,
)
from billing_assets.domain.day_counts import days_30_360
from billing_assets.domain.money import PPM, round_half_up
from billing_assets.domain.policy_changes import ChangeKind, TermChange
from billing_assets.domain.term_days import TermDays


@dataclass(frozen=True, slots=True, kw_only=True)
class OwedPart:
    """A part of the premium of a term, and what of it is not owed.

    ``new_minor`` and ``old_minor`` are the premiums of the whole term from which an endorsement comes; of
    part 0 the first is the premium at the beginning. ``lapsed_minor``: for days without cover.
    ``unearned_minor``: not earned when the term was cancelled. ``returned_minor``: what later parts below
    zero take of it. A part below zero has all of it returned.
    """

    change_number: int
    from_date: date
    new_minor: int
    old_minor: int
    part_minor: int
    lapsed_minor: int = 0
    unearned_minor: int = 0
    returned_minor: int = 0

    @property
    def before_returns(self) -> int:
        """What is owed of the part alone."""
        return self.part_minor - self.lapsed_minor - self.unearned_minor

    @property
    def owed_minor(self) -> int:
        """What is owed of it beside all the other parts."""
        return self.before_returns - self.returned_minor


def standing_cancellation(changes: Sequence[TermChange]) -> TermChange | None:
    """Return the cancellation that no reinstatement has taken back, None where cover goes on.

    >>> off = TermChange(
    ...     policy_term_id=7,
    ...     policy_id=3,
    ...     change_number=1,
    ...     change_kind=ChangeKind.CANCELLATION,
    ...     change_date=date(2024, 5, 1),
    ... )
    >>> on = replace(off, change_number=2, change_kind=ChangeKind.REINSTATEMENT)
    >>> standing_cancellation([on, off]), standing_cancellation([off]) == off
    (None, True)
    """
    return _turns(changes)[1]


def ended_lapses(changes: Sequence[TermChange]) -> tuple[tuple[TermChange, TermChange], ...]:
    """Return the lapses that have ended: each cancellation that was taken back, with its reinstatement.

    >>> off = TermChange(
    ...     policy_term_id=7,
    ...     policy_id=3,
    ...     change_number=1,
    ...     change_kind=ChangeKind.CANCELLATION,
    ...     change_date=date(2024, 5, 1),
    ... )
    >>> on = replace(off, change_number=2, change_kind=ChangeKind.REINSTATEMENT)
    >>> ended_lapses([on, off]) == ((off, on),), ended_lapses([off])
    (True, ())
    """
    return tuple(_paired(changes)[0])


def covered_days(changes: Sequence[TermChange], start: date, end: date) -> int:
    """Return on how many days from ``start`` to the day before ``end`` there is cover.

    >>> off = TermChange(
    ...     policy_term_id=7,
    ...     policy_id=3,
    ...     change_number=1,
    ...     change_kind=ChangeKind.CANCELLATION,
    ...     change_date=date(2024, 5, 11),
    ... )
    >>> covered_days([off], date(2024, 5, 1), date(2024, 6, 1))
    10
    """
    lapses, standing = _turns(changes)
    ended = [(standing.change_date, end)] if standing else []
    lapsed = sum(max(0, (min(to, end) - max(off, start)).days) for off, to in [*lapses, *ended])
    return (end - start).days - lapsed


def lapsed_days(changes: Sequence[TermChange], term: TermDays, start: date, end: date) -> int:
    """Return how many days from ``start`` to the day before ``end`` lie in a lapse that has ended.

    >>> from billing_assets.domain.term_days import TermDayCount
    >>> changes = [
    ...     TermChange(
    ...         policy_term_id=7,
    ...         policy_id=3,
    ...         change_number=number,
    ...         change_kind=kind,
    ...         change_date=date(2024, 5, day),
    ...     )
    ...     for number, kind, day in ((1, ChangeKind.CANCELLATION, 11), (2, ChangeKind.REINSTATEMENT, 21))
    ... ]
    >>> term = TermDays(TermDayCount.ACTUAL_TERM, date(2024, 1, 1), date(2025, 1, 1))
    >>> lapsed_days(changes, term, date(2024, 5, 15), date(2024, 6, 1))
    6
    """
    lapses, _ = _turns(changes)
    inside = [(max(off, start), min(to, end)) for off, to in lapses]
    return sum(term.between(off, to) for off, to in inside if off < to)


def owed_parts(premium_minor: int, term: TermDays, changes: Sequence[TermChange]) -> tuple[OwedPart, ...]:
    """Return the parts of a term in the order in which they take effect; ``term`` counts its days.

    >>> from billing_assets.domain.term_days import TermDayCount
    >>> change = TermChange(
    ...     policy_term_id=7,
    ...     policy_id=3,
    ...     change_number=1,
    ...     change_kind=ChangeKind.ENDORSEMENT,
    ...     change_date=date(2023, 12, 12),
    ...     premium_minor=730_00,
    ... )
    >>> term = TermDays(TermDayCount.ACTUAL_TERM, date(2023, 1, 1), date(2024, 1, 1))
    >>> [part.owed_minor for part in owed_parts(365_00, term, [change])]
    [36500, 2000]
    """
    parts = [
        OwedPart(
            change_number=0,
            from_date=term.effective_date,
            new_minor=premium_minor,
            old_minor=0,
            part_minor=premium_minor,
        )
    ]
    in_force = premium_minor
    for change in _replayed(changes):
        if change.change_kind is ChangeKind.ENDORSEMENT:
            days_left = term.between(change.change_date, term.expiration_date)
            parts.append(
                OwedPart(
                    change_number=change.change_number,
                    from_date=change.change_date,
                    new_minor=change.premium_minor,
                    old_minor=in_force,
                    part_minor=round_half_up((change.premium_minor - in_force) * days_left, term.whole),
                )
            )
            in_force = change.premium_minor
    lapses, standing = _turns(changes)
    covered = [_with_cover(part, term, lapses, standing) for part in parts]
    covered.sort(key=lambda part: (part.from_date, part.change_number))
    return tuple(_with_returns(covered))


def _replayed(changes: Sequence[TermChange]) -> list[TermChange]:
    return sorted(changes, key=lambda change: (change.change_date, change.change_number))


def _turns(changes: Sequence[TermChange]) -> tuple[list[tuple[date, date]], TermChange | None]:
    """Return the days without cover that have ended, and the cancellation that stands."""
    ended, standing = _paired(changes)
    return [(off.change_date, on.change_date) for off, on in ended], standing


def _paired(
    changes: Sequence[TermChange],
) -> tuple[list[tuple[TermChange, TermChange]], TermChange | None]:
    """Return the cancellations that were taken back, each with what did it, and the one that stands."""
    ended: list[tuple[TermChange, TermChange]] = []
    standing: TermChange | None = None
    for change in _replayed(changes):
        if change.change_kind is ChangeKind.CANCELLATION and standing is None:
            standing = change
        elif change.change_kind is ChangeKind.REINSTATEMENT and standing is not None:
            ended.append((standing, change))
            standing = None
    return ended, standing


def _with_cover(
    part: OwedPart, term: TermDays, lapses: list[tuple[date, date]], standing: TermChange | None
) -> OwedPart:
    gone = [(max(part.from_date, start), to) for start, to in lapses if to > part.from_date]
    lapsed_days = sum(term.between(start, to) for start, to in gone)
    if standing is None:
        days = term.between(part.from_date, term.expiration_date)
        return replace(part, lapsed_minor=round_half_up(part.part_minor * lapsed_days, days) if days else 0)
    method = CANCELLATION_METHODS[standing.method_code]
    end = standing.change_date - sum((to - start for start, to in gone), timedelta())
    used = term.between(part.from_date, standing.change_date) - lapsed_days
    kept = _earned(method, abs(part.part_minor), part.from_date, end, used, term)
    return replace(part, unearned_minor=part.part_minor - (kept if part.part_minor >= 0 else -kept))


def _earned(
    method: CancellationMethod, amount: int, start: date, end: date, counted: int, term: TermDays
) -> int:
    """Return what a method earns of an amount from ``start`` to the end of the term that ends on a day.

    ``counted`` are the days with cover by the count of the plan; scales go by calendar days.
    """
    expiration = term.expiration_date
    if method.basis is EarnedBasis.FLAT or end <= start:
        return 0
    if end >= expiration:
        return amount
    used, whole = ((to - start).days for to in (end, expiration))
    if method.is_thirty_360:
        used, whole = days_30_360(start, end), days_30_360(start, expiration)
    elif method.basis in {EarnedBasis.PRO_RATA, EarnedBasis.PART_OF_RETURN}:
        # A part of the days that cost nothing comes to nothing, whatever of it is earned.
        used, whole = counted, max(1, term.between(start, expiration))
    if method.basis is EarnedBasis.PRO_RATA:
        kept = round_half_up(amount * used, whole)
    elif method.basis is EarnedBasis.PART_OF_RETURN:
        kept = amount - round_half_up(amount * (whole - used) * method.return_ppm, whole * PPM)
    else:
        measure = -(-used * SCALE_DAYS // whole)
        if method.basis is EarnedBasis.MONTH_SCALE:
            measure = next(month for month in range(used + 1) if add_months(start, month) >= end)
        ppm = next((ppm for limit, ppm in method.scale if measure <= limit), PPM)
        kept = round_half_up(amount * ppm, PPM)
    return max(kept, round_half_up(amount * method.minimum_earned_ppm, PPM))


def _with_returns(parts: list[OwedPart]) -> list[OwedPart]:
    """Let each part below zero take from the parts before it, the latest first."""
    found: list[OwedPart] = []
    wanted = 0
    for part in parts:
        if part.before_returns >= 0:
            # What rounding has made more than there was before, the next part bears.
            taken = min(wanted, part.before_returns)
            found.append(replace(part, returned_minor=taken))
            wanted -= taken
            continue
        wanted -= part.before_returns
        for place in reversed(range(len(found))):
            taken = min(wanted, found[place].owed_minor)
            found[place] = replace(found[place], returned_minor=found[place].returned_minor + taken)
            wanted -= taken
        found.append(replace(part, returned_minor=part.before_returns))
    return found
