"""What is owed of a part of a term's premium after all changes: its price, its cover, and later reductions.

Belongs here: what reductions of the premium take of a part, the latest part first, and what is owed then.
Does not belong here: price and cover of a part (``explained_cover``), the amounts themselves, worked out
apart (``changed_terms``), what was documented of a part and what a line bills of it (``explained_changes``).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from billing_assets.domain.changed_terms import OwedPart, owed_parts
from billing_assets.domain.explained_cover import explain_part
from billing_assets.domain.explained_dates import of_line
from billing_assets.domain.explained_words import Formula, Subject
from billing_assets.domain.explanations import Explained, Input, amount_of, minor
from billing_assets.domain.invoice_sources import LineSource
from billing_assets.domain.policy_changes import TermChange


@dataclass(slots=True, kw_only=True)
class _Reduction:
    """A part below zero, with what it has taken of other parts so far."""

    part: OwedPart
    taken_minor: int = 0

    @property
    def left_minor(self) -> int:
        return -self.part.before_returns - self.taken_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taking:
    """What a reduction takes of a part, of what was owed of it; other parts had given some of it before."""

    by: OwedPart
    before_minor: int
    owed_minor: int


def explain_owed(source: LineSource, part: OwedPart, changes: Sequence[TermChange]) -> tuple[Explained, ...]:
    """Return price and cover of a part, what later reductions take of it, and, last, what is owed.

    >>> from datetime import date
    >>> from billing_assets.domain.policy_changes import ChangeKind
    >>> from billing_assets.domain.sample_invoice import SAMPLE
    >>> line = SAMPLE.lines[0]
    >>> cheaper = TermChange(
    ...     policy_term_id=7,
    ...     policy_id=1,
    ...     change_number=1,
    ...     change_kind=ChangeKind.ENDORSEMENT,
    ...     change_date=date(2024, 7, 1),
    ...     premium_minor=line.term.premium_minor - 366_00,
    ... )
    >>> part, _ = owed_parts(line.term.premium_minor, line.days, [cheaper])
    >>> [(each.subject.value, each.result) for each in explain_owed(line, part, [cheaper])]
    [('part', 48000), ('later_part', -18400), ('taken', 18400), ('owed', 29600)]
    """
    own = explain_part(source, part, changes)
    price, lapsed, unearned = _amounts(own)
    returns = _returns(source, part, own, changes)
    taken = sum(amount_of(each) for each in returns if each.subject is Subject.TAKEN)
    inputs = (
        minor("part", price),
        minor("lapsed", lapsed),
        minor("unearned", unearned),
        minor("taken_by_returns", taken),
    )
    return (*own, *returns, of_line(source, Subject.OWED, Formula.OWED_OF_PART, inputs))


def _amounts(own: tuple[Explained, ...]) -> tuple[int, int, int]:
    """Return the price of a part, what of it is for days without cover, and what is not earned."""
    off = {each.subject: amount_of(each) for each in own}
    return amount_of(own[0]), off.get(Subject.LAPSED, 0), off.get(Subject.UNEARNED, 0)


def _alone(own: tuple[Explained, ...], name: str) -> tuple[Input, ...]:
    price, lapsed, unearned = _amounts(own)
    return (minor(name, price), minor("lapsed", lapsed), minor("unearned", unearned))


def _returns(
    source: LineSource, part: OwedPart, own: tuple[Explained, ...], changes: Sequence[TermChange]
) -> tuple[Explained, ...]:
    """Return what reductions take of a part; a part below zero is itself taken from those before it."""
    if part.before_returns < 0:
        return (of_line(source, Subject.TAKEN, Formula.OWN_REDUCTION, _alone(own, "part")),)
    parts = owed_parts(source.term.premium_minor, source.days, changes)
    found: list[Explained] = []
    for taking in _takings(parts, part.change_number):
        later = explain_part(source, taking.by, changes, Subject.LATER_PART)
        found += later
        reduction = -amount_of(later[0])
        if later[1:]:
            lowered = of_line(source, Subject.REDUCTION, Formula.REDUCTION, _alone(later, "later_part"))
            found.append(lowered)
            reduction = amount_of(lowered)
        inputs = (
            minor("reduction", reduction),
            minor("taken_before", taking.before_minor),
            minor("owed_before", taking.owed_minor),
        )
        found.append(of_line(source, Subject.TAKEN, Formula.TAKEN_FROM_PART, inputs))
    return tuple(found)


def _takings(parts: Sequence[OwedPart], change_number: int) -> list[_Taking]:
    """Return what each reduction takes of one part, by going through all of them in their order.

    A reduction takes from the parts before it, the latest first; what is more than they have, the next bears.
    """
    found: list[_Taking] = []
    owed: dict[int, int] = {}
    waiting: list[_Reduction] = []

    def take(reduction: _Reduction, number: int) -> None:
        taken = min(reduction.left_minor, owed[number])
        if number == change_number and taken:
            before, left = reduction.taken_minor, owed[number]
            found.append(_Taking(by=reduction.part, before_minor=before, owed_minor=left))
        reduction.taken_minor += taken
        owed[number] -= taken

    for part in parts:
        if part.before_returns >= 0:
            owed[part.change_number] = part.before_returns
            for reduction in waiting:
                take(reduction, part.change_number)
            continue
        waiting.append(_Reduction(part=part))
        for number in reversed(owed):
            take(waiting[-1], number)
    return found
