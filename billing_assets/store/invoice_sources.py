"""Reading an issued invoice with every row that it rests on.

Belongs here: the rows that an invoice, its lines and its taxes point to, as they were frozen.
Does not belong here: the invoice alone (``invoice_reader``), what follows from the rows (``domain``).

Nothing is looked up by its day or its code: a line names its term's version, its plan row and, by its
installment, its charge; a tax names its row. Only invoices of format 1 name no plan row; theirs is the one
that was valid on the day on which the term began.
"""

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

from sqlalchemy import Connection, Row, RowMapping, text

from billing_assets.domain.charge_lines import ChargeLine
from billing_assets.domain.charges import PREMIUM_CHANGE
from billing_assets.domain.errors import BillingError
from billing_assets.domain.invoice_sources import (
    BilledTerm,
    CashUnitSource,
    ChangeSource,
    CreditSources,
    InvoiceSources,
    IssueSource,
    LineSource,
    TaxSource,
)
from billing_assets.domain.invoices import Invoice, InvoiceLine
from billing_assets.domain.payer_shares import PayerShare
from billing_assets.domain.payment_plans import PaymentPlan
from billing_assets.store.change_books import read_change_source
from billing_assets.store.charged_rules import charged_rules
from billing_assets.store.invoice_reader import find_invoice
from billing_assets.store.plan_rows import plan_of
from billing_assets.store.rule_listings import cash_unit_of, tax_rule_of

_LINES = """
select l.line_number, l.contained_tax_minor, v.policy_term_id, v.policy_term_version_id, b.file_name,
    v.line_of_business, v.place_code, v.effective_date, v.expiration_date, v.anchor_date,
    v.cover_to_date, v.premium_minor, v.cut_over_date, l.charge_kind, l.revision,
    d.net_minor as charge_net_minor, d.due_date as charge_due_date,
    d.billing_date as charge_billing_date, n.payment_plan_id,
    coalesce(h.payer_number, 0) as payer_number
from invoice i
join invoice_line l using (invoice_id)
join policy_term_version v using (policy_term_version_id)
join intake_batch b using (batch_id)
join due_charge d on d.run_id = i.run_id and d.policy_term_id = l.policy_term_id
    and d.installment_number = l.installment_number and d.revision = l.revision
    and d.charge_kind = l.charge_kind and d.charge_number = l.charge_number and d.payer_id = l.payer_id
left join policy_term_payer h on h.policy_term_version_id = l.policy_term_version_id
    and h.payer_id = l.payer_id
join payment_plan n on n.payment_plan_id = coalesce(l.payment_plan_id, (
    select p.payment_plan_id from payment_plan p
    where p.plan_code = v.plan_code and p.valid_from <= v.effective_date
    order by p.valid_from desc limit 1))
where i.invoice_id = :invoice order by l.line_number
"""
_CHARGES = """
select policy_term_version_id, charge_number, charge_code, charge_name, line_of_business, premium_minor
from policy_term_charge where policy_term_version_id = any(:versions)
order by policy_term_version_id, charge_number
"""
_PAYERS = """
select policy_term_version_id, payer_number, payer_id, share_ppm
from policy_term_payer where policy_term_version_id = any(:versions)
order by policy_term_version_id, payer_number
"""
_PLANS = "select * from payment_plan where payment_plan_id = any(:plans)"
_TAXES = f"""
with {charged_rules("i.invoice_id = :invoice")}
select t.tax_number, t.base_minor, t.tax_minor, c.tax_rule_id = t.tax_rule_id as is_own,
    c.valid_to as known_to, r.*
from invoice_tax t
join charged c using (invoice_id, tax_number)
join tax_rule r on r.tax_rule_id = c.tax_rule_id
order by t.tax_number, r.tax_rule_id
"""  # noqa: S608 - constants
_ISSUE = """
select i.record_format, s.prefix, i.invoice_number as number, i.run_id,
    coalesce(p.issue_date, (
        select a.issue_date from away_number a where a.number_series_id = i.number_series_id
            and i.invoice_number - 1 between a.first_number and a.last_number)) as previous_issue_date,
    r.billing_date as run_billing_date, r.issuing_date as run_issuing_date, r.backdating_reason,
    case when r.run_kind = 'correction' then '' else r.approved_by end as approved_by, r.closed_day_id,
    r.run_kind = 'correction' as is_correction,
    c.content::jsonb ->> 'place_code' as company_place_code
from invoice i
join number_series s using (number_series_id)
join billing_run r using (run_id)
join company_version c using (company_version_id)
left join invoice p on p.number_series_id = i.number_series_id and p.invoice_number = i.invoice_number - 1
where i.invoice_id = :invoice
"""
_CASH_UNIT = """
select u.* from invoice i join cash_unit u using (cash_unit_id) where i.invoice_id = :invoice
"""
_CONTAINED = "select line_number, contained_tax_minor from invoice_line where invoice_id = :invoice"
# What a line gave back before: by the credit notes with a lower number, which the series hands out in turn.
_CREDITED_BEFORE = """
select l.credited_line_number, sum(l.net_minor)::text
from invoice n
join invoice i on i.credited_invoice_id = n.credited_invoice_id and i.number_series_id = n.number_series_id
    and i.invoice_number < n.invoice_number
join invoice_line l on l.invoice_id = i.invoice_id
where n.invoice_id = :invoice group by l.credited_line_number
"""


def read_invoice_sources(connection: Connection, company_id: int, number: str) -> InvoiceSources:
    """Return the invoice with that printed number and the rows that it rests on.

    Raises:
        BillingError: ``invoice_unknown``, or ``record_incomplete`` where a row is gone.
    """
    invoice = find_invoice(connection, company_id, number)
    values = {"invoice": invoice.invoice_id}
    by_number = {line.line_number: line for line in invoice.lines}
    rows = connection.execute(text(_LINES), values).all()
    issue = connection.execute(text(_ISSUE), values).first()
    if issue is None or [row.line_number for row in rows] != sorted(by_number):
        raise _incomplete(invoice)
    plan_ids = [row.payment_plan_id for row in rows]
    plans = {
        row["payment_plan_id"]: _plan(row, issue.record_format)
        for row in connection.execute(text(_PLANS), {"plans": plan_ids}).mappings()
    }
    version_ids = [row.policy_term_version_id for row in rows]
    charges = _of_versions(connection, _CHARGES, ChargeLine, version_ids)
    payers = _of_versions(connection, _PAYERS, PayerShare, version_ids)
    return InvoiceSources(
        invoice=invoice,
        record_format=issue.record_format,
        lines=tuple(
            _line(
                connection,
                invoice,
                row,
                by_number[row.line_number],
                plans[row.payment_plan_id],
                (charges[row.policy_term_version_id], payers[row.policy_term_version_id]),
            )
            for row in rows
        ),
        taxes=_taxes(connection, invoice),
        issue=_issue(issue),
        cash_unit=_cash_unit(connection, invoice),
    )


def read_credit_sources(connection: Connection, company_id: int, number: str) -> CreditSources:
    """Return the credit note with that printed number, the invoice that it credits, and their rows.

    Raises:
        BillingError: ``invoice_unknown``, or ``record_incomplete`` where a row is gone.
    """
    note = find_invoice(connection, company_id, number)
    values = {"invoice": note.invoice_id}
    if note.credited is None:
        raise _incomplete(note)
    original = read_invoice_sources(connection, company_id, note.credited.invoice_number)
    credited = {source.line.line_number: source for source in original.lines}
    contained = {row[0]: row[1] for row in connection.execute(text(_CONTAINED), values)}
    issue = connection.execute(text(_ISSUE), values).first()
    if issue is None or any(line.credited_line_number not in credited for line in note.lines):
        raise _incomplete(note)
    before = connection.execute(text(_CREDITED_BEFORE), values)
    changes = {} if issue.is_correction else _changes(connection, note, credited)
    return CreditSources(
        note=InvoiceSources(
            invoice=note,
            record_format=issue.record_format,
            lines=tuple(
                replace(
                    credited[line.credited_line_number or 0],
                    line=line,
                    contained_tax_minor=contained[line.line_number],
                    change=changes.get(line.line_number),
                )
                for line in note.lines
            ),
            taxes=_taxes(connection, note),
            # Who approved the correction approved no date.
            issue=replace(_issue(issue), approved_by="", backdating_reason=""),
            cash_unit=_cash_unit(connection, note),
        ),
        original=original,
        net_before={row[0]: int(row[1]) for row in before},
    )


def _changes(
    connection: Connection, note: Invoice, credited: dict[int, LineSource]
) -> dict[int, ChangeSource]:
    """Return what each line of a credit note rests on that a run issued for a change."""
    known: dict[tuple[int, int], ChangeSource] = {}
    found: dict[int, ChangeSource] = {}
    for line in note.lines:
        if line.net_minor == 0:
            # An amount due once for the document comes back on its line, whose policy may have no change.
            continue
        source = credited[line.credited_line_number or 0]
        part = (source.term.policy_term_id, source.line.change_number)
        if part not in known:
            known[part] = read_change_source(connection, note.invoice_id, *part)
        found[line.line_number] = known[part]
    return found


def _of_versions(
    connection: Connection, query: str, make: Callable[..., Any], version_ids: list[int]
) -> dict[int, tuple[Any, ...]]:
    """Return the charge lines or payers of each version of a term; none for one charge, and for one payer."""
    found: dict[int, tuple[Any, ...]] = dict.fromkeys(version_ids, ())
    for row in connection.execute(text(query), {"versions": version_ids}).mappings():
        values = {name: value for name, value in row.items() if name != "policy_term_version_id"}
        found[row["policy_term_version_id"]] += (make(**values),)
    return found


def _taxes(connection: Connection, invoice: Invoice) -> tuple[TaxSource, ...]:
    rows = connection.execute(text(_TAXES), {"invoice": invoice.invoice_id}).mappings().all()
    rules = [replace(tax_rule_of(row), valid_to=row["known_to"]) for row in rows]
    return tuple(
        TaxSource(
            tax_number=row["tax_number"],
            tax_rule_id=row["tax_rule_id"],
            rule=rule,
            base_minor=row["base_minor"],
            tax_minor=row["tax_minor"],
            others=tuple(
                (other["tax_rule_id"], of_other)
                for other, of_other in zip(rows, rules, strict=True)
                if other["tax_number"] == row["tax_number"] and not other["is_own"]
            ),
        )
        for row, rule in zip(rows, rules, strict=True)
        if row["is_own"]
    )


def _cash_unit(connection: Connection, invoice: Invoice) -> CashUnitSource | None:
    if invoice.rounding is None:
        return None
    row = connection.execute(text(_CASH_UNIT), {"invoice": invoice.invoice_id}).mappings().first()
    if row is None:
        raise _incomplete(invoice)
    return CashUnitSource(cash_unit_id=row["cash_unit_id"], row=cash_unit_of(row))


def _issue(row: Row[Any]) -> IssueSource:
    return IssueSource(**{each.name: getattr(row, each.name) for each in fields(IssueSource)})


def _plan(row: RowMapping, record_format: int) -> PaymentPlan:
    plan = plan_of(row)
    # Plans promised no time to pay when a document of the first format was issued.
    return replace(plan, minimum_payment_days=0) if record_format == 1 else plan


_OF_TERM = tuple(each.name for each in fields(BilledTerm) if each.name not in {"charges", "payers"})


def _line(
    connection: Connection,
    invoice: Invoice,
    row: Row[Any],
    line: InvoiceLine,
    plan: PaymentPlan,
    parts: tuple[tuple[ChargeLine, ...], tuple[PayerShare, ...]],
) -> LineSource:
    is_change = row.charge_kind == PREMIUM_CHANGE.charge_kind
    return LineSource(
        line=line,
        contained_tax_minor=row.contained_tax_minor,
        term=BilledTerm(**{name: getattr(row, name) for name in _OF_TERM}, charges=parts[0], payers=parts[1]),
        payment_plan_id=row.payment_plan_id,
        plan=plan,
        charge_net_minor=row.charge_net_minor,
        charge_due_date=row.charge_due_date,
        charge_billing_date=row.charge_billing_date,
        change=read_change_source(connection, invoice.invoice_id, row.policy_term_id, row.revision)
        if is_change
        else None,
        payer_number=row.payer_number,
    )


def _incomplete(invoice: Invoice) -> BillingError:
    return BillingError(
        "record_incomplete",
        f"rows that invoice {invoice.invoice_number} rests on are gone",
        "restore them from a backup; 'billing audit' says what is missing",
    )
