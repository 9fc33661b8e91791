"""Credit notes in the store: the invoices that they give back, and the transaction of a correction.

Belongs here: the store's side of ``steps.credit_ports``.
Does not belong here: amounts (``frames``), the order of work (``steps.credit_invoices``), the guard over what
is credited (``migrations``: a trigger locks the line).
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from billing_assets.domain.audit_acts import Act, AuditAct, Subject
from billing_assets.domain.credits import CreditOrder, credit_of_credit
from billing_assets.domain.errors import BillingError
from billing_assets.domain.invoices import DocumentKind
from billing_assets.domain.numbering import document_number, split_document_number
from billing_assets.frames.columns import CHARGED_TAX_SCHEMA, CREDITABLE_LINE_SCHEMA
from billing_assets.reports.run_report import build_run_report
from billing_assets.steps.credit_ports import CreditBook
from billing_assets.steps.run_ports import Clock
from billing_assets.store.audit_log import record_act
from billing_assets.store.away_months import require_date_here
from billing_assets.store.charged_rules import CHARGED_TAXES
from billing_assets.store.copy import copy_out
from billing_assets.store.invoice_reader import invoice_missing
from billing_assets.store.invoices import DocumentTransaction
from billing_assets.store.refusals import constraint_of
from billing_assets.store.run_facts import read_run_facts
from billing_assets.store.runs import SqlRunStore

GUARDS = frozenset({"credit_within_original", "credit_of_original"})
"""Constraints that refuse a credit beyond what was charged."""

_FOUND = """
select i.invoice_id, s.prefix, i.invoice_number, i.document_kind
from unnest(cast(:prefixes as text[]), cast(:numbers as bigint[])) as w (prefix, number)
join number_series s on s.company_id = :company and s.prefix = w.prefix
join invoice i on i.number_series_id = s.number_series_id and i.invoice_number = w.number
"""

# An invoice of format 1 names no plan row: it is the one that was valid when the term began.
_LINES = """
select i.invoice_id, document_number(s.prefix, i.invoice_number), i.issue_date, l.line_number,
    l.policy_term_id, l.policy_term_version_id, l.payer_id, y.payer_version_id, l.charge_kind,
    l.installment_number, l.installment_count, l.revision, l.charge_number, l.split_number,
    coalesce(h.line_of_business, v.line_of_business), v.place_code, i.currency,
    v.effective_date, l.period_from_date, l.period_to_date, l.net_minor, l.tax_minor, l.contained_tax_minor,
    coalesce(c.net_minor, 0), coalesce(c.tax_minor, 0), null::bigint, n.payment_plan_id,
    i.cash_unit_id, i.cash_unit_minor,
    encode(v.content_sha256, 'hex'), encode(y.content_sha256, 'hex'), encode(n.content_sha256, 'hex')
from invoice i
join number_series s using (number_series_id)
join invoice_line l using (invoice_id)
join policy_term_version v using (policy_term_version_id)
left join policy_term_charge h on h.policy_term_version_id = l.policy_term_version_id
    and h.charge_number = l.charge_number
join payment_plan n on n.payment_plan_id = coalesce(l.payment_plan_id, (
    select p.payment_plan_id from payment_plan p
    where p.plan_code = v.plan_code and p.valid_from <= v.effective_date
    order by p.valid_from desc limit 1))
cross join lateral (
    select payer_version_id, content_sha256 from payer_version
    where payer_id = i.payer_id order by payer_version_id desc limit 1
) y
left join lateral (
    select sum(k.net_minor) as net_minor, sum(k.tax_minor) as tax_minor from invoice_line k
    where k.credited_invoice_id = l.invoice_id and k.credited_line_number = l.line_number
) c on true
where i.invoice_id = any(%(ids)s) order by i.invoice_id, l.line_number
"""

_OPEN_RUN = """
insert into billing_run (company_id, billing_date, sequence_number, issuing_date, run_kind,
    correction_reason, approved_by, state, book_batch_id, shard_count, due_count, plan_totals, planned_at,
    finalised_at, closed_day_id)
values (:company, :day,
    (select coalesce(max(sequence_number), 0) + 1 from billing_run
     where company_id = :company and billing_date = :day),
    :issuing, 'correction', :reason, :approved_by, 'finalised',
    (select coalesce(max(batch_id), 0) from intake_batch where company_id = :company), 0, 0, '[]', :at, :at,
    (select coalesce(max(company_closed_day_id), 0) from company_closed_day where company_id = :company))
returning run_id
"""
_KEEP_REPORT = """
update billing_run set report = cast(:report as jsonb) where run_id = :run
returning correction_reason, approved_by
"""


class SqlCreditStore(SqlRunStore):
    """Corrections in PostgreSQL; the implementation of ``steps.credit_ports.CreditStore``."""

    @contextmanager
    def correction(self, company_id: int) -> Iterator["CreditTransaction"]:
        """Open the transaction of a correction; it commits when the block ends well.

        Raises ``credited_meanwhile`` where another program has credited one of its lines.
        """
        try:
            with self.database.transaction() as connection:
                yield CreditTransaction(connection, company_id, self.clock)
        except IntegrityError as error:
            if constraint_of(error) in GUARDS:
                raise _credited_meanwhile() from error
            raise


class CreditTransaction(DocumentTransaction):
    """The transaction of a correction; the implementation of ``steps.credit_ports.CreditWork``."""

    def __init__(self, connection: Connection, company_id: int, clock: Clock) -> None:
        """Work on a connection whose transaction the caller commits."""
        super().__init__(connection, company_id)
        self.clock = clock

    def read_book(self, invoice_numbers: Sequence[str]) -> CreditBook:
        """Return the invoices with these printed numbers, and what was given back of them."""
        return read_credit_book(self.connection, self._ids_of(invoice_numbers))

    def open_run(self, order: CreditOrder) -> int:
        """Record the run of the correction, which is final when it is committed."""
        require_date_here(self.connection, self.company_id, order.billing_date)
        values = {
            "company": self.company_id,
            "day": order.billing_date,
            "issuing": order.issuing_date,
            "reason": order.reason,
            "approved_by": order.approved_by,
            "at": self.clock(),
        }
        return int(self.connection.execute(text(_OPEN_RUN), values).scalar_one())

    def close_run(self, run_id: int) -> None:
        """Store the report of the run, and record who gave what back."""
        at = self.clock()
        report = build_run_report(read_run_facts(self.connection, run_id, at, {}))
        values = {"run": run_id, "report": json.dumps(report, ensure_ascii=False)}
        run = self.connection.execute(text(_KEEP_REPORT), values).one()
        act = AuditAct(
            act=Act.CREDIT,
            subject=Subject.RUN,
            subject_id=str(run_id),
            company_id=self.company_id,
            reason=run.correction_reason,
            signed_by=run.approved_by,
            after={"credit_notes": report["credit_notes"], "numbers": report["numbers"]},
        )
        record_act(self.connection, act, at)

    def _ids_of(self, invoice_numbers: Sequence[str]) -> list[int]:
        parts = [split_document_number(number) for number in invoice_numbers]
        values = {
            "company": self.company_id,
            "prefixes": [prefix for prefix, _ in parts],
            "numbers": [number for _, number in parts],
        }
        found = {(row[1], row[2]): row for row in self.connection.execute(text(_FOUND), values)}
        for prefix, number in parts:
            if (prefix, number) not in found:
                raise invoice_missing(self.connection, self.company_id, document_number(prefix, number))
            if found[prefix, number].document_kind == DocumentKind.CREDIT_NOTE:
                raise credit_of_credit(document_number(prefix, number))
        return sorted({int(row.invoice_id) for row in found.values()})


def read_credit_book(connection: Connection, invoice_ids: Sequence[int]) -> CreditBook:
    """Return invoices whole, with what was given back of them."""
    ids = {"ids": list(invoice_ids)}
    return CreditBook(
        lines=copy_out(connection, _LINES, ids, CREDITABLE_LINE_SCHEMA),
        taxes=copy_out(connection, CHARGED_TAXES, ids, CHARGED_TAX_SCHEMA),
    )


def _credited_meanwhile() -> BillingError:
    return BillingError(
        "credited_meanwhile",
        "another program has credited one of these lines meanwhile; nothing was written",
        "run the same command again: it says what is left",
    )
