"""Taking payments in: a file of entries, or one by hand; known ones change nothing.

Belongs here: which entries are new, repeated or refused. Does not belong here: the forms of files
(``feeds``), the tables (``store.payments``), what is paid (``allocate_payments``).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from billing_assets.domain.errors import BillingError
from billing_assets.domain.payments import PAYMENT_PROBLEMS, NewPayment, NewReturn, PaymentProblem
from billing_assets.steps.payment_ports import (
    EntryFacts,
    EntryKey,
    PaymentBatch,
    PaymentFile,
    PaymentIntake,
    PaymentReader,
    PaymentStore,
)
from billing_assets.steps.result import StepResult, Stopwatch
from billing_assets.steps.run_ports import Clock

_STEP = "record_payments"


@dataclass(slots=True)
class _Sorted:
    """Entries by what becomes of them."""

    payments: list[NewPayment] = field(default_factory=list)
    returns: list[NewReturn] = field(default_factory=list)
    problems: list[PaymentProblem] = field(default_factory=list)
    duplicate_count: int = 0


def record_payments(
    path: Path, recorded_by: str, *, reader: PaymentReader, store: PaymentStore, clock: Clock
) -> StepResult:
    """Take in a file in one transaction and return its counts; the same file again writes nothing.

    Facts: ``file_name``, ``is_repeat``, ``entry_count``, ``new_count``, ``duplicate_count``. An entry that
    cannot be taken becomes a problem.

    Raises:
        BillingError: the file is refused whole, and nothing is written.
    """
    watch = Stopwatch()
    with watch("read"):
        file = reader.read(path)
    with store.intake() as work, watch("write"):
        is_repeat = work.knows_file(file.content_sha256)
        found = _Sorted() if is_repeat else _sorted(file, work)
        if not is_repeat:
            _write(work, file, found, recorded_by, clock)
    return StepResult(
        step=_STEP,
        facts={
            "file_name": file.name,
            "is_repeat": int(is_repeat),
            "entry_count": len(file.payments) + len(file.returns) + len(file.problems),
            "new_count": len(found.payments) + len(found.returns),
            "duplicate_count": found.duplicate_count,
        },
        problem_count=len(found.problems),
        seconds=watch.seconds,
    )


def record_entry(
    entry: NewPayment | NewReturn, recorded_by: str, *, store: PaymentStore, clock: Clock
) -> bool:
    """Take in one entry by hand; return False where it is there already.

    Raises:
        BillingError: ``payment_key_conflict``, ``payment_payer_unknown``.
    """
    with store.intake() as work:
        known = work.known_entries([_key_of(entry)]).get(_key_of(entry))
        if known == _facts_of(entry):
            return False
        if known is not None:
            raise _refusal("payment_key_conflict")
        payer_key = entry.payer_key if isinstance(entry, NewPayment) else ""
        payer_ids = work.payer_ids([payer_key] if payer_key else [])
        if payer_key and payer_key not in payer_ids:
            raise _refusal("payment_payer_unknown")
        batch = PaymentBatch(
            file=None,
            payments=[entry] if isinstance(entry, NewPayment) else [],
            returns=[entry] if isinstance(entry, NewReturn) else [],
            problems=(),
            payer_ids=payer_ids,
            duplicate_count=0,
            recorded_by=recorded_by,
            recorded_at=clock(),
        )
        work.write(batch)
    return True


def _refusal(code: str) -> BillingError:
    meaning, todo = PAYMENT_PROBLEMS[code]
    return BillingError(code, meaning, todo)


def _write(work: PaymentIntake, file: PaymentFile, found: _Sorted, recorded_by: str, clock: Clock) -> None:
    batch = PaymentBatch(
        file=file,
        payments=found.payments,
        returns=found.returns,
        problems=found.problems,
        payer_ids=work.payer_ids(sorted({each.payer_key for each in found.payments} - {""})),
        duplicate_count=found.duplicate_count,
        recorded_by=recorded_by,
        recorded_at=clock(),
    )
    work.write(batch)


def _key_of(entry: NewPayment | NewReturn) -> EntryKey:
    kind = "payment" if isinstance(entry, NewPayment) else "return"
    return kind, entry.source_kind.value, entry.external_key


def _facts_of(entry: NewPayment | NewReturn) -> EntryFacts:
    return entry.currency, entry.amount_minor, entry.value_date


def _sorted(file: PaymentFile, work: PaymentIntake) -> _Sorted:
    """Return the entries by what becomes of them; of a key that is told in two ways none is taken."""
    entries: Sequence[NewPayment | NewReturn] = [*file.payments, *file.returns]
    said: dict[EntryKey, set[EntryFacts]] = defaultdict(set)
    for entry in entries:
        said[_key_of(entry)].add(_facts_of(entry))
    known = work.known_entries(list(said))
    payers = work.payer_ids(sorted({each.payer_key for each in file.payments} - {""}))
    found, taken = _Sorted(problems=list(file.problems)), set()
    for number, entry in enumerate(entries, start=1):
        key = _key_of(entry)
        problem_code = _fault_of(entry, said[key] | {known.get(key, _facts_of(entry))}, payers)
        if problem_code:
            found.problems.append(_problem(number, entry, problem_code))
        elif key in known or key in taken:
            found.duplicate_count += 1
        else:
            taken.add(key)
            (found.payments if isinstance(entry, NewPayment) else found.returns).append(entry)  # type: ignore[arg-type]
    return found


def _fault_of(entry: NewPayment | NewReturn, said: set[EntryFacts], payers: Mapping[str, int]) -> str:
    if len(said) > 1:
        return "payment_key_conflict"
    if isinstance(entry, NewPayment) and entry.payer_key and entry.payer_key not in payers:
        return "payment_payer_unknown"
    return ""


def _problem(number: int, entry: NewPayment | NewReturn, problem_code: str) -> PaymentProblem:
    field_name = "payer_key" if problem_code == "payment_payer_unknown" else "external_key"
    return PaymentProblem(
        row_number=number,
        record_key=entry.external_key,
        problem_code=problem_code,
        field_name=field_name,
        original_value=getattr(entry, field_name),
        original_row=str(entry),
    )
