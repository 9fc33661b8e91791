"""A term with changes billed run by run, one installment at a time; written from RULES, not from frames.

Belongs here: what each run bills of each part, and gives back of it. Does not belong here: what is owed of a
part (`policy_changes`), tax, documents but for which lines stand on one.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction

from billing_assets_tests.reference.arithmetic import half_up
from billing_assets_tests.reference.days import CountedTerm
from billing_assets_tests.reference.policy_changes import PolicyChange, cover, owed_parts


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedInstallment:
    """An installment by the plan alone: its number, amount, dates and period."""

    number: int
    planned_minor: int
    billing_date: date
    due_date: date
    period_from_date: date
    period_to_date: date


@dataclass(slots=True, kw_only=True)
class BilledLine:
    """A line of a document (run, due date), the first day of its period, and what is left of it."""

    document: tuple[int, date]
    part: int
    first_day: date
    left_minor: int


@dataclass(kw_only=True)
class ReferenceChangedTerm:
    """A term that is billed run by run; `change_billing` and `day_count` are those of its plan."""

    premium_minor: int
    effective_date: date
    expiration_date: date
    installments: Sequence[PlannedInstallment]
    change_billing: str = "now"
    day_count: str = "actual_term"
    settled: set[int] = field(default_factory=set)
    lines: list[BilledLine] = field(default_factory=list)
    run_count: int = 0

    def run(self, day: date, known: Sequence[PolicyChange]) -> list[tuple[str, int, int]]:
        """Return (what, part, net) that the run of a day bills (`premium`, `change`) and gives back."""
        self.run_count += 1
        left = self.left(known)
        replayed = sorted(known, key=lambda change: (change.effective_date, change.change_number))
        days, standing = cover(self.effective_date, self.expiration_date, replayed)
        closed = set(self.settled)
        coming = [each for each in self.installments if each.billing_date <= day]
        self.settled |= {each.number for each in coming}
        opened = [
            each
            for each in self.installments
            if each.number not in closed
            and (standing is None or each.period_to_date <= standing.effective_date)
        ]
        documented: dict[int, int] = defaultdict(int)
        for line in self.lines:
            documented[line.part] += line.left_minor
        still = sum(each.planned_minor for each in opened)
        first = left[0] - documented[0] - still
        if known and 0 < still <= -first:
            opened, first, still = [], first + still, 0
        due = [each for each in opened if each in coming]
        back = {part: documented[part] - left[part] for part in left if part}
        back[0] = max(0, -first - still)
        shared, whole = [(0, first)] if first < 0 < still else [], []
        if shared and back[0]:
            raise AssertionError("what exceeds the open installments ends them")
        when_due = "next" if self.change_billing == "next" or not self.lines else "now"
        for number, start, minor in self._portions(first, opened, days, standing):
            whole.append((0, minor, start, when_due if number in closed else "last"))
        starts = {change.change_number: change.effective_date for change in known}
        for part in starts.keys() & left.keys():
            if back[part] < 0 and self.change_billing == "spread" and still:
                shared.append((part, -back[part]))
            elif back[part] < 0:
                whole.append((part, -back[part], starts[part], when_due))
        found = [*self._carried(shared, opened, due), *self._by_itself(whole, opened, due, day)]
        given = [("back", part, amount) for part, amount in back.items() if amount > 0]
        for _, part, amount in given:
            self._give_back(part, amount)
        self.lines += [line for _, line in found]
        return [*given, *((what, line.part, line.left_minor) for what, line in found)]

    def _carried(
        self,
        shared: Sequence[tuple[int, int]],
        opened: Sequence[PlannedInstallment],
        due: Sequence[PlannedInstallment],
    ) -> list[tuple[str, BilledLine]]:
        """Return the installments that are due with their shares; one of which a share takes all has none."""
        found, taken = [], set()
        for part, amount in shared:
            for each, net in _shares(amount, opened, due):
                if part == 0 and net == -each.planned_minor:
                    taken.add(each.number)
                elif net:
                    found.append(("change", self._line(each.due_date, part, each.period_from_date, net)))
        premium = [each for each in due if each.planned_minor and each.number not in taken]
        return found + [
            ("premium", self._line(each.due_date, 0, each.period_from_date, each.planned_minor))
            for each in premium
        ]

    def _by_itself(
        self,
        whole: Sequence[tuple[int, int, date, str]],
        opened: Sequence[PlannedInstallment],
        due: Sequence[PlannedInstallment],
        day: date,
    ) -> list[tuple[str, BilledLine]]:
        """Return what is billed whole: now, or with the next or the last installment, if one is left."""
        found = []
        for part, minor, start, when in whole:
            if when == "now" or not opened:
                found.append(("change", self._line(day, part, start, minor)))
            elif due and (when == "next" or due[-1] is opened[-1]):
                carrier = due[0] if when == "next" else due[-1]
                found.append(("change", self._line(carrier.due_date, part, start, minor)))
        return found

    def left(self, known: Sequence[PolicyChange]) -> dict[int, int]:
        """Return what is owed of each part once parts below zero have taken from those before them."""
        dates = {change.change_number: change.effective_date for change in known}
        ends = (self.effective_date, self.expiration_date)
        parts = owed_parts(self.premium_minor, *ends, known, self.day_count)
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

    def _line(self, due: date, part: int, first_day: date, minor: int) -> BilledLine:
        return BilledLine(document=(self.run_count, due), part=part, first_day=first_day, left_minor=minor)

    def _said(self, each: PlannedInstallment) -> int:
        inside = (
            line
            for line in self.lines
            if line.part == 0 and each.period_from_date <= line.first_day < each.period_to_date
        )
        return sum(line.left_minor for line in inside)

    def _portions(
        self,
        wanted: int,
        opened: Sequence[PlannedInstallment],
        days: frozenset[date],
        standing: PolicyChange | None,
    ) -> list[tuple[int, date, int]]:
        """Return (installment, first day, amount) of what no installment bills of part 0."""
        if wanted <= 0:
            return []
        covered = [
            each
            for each in self.installments
            if any(each.period_from_date <= day < each.period_to_date for day in days)
        ]
        if not covered:
            return [(self.installments[0].number, self.effective_date, wanted)]
        found = {each.number: 0 for each in covered}
        for each in covered:
            if each not in opened:
                price = each.planned_minor - self._lapsed(each, days, standing)
                found[each.number] = min(wanted, max(0, price - self._said(each)))
                wanted -= found[each.number]
        found[covered[-1].number] += wanted
        starts = {each.number: each.period_from_date for each in covered}
        return [(number, starts[number], minor) for number, minor in found.items() if minor]

    def _lapsed(self, each: PlannedInstallment, days: frozenset[date], standing: PolicyChange | None) -> int:
        """Return what the days of a period cost on which cover lapsed, and came back."""
        term = CountedTerm(
            count=self.day_count, effective_date=self.effective_date, expiration_date=self.expiration_date
        )
        end = standing.effective_date if standing else self.expiration_date
        period = (
            each.period_from_date + timedelta(days=number)
            for number in range((each.period_to_date - each.period_from_date).days)
        )
        gone = sum(term.weight(day) for day in period if day not in days and day < end)
        whole = term.days(self.effective_date, self.expiration_date)
        return half_up(Fraction(self.premium_minor * gone, whole))

    def _give_back(self, part: int, wanted: int) -> None:
        """Take from the documents with the latest period first, and from the latest periods on the last."""
        documents: dict[tuple[int, date], list[BilledLine]] = defaultdict(list)
        for line in self.lines:
            if line.part == part:
                documents[line.document].append(line)
        latest = sorted(
            documents, key=lambda key: (max(line.first_day for line in documents[key]), key), reverse=True
        )
        for key in latest:
            there = max(0, sum(line.left_minor for line in documents[key]))
            taken = min(wanted, there)
            wanted -= taken
            if taken and taken == there:
                for line in documents[key]:
                    line.left_minor = 0
                continue
            for line in sorted(documents[key], key=lambda line: line.first_day, reverse=True):
                part_of_line = min(taken, max(0, line.left_minor))
                line.left_minor -= part_of_line
                taken -= part_of_line


def _shares(
    amount: int, opened: Sequence[PlannedInstallment], due: Sequence[PlannedInstallment]
) -> list[tuple[PlannedInstallment, int]]:
    """Return the share of each due installment: rounded up to it, less rounded up to the one before."""
    whole, so_far, shares = sum(each.planned_minor for each in opened), 0, []
    for each in sorted(opened, key=lambda each: each.number):
        before = half_up(Fraction(amount * so_far, whole))
        so_far += each.planned_minor
        if each in due:
            shares.append((each, half_up(Fraction(amount * so_far, whole)) - before))
    return shares
