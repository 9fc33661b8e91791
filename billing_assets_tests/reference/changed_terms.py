"""A term with changes billed run by run, one installment at a time; written from RULES, not from frames.

Belongs here: what each run bills of each part, and gives back of it. Does not belong here: what is owed of a
part (`policy_changes`), tax, documents.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from billing_assets.domain.policy_changes import ChangeKind
from billing_assets_tests.reference.arithmetic import half_up
from billing_assets_tests.reference.policy_changes import PolicyChange, owed_parts


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedInstallment:
    """An installment by the plan alone: its number, amount and billing date."""

    number: int
    planned_minor: int
    billing_date: date


@dataclass(kw_only=True)
class ReferenceChangedTerm:
    """A term that is billed run by run; `change_billing` is that of its plan."""

    premium_minor: int
    effective_date: date
    expiration_date: date
    installments: Sequence[PlannedInstallment]
    change_billing: str = "now"
    settled: set[int] = field(default_factory=set)
    documented: dict[int, int] = field(default_factory=lambda: defaultdict(int))

    def run(self, day: date, known: Sequence[PolicyChange]) -> list[tuple[str, int, int]]:
        """Return (what, part, net) that the run of a day bills (`premium`, `change`) and gives back."""
        left = self.left(known)
        opened = [each for each in self.installments if each.number not in self.settled]
        due = [each for each in opened if each.billing_date <= day]
        is_over = _is_cancelled(known)
        still = 0 if is_over else sum(each.planned_minor for each in opened)
        too_much = self.documented[0] + still - left[0]
        less = max(0, min(too_much, still))
        if known and still and less == still:
            is_over, less, back = True, 0, too_much - still
        else:
            back = max(0, too_much - still) if too_much > 0 else 0
        found = [("back", 0, back)] if back else []
        for each in due:
            self.settled.add(each.number)
            if not is_over and each.planned_minor:
                found.append(("premium", 0, each.planned_minor))
        if is_over:
            opened, due = [], []
        shared = [(0, -less)] if less else []
        for part in left:
            owed = left[part] - self.documented[part] - (still if part == 0 else 0)
            is_spread = self.change_billing == "spread" and any(each.planned_minor for each in opened)
            if owed > 0 and is_spread:
                shared.append((part, owed))
            elif owed > 0 and (self.change_billing != "next" or not opened or due):
                found.append(("change", part, owed))
            elif owed < 0 and part:
                found.append(("back", part, -owed))
        found += [
            ("change", part, net) for part, amount in shared for net in _shares(amount, opened, due) if net
        ]
        for what, part, net in found:
            self.documented[part] += -net if what == "back" else net
        return found

    def left(self, known: Sequence[PolicyChange]) -> dict[int, int]:
        """Return what is owed of each part once parts below zero have taken from those before them."""
        dates = {change.change_number: change.effective_date for change in known}
        parts = owed_parts(self.premium_minor, self.effective_date, self.expiration_date, known)
        parts.sort(key=lambda part: (dates.get(part[0], self.effective_date), part[0]))
        left: dict[int, int] = {}
        debt = 0
        for number, _, owed in parts:
            debt += max(0, -owed)
            left[number] = max(0, owed)
            for earlier in reversed(list(left)):
                taken = min(debt, left[earlier])
                left[earlier] -= taken
                debt -= taken
        return left


def _is_cancelled(known: Sequence[PolicyChange]) -> bool:
    is_off = False
    for change in sorted(known, key=lambda change: (change.effective_date, change.change_number)):
        if change.kind is ChangeKind.CANCELLATION:
            is_off = True
        elif change.kind is ChangeKind.REINSTATEMENT:
            is_off = False
    return is_off


def _shares(
    amount: int, opened: Sequence[PlannedInstallment], due: Sequence[PlannedInstallment]
) -> list[int]:
    """Return the share of each due installment: rounded up to it, less rounded up to the one before."""
    whole, so_far, shares = sum(each.planned_minor for each in opened), 0, []
    for each in sorted(opened, key=lambda each: each.number):
        before = half_up(Fraction(amount * so_far, whole))
        so_far += each.planned_minor
        if each in due:
            shares.append(half_up(Fraction(amount * so_far, whole)) - before)
    return shares
