"""Runs as people see them: a list, newest first, paged by id, and one run with its report.

Belongs here: read models of runs. Does not belong here: the work of a run (``runs``), what became of each
policy (``charge_listings``).

Neither holds a name or an address.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, text

from billing_assets.domain.backdating import Backdating
from billing_assets.domain.errors import BillingError
from billing_assets.domain.selections import Selection, selection_of
from billing_assets.reports.run_report import (
    build_run_report,
    issue_dates_record,
    selection_record,
    template_record,
)
from billing_assets.store.delivery_listings import count_deliveries
from billing_assets.store.run_facts import read_run_facts
from billing_assets.store.run_history import read_issue_dates


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """A run in a list. ``counts`` maps an outcome to its charges; empty until the run is finalised.

    ``issuing_date`` is the date that was asked for; ``issue_dates`` are the first and the last that stand on
    its invoices, None where it has none or is not finalised. ``selection`` is which policies it bills,
    ``template_name`` by which of the company's templates it prints, empty where it names none.
    """

    run_id: int
    run_kind: str
    billing_date: date
    sequence_number: int
    issuing_date: date
    issue_dates: Mapping[str, str] | None
    state: str
    due_count: int
    counts: Mapping[str, int]
    invoice_totals: tuple[Mapping[str, Any], ...]
    credit_totals: tuple[Mapping[str, Any], ...]
    numbers: tuple[Mapping[str, str], ...]
    planned_at: datetime
    finalised_at: datetime | None
    held_reasons: tuple[Mapping[str, str], ...]
    decided_at: datetime | None
    selection: Selection
    template_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDecided:
    """Why a run was approved or rejected, by whom and when."""

    reason: str
    decided_by: str
    decided_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDetail:
    """One run: its report (``reports.run_report``), of an open run so far; shards; deliveries by state.

    ``backdating`` says why its documents carry a past date, and who approved it, where that was asked for;
    ``correction_reason`` and ``approved_by`` say the same of a run of credit notes.
    ``rehearsal`` is what it would issue by its plan, whose hash is ``plan_sha256``, beside the bills before;
    None of a run that was planned before there were rehearsals. ``held_reasons`` are the bounds it exceeds.
    """

    run_id: int
    run_kind: str
    state: str
    backdating: Backdating
    correction_reason: str
    approved_by: str
    report: Mapping[str, Any]
    shard_count: int
    committed_shard_count: int
    delivery_counts: Mapping[str, int]
    plan_sha256: str
    held_reasons: tuple[Mapping[str, str], ...]
    rehearsal: Mapping[str, Any] | None
    decision: RunDecided | None


_RUN = """
select run_id, run_kind, correction_reason, billing_date, sequence_number, issuing_date, backdating_reason,
    approved_by, state, due_count, report, planned_at, finalised_at, plan_sha256, held_reasons, rehearsal,
    decision_reason, decided_by, decided_at, selection, template_name
from billing_run where company_id = :company
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFilter:
    """Which runs, newest first, below ``before_id``; an empty field asks for nothing.

    ``is_recent`` leaves out runs on demand, of which there may be thousands a day.
    """

    state: str = ""
    run_kind: str = ""
    from_date: date | None = None
    to_date: date | None = None
    is_recent: bool = False
    before_id: int | None = None
    limit: int = 20


_CONDITIONS = {
    "state": "and state = :state",
    "run_kind": "and run_kind = :run_kind",
    "from_date": "and billing_date >= :from_date",
    "to_date": "and billing_date <= :to_date",
    "is_recent": "and run_kind <> 'on_demand'",
    "before_id": "and run_id < :before_id",
}


def list_runs(connection: Connection, company_id: int, wanted: RunFilter) -> list[RunRow]:
    """Return the newest runs that fit, at most ``wanted.limit``."""
    values: dict[str, Any] = {name: getattr(wanted, name) for name in _CONDITIONS if getattr(wanted, name)}
    conditions = " ".join(_CONDITIONS[name] for name in values)
    query = text(f"{_RUN} {conditions} order by run_id desc limit :limit")
    return _rows(connection.execute(query, {**values, "company": company_id, "limit": wanted.limit}))


def open_runs(connection: Connection, company_id: int) -> list[RunRow]:
    """Return the runs that are neither final nor rejected, oldest billing date first."""
    query = text(f"{_RUN} and state not in ('finalised', 'rejected') order by billing_date, run_id")
    return _rows(connection.execute(query, {"company": company_id}))


def _rows(rows: Iterable[Row[Any]]) -> list[RunRow]:
    return [
        RunRow(
            run_id=row.run_id,
            run_kind=row.run_kind,
            billing_date=row.billing_date,
            sequence_number=row.sequence_number,
            issuing_date=row.issuing_date,
            issue_dates=(row.report or {}).get("issue_dates"),
            state=row.state,
            due_count=row.due_count,
            counts=(row.report or {}).get("outcome_counts", {}),
            invoice_totals=tuple((row.report or {}).get("invoices", ())),
            credit_totals=tuple((row.report or {}).get("credit_notes", ())),
            numbers=tuple((row.report or {}).get("numbers", ())),
            planned_at=row.planned_at,
            finalised_at=row.finalised_at,
            held_reasons=tuple(row.held_reasons),
            decided_at=row.decided_at,
            selection=selection_of(row.selection),
            template_name=row.template_name,
        )
        for row in rows
    ]


def show_run(connection: Connection, company_id: int, run_id: int, *, is_counted: bool = True) -> RunDetail:
    """Return one run, or raise ``run_unknown``.

    Not ``is_counted``: the charges of an open run and the deliveries are left out, however many there are.
    """
    row = connection.execute(
        text(f"{_RUN} and run_id = :run"), {"company": company_id, "run": run_id}
    ).first()
    if row is None:
        raise BillingError("run_unknown", f"there is no run {run_id}", "'billing runs' shows what there is")
    shards = connection.execute(
        text("select count(*), count(committed_at) from run_shard where run_id = :run"), {"run": run_id}
    ).one()
    report = row.report
    if report is None and not is_counted:
        report = _uncounted(row)
    if report is None:
        facts = read_run_facts(connection, run_id, row.planned_at, {})
        report = {**build_run_report(facts), "finalised_at": None}
    if "issue_dates" not in report:
        # Reports that were kept before they had them.
        dates = read_issue_dates(connection, run_id) if is_counted else None
        report["issue_dates"] = issue_dates_record(dates)
    return RunDetail(
        run_id=run_id,
        run_kind=row.run_kind,
        state=row.state,
        backdating=Backdating(
            reason=row.backdating_reason, approved_by=row.approved_by if row.backdating_reason else ""
        ),
        correction_reason=row.correction_reason,
        approved_by=row.approved_by,
        report=report,
        shard_count=shards[0],
        committed_shard_count=shards[1],
        delivery_counts=count_deliveries(connection, company_id, run_id=run_id) if is_counted else {},
        plan_sha256=row.plan_sha256,
        held_reasons=tuple(row.held_reasons),
        rehearsal=row.rehearsal,
        decision=_decided(row),
    )


def _uncounted(row: Row[Any]) -> dict[str, Any]:
    """Return the head of a report of an open run, with nothing counted."""
    parts = ("charges", "invoices", "credit_notes", "numbers", "rounding")
    return {
        "billing_date": row.billing_date.isoformat(),
        **selection_record(selection_of(row.selection)),
        **template_record(row.template_name),
        "sequence_number": row.sequence_number,
        "issuing_date": row.issuing_date.isoformat(),
        "planned_at": row.planned_at.isoformat(),
        "finalised_at": None,
        "due_count": row.due_count,
        "outcome_counts": {},
        "seconds": {},
        **{part: [] for part in parts},
    }


def _decided(row: Row[Any]) -> RunDecided | None:
    if row.decided_at is None:
        return None
    return RunDecided(reason=row.decision_reason, decided_by=row.decided_by, decided_at=row.decided_at)


def last_run_of(connection: Connection, company_id: int, billing_date: date) -> int | None:
    """Return the id of the last billing run of a date, or None where the date was never run."""
    return max(last_runs_of(connection, company_id, [billing_date]).values(), default=None)


def last_runs_of(
    connection: Connection, company_id: int, days: Collection[date]
) -> dict[tuple[date, Selection], int]:
    """Return billing date and selection -> id of the last billing run of these, where there is one."""
    query = text(
        "select billing_date, selection, max(run_id) as run_id from billing_run where company_id = :company "
        "and billing_date = any(:days) and run_kind = 'billing' group by billing_date, selection"
    )
    rows = connection.execute(query, {"company": company_id, "days": list(days)})
    return {(row.billing_date, selection_of(row.selection)): row.run_id for row in rows}
