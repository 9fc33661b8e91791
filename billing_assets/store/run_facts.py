"""What a run did: added up from what its shards left, or counted from its rows.

Belongs here: the facts of a run report. Does not belong here: the report (``reports.run_report``), the run
itself (``runs``).
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, text

from billing_assets.domain.exchange_rates import reported
from billing_assets.domain.invoices import DocumentKind
from billing_assets.domain.runs import CurrencyTotal, Outcome, RunKind
from billing_assets.domain.selections import selection_of
from billing_assets.reports.run_report import RunFacts
from billing_assets.store.companies import read_issuer
from billing_assets.store.exchange_rates import rates_on
from billing_assets.store.shard_sums import read_written_sums

_FACTS = """
select r.run_id, c.company_code, r.billing_date, r.sequence_number, r.issuing_date, r.due_count,
    r.planned_at, r.book_batch_id, r.company_id, r.run_kind, r.selection,
    r.template_name
from billing_run r join company c using (company_id) where r.run_id = :run
"""
# A run reads its rows before the planner knows how many there are: given an order, it would sort them all.
_REASONS = """
select outcome, coalesce(reason_code, ''), currency, count(*), sum(net_minor)::text
from due_charge where run_id = :run group by 1, 2, 3
"""
_INVOICED = """
select i.*, s.prefix
from (
    select document_kind, currency, number_series_id, count(*) as document_count, sum(net_minor)::text as net,
        sum(tax_minor)::text as tax, sum(total_minor)::text as total, min(invoice_number) as first_number,
        max(invoice_number) as last_number, count(*) filter (where cash_rounding_minor <> 0) as rounded_count,
        sum(cash_rounding_minor)::text as rounding, min(issue_date) as first_date,
        max(issue_date) as last_date
    from invoice where run_id = :run group by document_kind, currency, number_series_id
) i join number_series s using (number_series_id)
"""


def read_run_facts(
    connection: Connection, run_id: int, at: datetime, seconds: Mapping[str, float]
) -> RunFacts:
    """Return what a run did: the sums that its shards left, or counted from its rows where one left none."""
    row = connection.execute(text(_FACTS), {"run": run_id}).one()
    is_sharded = row.run_kind == RunKind.BILLING
    sums = read_written_sums(connection, run_id) if is_sharded else None
    charges = sums.charges if sums else connection.execute(text(_REASONS), {"run": run_id}).all()
    issued = sums.documents if sums else connection.execute(text(_INVOICED), {"run": run_id}).all()
    reasons = sorted(tuple(each) for each in charges)
    by_kind = {kind: _by_currency(issued, kind) for kind in DocumentKind}
    into = read_issuer(connection, row.company_code).company.reporting_currency
    totals = tuple(
        (currency, kind.sign * net, kind.sign * tax)
        for kind, sums in by_kind.items()
        for currency, _count, net, tax, _total in sums
    )
    rates = rates_on(connection, row.company_id, row.billing_date) if into else {}
    return RunFacts(
        run_id=row.run_id,
        company_code=row.company_code,
        billing_date=row.billing_date,
        sequence_number=row.sequence_number,
        issuing_date=row.issuing_date,
        issue_dates=_issue_dates(issued),
        due_count=row.due_count,
        book_batch_id=row.book_batch_id,
        planned_at=row.planned_at,
        finalised_at=at,
        charges=tuple((Outcome(o), reason, cur, count, int(net)) for o, reason, cur, count, net in reasons),
        invoices=by_kind[DocumentKind.INVOICE],
        credit_notes=by_kind[DocumentKind.CREDIT_NOTE],
        rounded=_rounded(issued),
        run_kind=RunKind(row.run_kind),
        selection=selection_of(row.selection),
        template_name=row.template_name,
        numbers=_by_prefix(issued),
        seconds=dict(seconds),
        reporting_currency=into,
        reported=reported(totals, into, rates) if into else (),
    )


def totals_of(facts: RunFacts) -> tuple[CurrencyTotal, ...]:
    """Return what the charges of a run add up to, as it was counted for its report."""
    return tuple(
        CurrencyTotal(outcome=outcome, currency=currency, charge_count=count, net_minor=net)
        for outcome, _reason, currency, count, net in facts.charges
    )


def _by_currency(
    issued: Sequence[Row[Any]], kind: DocumentKind
) -> tuple[tuple[str, int, int, int, int], ...]:
    """Return currency, count, net, tax and total of each currency, of one kind of document, in order."""
    sums: dict[str, tuple[int, int, int, int]] = {}
    for row in issued:
        if row.document_kind != kind:
            continue
        count, net, tax, total = sums.get(row.currency, (0, 0, 0, 0))
        sums[row.currency] = (
            count + row.document_count,
            net + int(row.net),
            tax + int(row.tax),
            total + int(row.total),
        )
    return tuple((currency, *sums[currency]) for currency in sorted(sums))


def _rounded(issued: Sequence[Row[Any]]) -> tuple[tuple[str, int, int], ...]:
    """Return currency, documents and amount of what was rounded, invoices less credit notes, in order."""
    sums: dict[str, tuple[int, int]] = {}
    for row in issued:
        if row.rounded_count:
            count, rounding = sums.get(row.currency, (0, 0))
            signed = DocumentKind(row.document_kind).sign * int(row.rounding)
            sums[row.currency] = (count + row.rounded_count, rounding + signed)
    return tuple((currency, *sums[currency]) for currency in sorted(sums))


def _by_prefix(issued: Sequence[Row[Any]]) -> tuple[tuple[str, int, int], ...]:
    """Return prefix, first and last number of each prefix, in order."""
    ranges: dict[str, tuple[int, int]] = {}
    for row in issued:
        first, last = ranges.get(row.prefix, (row.first_number, row.last_number))
        ranges[row.prefix] = (min(first, row.first_number), max(last, row.last_number))
    return tuple((prefix, *ranges[prefix]) for prefix in sorted(ranges))


def _issue_dates(issued: Sequence[Row[Any]]) -> tuple[date, date] | None:
    if not issued:
        return None
    return min(row.first_date for row in issued), max(row.last_date for row in issued)
