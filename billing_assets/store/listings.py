"""What the store shows to people: runs, invoices and imports, as lists and one at a time.

Belongs here: read models, each a row type and the query that fills it; newest first, limited, paged by key.
Does not belong here: any writing, the work of a run (``runs``), whole invoices for printing
(``invoice_reader``), deliveries (``delivery_listings``).

A list never holds a name, an address or an original row; what one record holds is shown one record at a time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, text

from billing_assets.domain.errors import BillingError
from billing_assets.domain.numbering import document_number, split_document_number
from billing_assets.reports.run_report import build_run_report
from billing_assets.store.delivery_listings import count_deliveries
from billing_assets.store.runs import read_run_facts


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRow:
    """An import: its file and what became of the rows."""

    batch_id: int
    file_name: str
    row_count: int
    new_count: int
    changed_count: int
    unchanged_count: int
    duplicate_count: int
    problem_count: int
    imported_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """A run in a list. ``counts`` maps an outcome to its charges; empty until the run is finalised."""

    run_id: int
    billing_date: date
    sequence_number: int
    issuing_date: date
    state: str
    due_count: int
    counts: Mapping[str, int]
    invoice_totals: tuple[Mapping[str, Any], ...]
    numbers: tuple[Mapping[str, str], ...]
    planned_at: datetime
    finalised_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDetail:
    """One run: its report (``reports.run_report``), of an open run so far; shards; deliveries by state."""

    run_id: int
    state: str
    report: Mapping[str, Any]
    shard_count: int
    committed_shard_count: int
    delivery_counts: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceFilter:
    """Which invoices; an empty field asks for nothing; ``before_number`` goes on below that invoice."""

    billing_date: date | None = None
    policy_number: str = ""
    delivery_state: str = ""
    currency: str = ""
    before_number: str = ""
    limit: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceRow:
    """An invoice in a list. ``delivery_state`` is empty before a delivery is queued."""

    invoice_number: str
    billing_date: date
    issue_date: date
    due_date: date
    policy_number: str
    currency: str
    net_minor: int
    tax_minor: int
    total_minor: int
    delivery_state: str


_RUN = """
select run_id, billing_date, sequence_number, issuing_date, state, due_count, report, planned_at, finalised_at
from billing_run where company_id = :company
"""


def list_runs(
    connection: Connection, company_id: int, limit: int, before_id: int | None = None
) -> list[RunRow]:
    """Return the newest runs, at most ``limit``, below run ``before_id``."""
    query = text(
        f"{_RUN} and (cast(:before as bigint) is null or run_id < :before) order by run_id desc limit :limit"
    )
    rows = connection.execute(query, {"company": company_id, "before": before_id, "limit": limit})
    return [
        RunRow(
            run_id=row.run_id,
            billing_date=row.billing_date,
            sequence_number=row.sequence_number,
            issuing_date=row.issuing_date,
            state=row.state,
            due_count=row.due_count,
            counts=(row.report or {}).get("outcome_counts", {}),
            invoice_totals=tuple((row.report or {}).get("invoices", ())),
            numbers=tuple((row.report or {}).get("numbers", ())),
            planned_at=row.planned_at,
            finalised_at=row.finalised_at,
        )
        for row in rows
    ]


def show_run(connection: Connection, company_id: int, run_id: int) -> RunDetail:
    """Return one run, or raise ``run_unknown``."""
    row = connection.execute(
        text(f"{_RUN} and run_id = :run"), {"company": company_id, "run": run_id}
    ).first()
    if row is None:
        raise BillingError("run_unknown", f"there is no run {run_id}", "'billing runs' shows what there is")
    shards = connection.execute(
        text("select count(*), count(committed_at) from run_shard where run_id = :run"), {"run": run_id}
    ).one()
    report = row.report
    if report is None:
        facts = read_run_facts(connection, run_id, row.planned_at, {})
        report = {**build_run_report(facts), "finalised_at": None}
    return RunDetail(
        run_id=run_id,
        state=row.state,
        report=report,
        shard_count=shards[0],
        committed_shard_count=shards[1],
        delivery_counts=count_deliveries(connection, company_id, run_id=run_id),
    )


def last_run_of(connection: Connection, company_id: int, billing_date: date) -> int | None:
    """Return the id of the last run of a date, or None where the date was never run."""
    query = text(
        "select run_id from billing_run where company_id = :company and billing_date = :day "
        "order by sequence_number desc limit 1"
    )
    return connection.execute(query, {"company": company_id, "day": billing_date}).scalar_one_or_none()


def invoice_totals(connection: Connection, company_id: int) -> list[dict[str, Any]]:
    """Return currency, count, net, tax, total (minor units) of everything issued, as in a run report."""
    query = text(
        "select currency, count(*), sum(net_minor)::text, sum(tax_minor)::text, sum(total_minor)::text "
        "from invoice where company_id = :company group by currency order by currency"
    )
    return [
        {
            "currency": row[0],
            "count": row[1],
            "net_minor": int(row[2]),
            "tax_minor": int(row[3]),
            "total_minor": int(row[4]),
        }
        for row in connection.execute(query, {"company": company_id})
    ]


def last_import(connection: Connection, company_id: int) -> BatchRow:
    """Return the newest import of a company, or raise ``nothing_imported``."""
    query = text("select * from intake_batch where company_id = :company order by batch_id desc limit 1")
    row = connection.execute(query, {"company": company_id}).first()
    if row is None:
        raise BillingError(
            "nothing_imported",
            "no policy book was imported yet",
            "billing import policies FILE --mapping FILE.yaml",
        )
    return BatchRow(**{name: getattr(row, name) for name in BatchRow.__slots__})


_INVOICES = """
select s.prefix, i.invoice_number, r.billing_date, i.issue_date, i.due_date, i.currency,
    i.net_minor, i.tax_minor, i.total_minor, coalesce(v.state, '') as delivery_state,
    (select string_agg(distinct p.policy_number, ', ') from invoice_line l
        join policy_term t using (policy_term_id) join policy p using (policy_id)
        where l.invoice_id = i.invoice_id) as policy_numbers
from invoice i join number_series s using (number_series_id) join billing_run r using (run_id)
left join document d using (invoice_id) left join delivery v using (document_id)
where i.company_id = :company
"""
_CONDITIONS = {
    "billing_date": "and r.billing_date = :billing_date",
    "policy_number": """and i.invoice_id in (
        select l.invoice_id from policy p join policy_term t using (policy_id)
        join invoice_line l using (policy_term_id)
        where p.company_id = :company and p.policy_number = :policy_number)
    """,
    "delivery_state": "and coalesce(v.state, 'none') = :delivery_state",
    "currency": "and i.currency = :currency",
    "before_number": """and i.invoice_id < (select b.invoice_id from invoice b join number_series x
        using (number_series_id)
        where b.company_id = :company and x.prefix = :prefix and b.invoice_number = :number)
    """,
}


def list_invoices(connection: Connection, company_id: int, wanted: InvoiceFilter) -> list[InvoiceRow]:
    """Return the newest invoices that fit, at most ``wanted.limit``.

    The next page is asked for with the last row's number as ``before_number``: rows issued meanwhile move
    nothing.
    """
    values: dict[str, Any] = {name: getattr(wanted, name) for name in _CONDITIONS if getattr(wanted, name)}
    conditions = "\n".join(_CONDITIONS[name] for name in values)
    if wanted.before_number:
        values["prefix"], values["number"] = split_document_number(wanted.before_number)
    query = text(f"{_INVOICES} {conditions} order by i.invoice_id desc limit :limit")
    rows = connection.execute(query, {**values, "company": company_id, "limit": wanted.limit})
    return [
        InvoiceRow(
            invoice_number=document_number(row.prefix, row.invoice_number),
            billing_date=row.billing_date,
            issue_date=row.issue_date,
            due_date=row.due_date,
            policy_number=row.policy_numbers or "",
            currency=row.currency,
            net_minor=row.net_minor,
            tax_minor=row.tax_minor,
            total_minor=row.total_minor,
            delivery_state=row.delivery_state,
        )
        for row in rows
    ]
