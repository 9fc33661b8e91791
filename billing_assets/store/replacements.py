"""Replacements in the store: the invoice that is replaced, and the transaction that replaces it.

Belongs here: the store's side of ``steps.replacement_ports``, and what stands where invoices were replaced.
Does not belong here: amounts (``frames``), the order of work (``steps.replace_invoice``), the guard over what
may be replaced (``migrations``: a trigger locks the invoice).
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import date
from typing import Any

import polars as pl
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from billing_assets.domain.audit_acts import Act, AuditAct, Subject
from billing_assets.domain.invoices import DocumentKind
from billing_assets.domain.numbering import split_document_number
from billing_assets.domain.replacements import (
    ReplacementOrder,
    replaced_meanwhile,
    replacement_of_credit,
    run_waiting,
)
from billing_assets.domain.runs import CatchUp, CurrencyTotal, RunState
from billing_assets.reports.run_report import build_run_report
from billing_assets.steps.replacement_ports import ReplacedInvoice, ReplacementBook
from billing_assets.steps.run_ports import Clock, Run, Shard
from billing_assets.store.audit_log import record_act
from billing_assets.store.away_months import require_date_here, require_terms_here
from billing_assets.store.closed_days import read_closed_days
from billing_assets.store.copy import copy_out
from billing_assets.store.credits import GUARDS, read_credit_book
from billing_assets.store.holds import read_holds
from billing_assets.store.invoice_reader import invoice_missing
from billing_assets.store.invoices import DocumentTransaction, read_shard_book
from billing_assets.store.policies import refuse_unfinished_run
from billing_assets.store.refusals import constraint_of, is_billed_once
from billing_assets.store.replaced_terms import release_answered
from billing_assets.store.rule_sets import keep_rule_set, read_rules
from billing_assets.store.run_facts import read_run_facts, totals_of
from billing_assets.store.runs import SqlRunStore
from billing_assets.store.shards import SHARD_COLUMNS, SHARD_PLACES, shard_values

_MEANWHILE = GUARDS | {"invoice_replaced", "replacement_of_reversed"}

_HELD = """
select min(billing_date) from billing_run
where company_id = :company and state = 'held' and run_kind = 'billing'
"""
# What is printed of a company; whatever else it has set is nothing that an invoice says.
_PRINTED = (
    *("name", "address_lines", "country_code", "tax_number", "iban", "bic", "email", "phone", "website"),
    *("product_names", "cash_rounding"),
)
_INVOICE = """
select i.invoice_id, i.document_kind, i.issue_date, i.currency, i.payer_id,
    encode(y.content_sha256, 'hex') as payer_sha256, v.content as content, n.content as newest_content,
    coalesce(document_number(t.prefix, r.invoice_number), '') as replaced_by
from invoice i
join number_series s using (number_series_id)
join payer_version y using (payer_version_id)
join company_version v on v.company_version_id = i.company_version_id
cross join lateral (
    select content from company_version where company_id = i.company_id
    order by company_version_id desc limit 1
) n
left join invoice r on r.replaced_invoice_id = i.invoice_id
left join number_series t on t.number_series_id = r.number_series_id
where i.company_id = :company and s.prefix = :prefix and i.invoice_number = :number
"""
_TERMS = """
select l.policy_term_id, p.policy_number, p.policy_id, max(l.replacement_number) as replacement_number,
    max(v.payer_count) as payer_count
from invoice_line l join policy_term_version v using (policy_term_version_id)
join policy p on p.policy_id = v.policy_id
where l.invoice_id = :invoice group by 1, 2, 3 order by 3, 1
"""
_TAX_COLUMNS: dict[str, Any] = {
    "tax_code": pl.String,
    "category_code": pl.String,
    "rate_ppm": pl.Int64,
    "amount_minor": pl.Int64,
    "exemption_reason": pl.String,
    "base_minor": pl.Int64,
    "tax_minor": pl.Int64,
}
_TAXES = """
select r.tax_code, r.category_code, r.rate_ppm, r.amount_minor, r.exemption_reason, t.base_minor, t.tax_minor
from invoice_tax t join tax_rule r using (tax_rule_id) where t.invoice_id = %(invoice)s
"""
_STANDING = """
select (select coalesce(max(batch_id), 0) from intake_batch where company_id = :company) as batch_id,
    (select coalesce(max(company_closed_day_id), 0) from company_closed_day where company_id = :company)
        as closed_day_id
"""
_OPEN_RUN = """
insert into billing_run (company_id, billing_date, sequence_number, issuing_date, run_kind,
    correction_reason, approved_by, state, book_batch_id, shard_count, due_count, plan_totals, planned_at,
    finalised_at, closed_day_id, catch_up)
values (:company, :day,
    (select coalesce(max(sequence_number), 0) + 1 from billing_run
     where company_id = :company and billing_date = :day),
    :issuing, 'correction', :reason, :approved_by, 'finalised', :batch, 1, :due, cast(:totals as jsonb), :at,
    :at, :closed_day, :catch_up)
returning run_id, sequence_number
"""
_DOCUMENTS = 2
_SHARD = f"""
insert into run_shard (run_id, {SHARD_COLUMNS}, due_count, invoice_count, rule_set_id, seconds, committed_at)
values (:run, {SHARD_PLACES}, :due, {_DOCUMENTS}, :rules, '{{}}', :at)
"""  # noqa: S608 - constants
_KEEP_REPORT = """
update billing_run set report = cast(:report as jsonb) where run_id = :run
returning correction_reason, approved_by
"""


class SqlReplacementStore(SqlRunStore):
    """Replacements in PostgreSQL; the implementation of ``steps.replacement_ports.ReplacementStore``."""

    @contextmanager
    def replacement(self, company_id: int, invoice_number: str) -> Iterator["ReplacementTransaction"]:
        """Open the transaction of a replacement; it commits when the block ends well.

        Raises ``replaced_meanwhile`` where another program has credited or replaced the invoice.
        """
        try:
            with self.database.transaction() as connection:
                yield ReplacementTransaction(connection, company_id, self.clock)
        except IntegrityError as error:
            if constraint_of(error) in _MEANWHILE or is_billed_once(error):
                raise replaced_meanwhile(invoice_number) from error
            raise


class ReplacementTransaction(DocumentTransaction):
    """The transaction of a replacement; the implementation of ``steps.replacement_ports.ReplacementWork``."""

    def __init__(self, connection: Connection, company_id: int, clock: Clock) -> None:
        """Work on a connection whose transaction the caller commits."""
        super().__init__(connection, company_id)
        self.clock = clock
        self._policy_ids: tuple[int, ...] = ()

    def require_free(self) -> None:
        """Raise where a run was interrupted or waits for a decision: its plan rests on what is billed now."""
        refuse_unfinished_run(self.connection, self.company_id)
        day = self.connection.execute(text(_HELD), {"company": self.company_id}).scalar_one()
        if day is not None:
            raise run_waiting(day)

    def read_invoice(self, invoice_number: str) -> ReplacedInvoice:
        """Return the invoice with that printed number, whole."""
        prefix, number = split_document_number(invoice_number)
        values = {"company": self.company_id, "prefix": prefix, "number": number}
        row = self.connection.execute(text(_INVOICE), values).first()
        if row is None:
            raise invoice_missing(self.connection, self.company_id, invoice_number)
        if row.document_kind == DocumentKind.CREDIT_NOTE:
            raise replacement_of_credit(invoice_number)
        of_invoice = {"invoice": row.invoice_id}
        terms = self.connection.execute(text(_TERMS), of_invoice).all()
        require_terms_here(self.connection, [each.policy_term_id for each in terms], "what it bills")
        self._policy_ids = tuple(sorted({each.policy_id for each in terms}))
        return ReplacedInvoice(
            invoice_id=row.invoice_id,
            invoice_number=invoice_number,
            issue_date=row.issue_date,
            currency=row.currency,
            credit=read_credit_book(self.connection, [row.invoice_id]),
            taxes=copy_out(self.connection, _TAXES, of_invoice, _TAX_COLUMNS),
            payer_id=row.payer_id,
            payer_sha256=row.payer_sha256,
            is_company_changed=_printed(row.content) != _printed(row.newest_content),
            replacement_number=max(each.replacement_number for each in terms),
            replaced_by=row.replaced_by,
            share_policy=next((each.policy_number for each in terms if each.payer_count), ""),
            policy_numbers={each.policy_term_id: each.policy_number for each in terms},
        )

    def read_book(self) -> ReplacementBook:
        """Return today's book and rules for the policies of the invoice that was read."""
        ids = self._policy_ids
        standing = self.connection.execute(text(_STANDING), {"company": self.company_id}).one()
        shard = Shard(shard_number=0, from_policy_id=ids[0], to_policy_id=ids[-1] + 1, policy_ids=ids)
        as_of = shard.reads_until(date.min)
        return ReplacementBook(
            shard=shard,
            batch_id=standing.batch_id,
            closed_day_id=standing.closed_day_id,
            closed_days=read_closed_days(self.connection, self.company_id, standing.closed_day_id),
            rules=read_rules(self.connection),
            book=read_shard_book(self.connection, self.company_id, standing.batch_id, shard, as_of),
            holds=tuple(read_holds(self.connection, self.company_id)),
        )

    def open_run(
        self, order: ReplacementOrder, book: ReplacementBook, totals: tuple[CurrencyTotal, ...]
    ) -> Run:
        """Record the run of the correction, which is final when it is committed, with its one shard."""
        require_date_here(self.connection, self.company_id, order.billing_date)
        at, due_count = self.clock(), sum(total.charge_count for total in totals)
        values = {
            "company": self.company_id,
            "day": order.billing_date,
            "issuing": order.issuing_date,
            "reason": order.reason,
            "approved_by": order.approved_by,
            "batch": book.batch_id,
            "closed_day": book.closed_day_id,
            "due": due_count,
            "totals": json.dumps([asdict(total) for total in totals]),
            "at": at,
            "catch_up": CatchUp.ONE_INVOICE.value,
        }
        opened = self.connection.execute(text(_OPEN_RUN), values).one()
        of_shard = {"run": opened.run_id, "due": due_count, "at": at}
        rules = keep_rule_set(self.connection, book.rules, at)
        shard = replace(book.shard, until_dates=(order.billing_date,) * len(book.shard.policy_ids))
        self.connection.execute(text(_SHARD), {**of_shard, **shard_values(shard), "rules": rules})
        return Run(
            run_id=opened.run_id,
            company_id=self.company_id,
            billing_date=order.billing_date,
            sequence_number=opened.sequence_number,
            issuing_date=order.issuing_date,
            state=RunState.FINALISED,
            book_batch_id=book.batch_id,
            due_count=due_count,
            plan_totals=totals,
            closed_day_id=book.closed_day_id,
        )

    def close_run(
        self,
        run: Run,
        invoice_number: str,
        replacement_number: str,
        prove: Callable[[tuple[CurrencyTotal, ...]], None],
    ) -> None:
        """Store the report, record who replaced what, and release the terms that this answers."""
        at = self.clock()
        facts = read_run_facts(self.connection, run.run_id, at, {})
        prove(totals_of(facts))
        report = json.dumps(build_run_report(facts), ensure_ascii=False)
        kept = self.connection.execute(text(_KEEP_REPORT), {"run": run.run_id, "report": report}).one()
        release_answered(
            self.connection,
            run,
            self._policy_ids,
            note=f"{replacement_number} replaces {invoice_number}: {kept.correction_reason}",
            closed_by=kept.approved_by,
            at=at,
        )
        act = AuditAct(
            act=Act.REGENERATE,
            subject=Subject.RUN,
            subject_id=str(run.run_id),
            company_id=self.company_id,
            reason=kept.correction_reason,
            signed_by=kept.approved_by,
            before={"invoice": invoice_number},
            after={"invoice": replacement_number},
        )
        record_act(self.connection, act, at)


def _printed(content: str) -> dict[str, object]:
    """Return what documents print of a company, as its frozen content has it."""
    record = json.loads(content)
    return {name: record.get(name) for name in _PRINTED}
