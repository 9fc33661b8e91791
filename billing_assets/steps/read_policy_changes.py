"""Reading changes in the middle of terms: a file in, changes and problems in the store.

Belongs here: the order of work, and which rows are new, repeated or refused. Does not belong here: reading
files (``feeds``), what a row may say (``domain.policy_changes``), writing (``store``).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from pathlib import Path

from billing_assets.domain.detached_months import MONTH_AWAY
from billing_assets.domain.policy_changes import (
    ChangedTerm,
    ChangeFault,
    TermChange,
    change_from,
    day_of,
)
from billing_assets.steps.change_ports import (
    ChangeBatch,
    ChangeFileReader,
    ChangeProblem,
    ChangeRow,
    ChangeStore,
    ChangeWork,
)
from billing_assets.steps.intake_ports import EarlierBatch, PolicyFile
from billing_assets.steps.result import StepResult, Stopwatch
from billing_assets.steps.run_ports import Clock, Progress, silent

_STEP = "read_policy_changes"
_LONGEST_KEY = 1_000


@dataclass(slots=True, kw_only=True)
class _Sorted:
    """The rows of a file by what becomes of them."""

    changes: list[TermChange] = field(default_factory=list)
    problems: list[ChangeProblem] = field(default_factory=list)
    good_keys: set[str] = field(default_factory=set)
    unchanged_count: int = 0
    duplicate_count: int = 0

    @property
    def answers(self) -> set[str]:
        """Keys of which the file has a good row and no bad one."""
        return self.good_keys - {problem.record_key for problem in self.problems}


def read_policy_changes(
    path: Path,
    company_code: str,
    *,
    reader: ChangeFileReader,
    store: ChangeStore,
    clock: Clock,
    progress: Progress = silent,
) -> StepResult:
    """Import a file of changes in one transaction and return its counts.

    A change is known by its term and its number: said again it changes nothing, said otherwise it is a
    problem. A file that came before and brings nothing new writes nothing (``is_repeat`` is 1).

    Raises:
        BillingError: the file is refused whole, and nothing is written.
    """
    watch = Stopwatch()
    with watch("read"):
        file = reader.open(path)
        rows = reader.read(file)
    with store.intake(company_code, progress) as work:
        with watch("compare"):
            found = _sorted(rows, work)
            earlier = work.earlier_batch(file.content_sha256)
            open_keys = work.open_problem_keys()
            is_same = {(each.record_key, each.problem_code) for each in found.problems} <= open_keys
            is_answer = bool(found.answers & {key for key, _ in open_keys})
            if earlier is not None and not found.changes and is_same and not is_answer:
                return _repeat(file, earlier)
        with watch("write"):
            batch = ChangeBatch(
                file_name=file.name,
                file_sha256=file.content_sha256,
                imported_at=clock(),
                changes=found.changes,
                problems=found.problems,
                answered_keys=found.good_keys | {each.record_key for each in found.problems},
                row_count=len(rows),
                unchanged_count=found.unchanged_count,
                duplicate_count=found.duplicate_count,
            )
            batch_id = work.write(batch)
    return _result(file, batch_id, batch, watch.seconds)


def _sorted(rows: Sequence[ChangeRow], work: ChangeWork) -> _Sorted:
    numbers = sorted({row.cells["policy_number"] for row in rows} - {""})
    by_policy: dict[str, list[ChangedTerm]] = defaultdict(list)
    for term in work.terms_of(numbers):
        by_policy[term.policy_number].append(term)
    ids = [term.policy_term_id for terms in by_policy.values() for term in terms]
    stored = {(each.policy_term_id, each.change_number): each for each in work.changes_of(ids)}
    away = {term.policy_term_id for terms in by_policy.values() for term in terms if term.is_away}
    read = [(row, _read(row, by_policy)) for row in rows]
    said: dict[tuple[int, int], set[TermChange]] = defaultdict(set)
    for _, change in read:
        if isinstance(change, TermChange):
            said[change.policy_term_id, change.change_number].add(change)
    found, taken = _Sorted(), set[tuple[int, int]]()
    for row, change in read:
        if isinstance(change, ChangeFault):
            found.problems.append(_problem(row, change, by_policy))
            continue
        key = (change.policy_term_id, change.change_number)
        if len(said[key]) > 1 or stored.get(key, change) != change:
            fault = ChangeFault(problem_code="change_conflict", field_name="change_number")
            found.problems.append(_problem(row, fault, by_policy))
        elif change.policy_term_id in away and key not in stored:
            fault = ChangeFault(problem_code=MONTH_AWAY, field_name="")
            found.problems.append(_problem(row, fault, by_policy))
        elif key in taken:
            found.duplicate_count += 1
        else:
            taken.add(key)
            found.good_keys.add(_record_key(row))
            if key in stored:
                found.unchanged_count += 1
            else:
                found.changes.append(change)
    return found


def _read(row: ChangeRow, by_policy: Mapping[str, Sequence[ChangedTerm]]) -> TermChange | ChangeFault:
    if row.row_fault:
        return ChangeFault(problem_code=row.row_fault, field_name="")
    day = day_of(row.cells["effective_date"])
    terms = by_policy.get(row.cells["policy_number"], ())
    return change_from(row.cells, next((term for term in terms if term.effective_date == day), None))


def _record_key(row: ChangeRow) -> str:
    """Return what a row speaks of: the change by its term and number, else the row itself."""
    names = (row.cells["policy_number"], row.cells["effective_date"], row.cells["change_number"])
    if not all(names):
        return f"row {sha256(row.original_row.encode()).hexdigest()[:12]}"
    return f"{names[0]} {names[1]} change {names[2]}"[:_LONGEST_KEY]


def _problem(
    row: ChangeRow, fault: ChangeFault, by_policy: Mapping[str, Sequence[ChangedTerm]]
) -> ChangeProblem:
    """Return the problem of a row; it holds the term that it names, or all of a policy it names alone."""
    number, day = row.cells["policy_number"], day_of(row.cells["effective_date"])
    terms = by_policy.get(number, ())
    named = tuple(term for term in terms if term.effective_date == day)
    return ChangeProblem(
        row_number=row.row_number,
        record_key=_record_key(row),
        problem_code=fault.problem_code,
        field_name=fault.field_name,
        original_value=row.cells.get(fault.field_name, ""),
        original_row=row.original_row,
        policy_number=number or None,
        effective_date=_credible(day),
        holds=named or tuple(terms),
    )


def _credible(day: date | None) -> date | None:
    return day if day is not None and date(1950, 1, 1) <= day < date(2200, 1, 1) else None


def _repeat(file: PolicyFile, earlier: EarlierBatch) -> StepResult:
    facts: dict[str, int | str] = {
        "file_name": file.name,
        "batch_id": earlier.batch_id,
        "is_repeat": 1,
        "row_count": 0,
        "new_count": 0,
        "unchanged_count": 0,
        "duplicate_count": 0,
        "problem_count": 0,
        "imported_at": earlier.imported_at.isoformat(),
    }
    return StepResult(step=_STEP, facts=facts)


def _result(file: PolicyFile, batch_id: int, batch: ChangeBatch, seconds: Mapping[str, float]) -> StepResult:
    facts: dict[str, int | str] = {
        "file_name": file.name,
        "batch_id": batch_id,
        "is_repeat": 0,
        "row_count": batch.row_count,
        "new_count": len(batch.changes),
        "unchanged_count": batch.unchanged_count,
        "duplicate_count": batch.duplicate_count,
        "problem_count": len(batch.problems),
        "imported_at": batch.imported_at.isoformat(),
    }
    return StepResult(step=_STEP, facts=facts, problem_count=len(batch.problems), seconds=seconds)
