"""Reading a policy book: a file and a mapping in, terms, payers and problems in the store.

Belongs here: the order of work, and what refuses a whole file. Does not belong here: reading files
(``feeds``), checking rows (``frames``), writing (``store``).
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from hashlib import sha256
from pathlib import Path

import polars as pl

from billing_assets.domain.book_mapping import BookControls, BookMapping, require_known_values
from billing_assets.domain.errors import BillingError
from billing_assets.domain.money import parse_minor, plain_amount
from billing_assets.frames.book_changes import SettledBook, control_totals, settle_book
from billing_assets.frames.book_fields import original_value
from billing_assets.frames.book_payers import SHARES_INVALID, further_payers, share_words
from billing_assets.frames.payers import payers_with_bad_email, with_known_emails
from billing_assets.frames.policy_book import checked_rows
from billing_assets.steps.intake_ports import (
    EarlierBatch,
    IntakeStore,
    IntakeWork,
    NewBatch,
    PolicyFile,
    PolicyFileReader,
)
from billing_assets.steps.result import StepResult
from billing_assets.steps.run_ports import Clock, Progress, silent

_STEP = "read_policy_book"
_PARTS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeOrder:
    """What an import is asked to do. ``cut_over_date`` and ``controls`` go before those of the mapping.

    ``as_of_date`` is the date of the import in the company's zone: what a full book has to name is what is in
    force then. ``is_again`` takes a file that later books have replaced, which puts back what it says, and
    the last one once more, of which rows may be good by a plan that was added since.
    """

    company_code: str
    path: Path
    mapping: BookMapping
    as_of_date: date
    cut_over_date: date | None = None
    controls: BookControls = field(default_factory=BookControls)
    is_again: bool = False


def read_policy_book(
    order: IntakeOrder,
    *,
    reader: PolicyFileReader,
    store: IntakeStore,
    clock: Clock,
    progress: Progress = silent,
) -> StepResult:
    """Import a policy book in one transaction and return its counts and control totals.

    The last book of its source once more, under the same mapping and cut-over date, writes nothing and says
    so (``is_repeat`` is 1). An older one is refused, because it would undo what came after it.

    Raises:
        BillingError: the file is refused whole, and nothing is written.
    """
    mapping = order.mapping
    _check_company(mapping, order.company_code)
    file = reader.open(order.path)
    with store.intake(order.company_code, progress) as work:
        watch = _Watch(progress)
        require_known_values(mapping, work.plan_codes())
        # Once given, a cut-over date stays: a book without one would bill again what was billed elsewhere.
        cut_over_date = order.cut_over_date or mapping.cut_over_date or work.last_cut_over_date()
        mapping_sha256 = _identity(mapping, cut_over_date)
        earlier = work.earlier_batch(mapping.source_code, file.content_sha256, mapping_sha256)
        last = work.last_batch(mapping.source_code)
        if earlier is not None and last is not None and not order.is_again:
            if earlier == last:
                return _repeat(file, earlier)
            raise _superseded(file, earlier, last)
        raw = reader.read(file, mapping).frame
        file = replace(file, content=b"")
        _check_row_count(file, raw.height, work, mapping)
        watch.lap("read", 1)
        rows = _with_known_emails(checked_rows(raw, mapping, work.plan_codes(), cut_over_date), work)
        _check_controls(file, rows, mapping.controls, order.controls)
        watch.lap("check", 2)
        book = _with_values(_settled(rows, work, mapping, order.as_of_date), raw, mapping)
        watch.lap("compare", 3)
        batch = NewBatch(
            file_name=file.name,
            file_sha256=file.content_sha256,
            mapping_sha256=mapping_sha256,
            source_code=mapping.source_code,
            is_full=mapping.is_full,
            cut_over_date=cut_over_date,
            control_totals=book.control_totals,
            imported_at=clock(),
        )
        del raw, rows  # Of a large book the half of memory, while it is written.
        batch_id = work.write(batch, book)
    watch.lap("write", _PARTS)
    return _result(batch_id, file, book, watch.seconds)


def _check_company(mapping: BookMapping, company_code: str) -> None:
    if mapping.company_code and mapping.company_code != company_code:
        raise BillingError(
            "mapping_company_differs",
            f"the mapping is for company '{mapping.company_code}', the import for '{company_code}'",
            "use the mapping of this company, or correct 'company' in the mapping",
        )


def _identity(mapping: BookMapping, cut_over_date: date | None) -> str:
    """Return the hash of all that decides what a file's rows do."""
    scope = " full" if mapping.is_full else ""
    return sha256(f"{mapping.content_sha256} {cut_over_date}{scope}".encode()).hexdigest()


def _settled(rows: pl.DataFrame, work: IntakeWork, mapping: BookMapping, as_of: date) -> SettledBook:
    accepted = rows.filter(pl.col("status") == "accepted")
    payer_keys = pl.concat([accepted["payer_key"], further_payers(accepted)["payer_key"]]).unique()
    policy_numbers = rows["named_policy_number"].drop_nulls().unique()
    full_source_code = mapping.source_code if mapping.is_full else None
    return settle_book(rows, work.stored_book(policy_numbers, payer_keys, full_source_code, as_of), as_of)


def _with_known_emails(rows: pl.DataFrame, work: IntakeWork) -> pl.DataFrame:
    keys = payers_with_bad_email(rows)
    return rows if keys.is_empty() else with_known_emails(rows, work.payer_contents(keys))


def _with_values(book: SettledBook, raw: pl.DataFrame, mapping: BookMapping) -> SettledBook:
    """Give each problem what the file says in the field that is wrong, or what no field says."""
    problems = book.problems
    faulty = raw.filter(pl.col("row_number").is_in(problems["row_number"].unique().implode()))
    names = sorted({name for name in problems["field_name"].unique() if name})
    values = faulty.select("row_number", *(original_value(name, mapping).alias(f"_{name}") for name in names))
    chosen = pl.coalesce(
        pl.col("told"), *(pl.when(pl.col("field_name") == name).then(f"_{name}") for name in names)
    )
    joined = problems.join(values, on="row_number", how="left", maintain_order="left")
    if mapping.payers:
        words = share_words(faulty, mapping).with_columns(problem_code=pl.lit(SHARES_INVALID))
        joined = joined.join(
            words, on=["row_number", "field_name", "problem_code"], how="left", maintain_order="left"
        )
        chosen = pl.coalesce(pl.format("{}: {}", chosen, "why"), chosen)
    said = joined.with_columns(original_value=chosen.fill_null("")).select(
        *problems.drop("told").columns, "original_value"
    )
    return replace(book, problems=said)


def _check_row_count(file: PolicyFile, row_count: int, work: IntakeWork, mapping: BookMapping) -> None:
    last = work.last_batch(mapping.source_code, is_full=mapping.is_full)
    tolerance = mapping.row_count_tolerance_percent
    if last is None or row_count * 100 >= last.row_count * (100 - tolerance):
        return
    raise BillingError(
        "row_count_dropped",
        f"{file.name} has {row_count} rows, the last book {last.row_count}: more than {tolerance} % fewer",
        "send the whole book; where the drop is right, raise 'row_count_tolerance' in the mapping; where the "
        "books come from different systems, name each by 'source' in its mapping",
    )


def _superseded(file: PolicyFile, earlier: EarlierBatch, last: EarlierBatch) -> BillingError:
    return BillingError(
        "file_superseded",
        f"{file.name} was imported as batch {earlier.batch_id} on {earlier.imported_at:%Y-%m-%d}, and batch "
        f"{last.batch_id} came after it: importing it now would undo what that one changed",
        "send the newest book; where the old one is right after all, import it with --again",
    )


def _check_controls(file: PolicyFile, rows: pl.DataFrame, given: BookControls, ordered: BookControls) -> None:
    expected = ordered.rows if ordered.rows is not None else given.rows
    if expected is not None and expected != rows.height:
        raise _control_failed(file, f"{rows.height} rows, {expected} were announced")
    premium = ordered.premium or given.premium
    if not premium:
        return
    totals = control_totals(rows)
    found = _premium(totals)
    wanted = _expected_minor(premium, found)
    unreadable = totals["unreadable_amount_count"]
    for currency in sorted({*wanted, *found}):
        if wanted.get(currency, 0) != found.get(currency, 0):
            sums = [plain_amount(amounts.get(currency, 0), currency) for amounts in (found, wanted)]
            hint = f" ({unreadable} amounts cannot be read)" if unreadable else ""
            raise _control_failed(file, f"{currency} {sums[0]} premium, {sums[1]} was announced{hint}")


def _expected_minor(premium: Mapping[str, str], found: Mapping[str, int]) -> dict[str, int]:
    if "" in premium and (len(premium) > 1 or len(found) > 1):
        raise BillingError(
            "control_total_invalid",
            f"one premium total is announced for {len(found)} currencies",
            "announce one for each currency: EUR=123.45,GBP=67.00",
        )
    only = next(iter(found), "EUR")
    try:
        return {
            currency or only: parse_minor(amount, currency or only) for currency, amount in premium.items()
        }
    except ValueError as error:
        raise BillingError(
            "control_total_invalid",
            "the announced premium is no plain amount",
            "write it with a point and no grouping marks: 123.45",
        ) from error


def _control_failed(file: PolicyFile, found: str) -> BillingError:
    return BillingError(
        "control_total_wrong",
        f"{file.name} has {found}",
        "ask the sender which is right; nothing was imported",
    )


def _premium(totals: Mapping[str, object], kind: str = "in") -> dict[str, int]:
    premium = totals["premium"]
    if not isinstance(premium, dict):
        raise TypeError("control totals hold premium per currency")
    return {currency: amounts[kind] for currency, amounts in premium.items()}


def _repeat(file: PolicyFile, earlier: EarlierBatch) -> StepResult:
    return StepResult(
        step=_STEP,
        facts={
            "file_name": file.name,
            "batch_id": earlier.batch_id,
            "is_repeat": 1,
            "row_count": 0,
            "imported_at": earlier.imported_at.isoformat(),
        },
    )


def _result(batch_id: int, file: PolicyFile, book: SettledBook, seconds: Mapping[str, float]) -> StepResult:
    facts: dict[str, int | str] = {
        "file_name": file.name,
        "batch_id": batch_id,
        "is_repeat": 0,
        "row_count": book.row_count,
        "new_count": book.new_count,
        "changed_count": book.changed_count,
        "unchanged_count": book.unchanged_count,
        "duplicate_count": book.duplicate_count,
        "problem_count": book.problem_count,
        "held_count": book.held_count,
        "missing_count": book.missing_count,
    }
    for name in ("unreadable_amount_count", "email_missing_count", "email_bad_count"):
        facts[name] = int(str(book.control_totals[name]))
    for kind in ("in", "accepted", "duplicate", "problem"):
        amounts = _premium(book.control_totals, kind)
        facts[f"premium_{kind}"] = ", ".join(
            f"{code} {plain_amount(sum_, code)}" for code, sum_ in amounts.items()
        )
    return StepResult(step=_STEP, facts=facts, problem_count=book.problem_count, seconds=seconds)


class _Watch:
    """Counts seconds by part, and tells the progress."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, part: str, number: int) -> None:
        now = time.perf_counter()
        self.seconds[part] = now - self._last
        self._last = now
        self.progress(part, number, _PARTS)
