"""Replace: an issued invoice is given back in full, and billed anew by today's book and rules, in one act.

Belongs here: the order of work of a replacement, and what cannot be replaced.
Does not belong here: formulas (``frames``), SQL (``store``).

One transaction and one run, of the kind of corrections: credit note and new invoice are there together or not
at all. The new invoice bills the installments of the old one, each whole, and no other.
"""

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial

import polars as pl

from billing_assets.domain.calendar_rule import Purpose
from billing_assets.domain.credits import WantedCredit, approved_credit
from billing_assets.domain.holds import HoldClock, stopped
from billing_assets.domain.invoices import DocumentKind
from billing_assets.domain.numbering import document_number
from billing_assets.domain.replacements import (
    Change,
    ReplacementOrder,
    invoice_reversed,
    replacement_not_due,
    replacement_unchanged,
    replacement_unsupported,
)
from billing_assets.domain.runs import OUTCOME_REASONS, CatchUp, CurrencyTotal, Outcome
from billing_assets.frames.cash_rounding import used_units, with_cash_units
from billing_assets.frames.credits import draft_credits, with_wanted
from billing_assets.frames.invoices import Drafts
from billing_assets.frames.ledger import posting_rows
from billing_assets.frames.numbered import charge_rows, number_drafts, tax_rows
from billing_assets.frames.replacements import (
    answered_terms,
    changes_of,
    installments_of,
    not_settled,
    replacement_line_rows,
    replacement_rows,
    replacing,
)
from billing_assets.steps.choose_templates import choose_templates
from billing_assets.steps.credit_invoices import wanted_frame
from billing_assets.steps.issue_documents import heading_of, number_notes, write_heads, write_note_lines
from billing_assets.steps.issue_ports import Templates
from billing_assets.steps.price_plan import Scope, totals_of
from billing_assets.steps.raise_invoices import require_complete
from billing_assets.steps.replacement_ports import (
    ReplacedInvoice,
    ReplacementBook,
    ReplacementStore,
    ReplacementWork,
)
from billing_assets.steps.result import StepResult, Stopwatch
from billing_assets.steps.run_ports import Issuer, Progress, Run, silent

_NOT_IN_BOOK = "the book or the plan has no such installment any more"
_SEVERAL = "its policies would stand on several invoices by now"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplacementOutcome:
    """What a replacement did, or would do: both documents as priced, and their numbers where they have any.

    ``old_lines`` (``columns.CREDITABLE_LINE_SCHEMA``) are those of the invoice that is replaced.
    """

    result: StepResult
    changes: tuple[Change, ...]
    old_currency: str
    old_lines: pl.DataFrame
    note: Drafts
    drafts: Drafts
    note_number: str = ""
    invoice_number: str = ""


def replace_invoice(
    order: ReplacementOrder,
    *,
    store: ReplacementStore,
    templates: Templates,
    progress: Progress = silent,
    is_dry_run: bool = False,
) -> ReplacementOutcome:
    """Give an invoice back and issue another in its place; a dry run only works both out.

    Raises:
        BillingError: ``credit_unapproved``, ``invoice_unknown``, ``replacement_of_credit``,
            ``invoice_reversed``, ``replacement_unchanged``, ``replacement_not_due``,
            ``replacement_unsupported``, ``run_unfinished``, ``run_waiting``, ``replaced_meanwhile``.
    """
    reason, approved_by = approved_credit(order.reason, order.approved_by)
    order = replace(order, reason=reason, approved_by=approved_by)
    timer, issuer = Stopwatch(), store.issuer(order.company_code)
    # Who only looks waits for nobody.
    turn = nullcontext() if is_dry_run else store.lock_runs(issuer.company_id, progress)
    with turn, store.replacement(issuer.company_id, order.invoice_number) as work:
        with timer("read"):
            if not is_dry_run:
                work.require_free()
            old = work.read_invoice(order.invoice_number)
            book = work.read_book()
        # Neither document is dated before the invoice.
        order = replace(order, issuing_date=max(order.issuing_date, old.issue_date))
        with timer("calculate"):
            note = _given_back(old, book)
            scope = _scope(order, issuer, book)
            drafts = _priced(scope, old, book)
            changes = _changes(old, drafts)
        if not changes and not order.is_forced:
            raise replacement_unchanged(old.invoice_number)
        facts: dict[str, int | str] = {"replaced_number": old.invoice_number, "change_count": len(changes)}
        numbers = ("", "")
        if not is_dry_run:
            with timer("write"):
                run, numbers = _issue(_Replacing(order, scope, templates, old, book), note, drafts, work)
                facts["run_id"] = run.run_id
    return ReplacementOutcome(
        result=StepResult(step="replace_invoice", facts=facts, seconds=timer.seconds),
        changes=changes,
        old_currency=old.currency,
        old_lines=old.credit.lines,
        note=note,
        drafts=_payable(drafts, scope, order),
        note_number=numbers[0],
        invoice_number=numbers[1],
    )


def _given_back(old: ReplacedInvoice, book: ReplacementBook) -> Drafts:
    """Return the credit note of all that is left of the invoice."""
    wanted = wanted_frame([WantedCredit(invoice_number=old.invoice_number)])
    note = draft_credits(with_wanted(old.credit.lines, wanted), old.credit.taxes, book.rules.tax_rules)
    if note.invoices.is_empty():
        raise invoice_reversed(old.invoice_number, old.replaced_by)
    return note


def _scope(order: ReplacementOrder, issuer: Issuer, book: ReplacementBook) -> Scope:
    company = issuer.company
    return Scope(
        issuer=issuer,
        billing_date=order.billing_date,
        place_code=company.place_code,
        batch_id=book.batch_id,
        rules=book.rules,
        closed_days=book.closed_days,
        held_until=None,
        # What stood on one document stays on one, be it of one period or of several.
        catch_up=CatchUp.ONE_INVOICE,
        run_dates=None,
        cash_units=used_units(book.rules.cash_units, company.cash_rounding),
        holds=stopped(HoldClock.BILL, book.holds, (order.billing_date, order.issuing_date)),
    )


def _priced(scope: Scope, old: ReplacedInvoice, today: ReplacementBook) -> Drafts:
    """Return the one draft that bills the installments of the invoice by today's book and rules."""
    _refuse_unsupported(old, today)
    installments = installments_of(old.credit.lines)
    mine = installments.select("policy_term_id").unique()
    terms = answered_terms(today.book.terms.join(mine, on="policy_term_id", how="semi"))
    book = replace(today.book, terms=terms, settled=not_settled(today.book.settled, installments))
    last = replace(scope, billing_date=scope.last_day(terms))
    due = last.installments(book).join(
        installments, on=["policy_term_id", "installment_number"], how="semi", maintain_order="left"
    )
    _refuse_missing(installments, due, old)
    drafts = scope.priced(due)
    failed = drafts.charges.filter(pl.col("outcome") != Outcome.INVOICED.value)
    if failed.height:
        raise _not_billed(failed)
    if (drafts.lines["payer_number"] > 0).any():
        policy = drafts.lines.filter(pl.col("payer_number") > 0)["policy_number"][0]
        raise replacement_unsupported(old.invoice_number, f"policy {policy} has several payers")
    if drafts.invoices.height != 1:
        raise replacement_unsupported(old.invoice_number, _SEVERAL)
    return drafts


def _refuse_unsupported(old: ReplacedInvoice, today: ReplacementBook) -> None:
    """Refuse what rests on more than its own installments: shares of several payers, changes of terms."""
    if old.share_policy:
        raise replacement_unsupported(old.invoice_number, f"policy {old.share_policy} has several payers")
    if today.book.changes is None:
        return
    changed = today.book.terms.join(today.book.changes.changes, on="policy_term_id", how="semi")
    own = changed.join(old.credit.lines, on="policy_term_id", how="semi")
    if own.height:
        policy = own["policy_number"][0]
        why = f"policy {policy} has changes of terms, which are billed by their differences"
        raise replacement_unsupported(old.invoice_number, why)


def _refuse_missing(installments: pl.DataFrame, due: pl.DataFrame, old: ReplacedInvoice) -> None:
    missing = installments.join(due, on=["policy_term_id", "installment_number"], how="anti")
    if missing.height:
        term_id, number = missing.row(0)
        raise replacement_not_due(old.policy_numbers[term_id], number, _NOT_IN_BOOK)


def _not_billed(charges: pl.DataFrame) -> Exception:
    names = ["policy_number", "installment_number", "outcome", "reason_code"]
    policy, number, outcome, reason = charges.select(names).row(0)
    return replacement_not_due(policy, number, f"it is {outcome}: {OUTCOME_REASONS.get(reason, reason)}")


def _changes(old: ReplacedInvoice, drafts: Drafts) -> tuple[Change, ...]:
    head = drafts.invoices.row(0, named=True)
    is_other_payer = (head["payer_id"], head["payer_sha256"]) != (old.payer_id, old.payer_sha256)
    found: Mapping[Change, bool] = {
        **dict.fromkeys(changes_of(old.credit.lines, old.taxes, drafts), True),
        Change.PAYER: is_other_payer,
        Change.COMPANY: old.is_company_changed,
    }
    return tuple(change for change in Change if found.get(change))


def _payable(drafts: Drafts, scope: Scope, order: ReplacementOrder) -> Drafts:
    """Return the draft with its sum payable, rounded as of the day on which it is to be issued."""
    return replace(drafts, invoices=with_cash_units(drafts.invoices, scope.cash_units, order.issuing_date))


@dataclass(frozen=True, slots=True)
class _Replacing:
    """What the documents of a replacement are issued by."""

    order: ReplacementOrder
    scope: Scope
    templates: Templates
    old: ReplacedInvoice
    book: ReplacementBook


def _issue(
    by: _Replacing, note: Drafts, drafts: Drafts, work: ReplacementWork
) -> tuple[Run, tuple[str, str]]:
    """Write both documents; return the run, and the numbers of credit note and invoice.

    Lines go first: the store locks what they credit. The new invoice is numbered last, once nothing is left
    of the old one.
    """
    company_id = by.scope.issuer.company_id
    run = work.open_run(by.order, by.book, _totals(drafts))
    ids = work.draw_invoice_ids(2)
    of_note, of_invoice = ids.head(1), ids.tail(1)
    write_note_lines(work, note, of_note, company_id)
    work.write_charges(charge_rows(drafts, of_invoice, run.run_id, company_id))
    work.write_lines(replacement_line_rows(drafts, of_invoice, company_id, by.old.replacement_number + 1))
    work.write_taxes(tax_rows(drafts, of_invoice, company_id))
    work.write_postings(posting_rows(drafts, of_invoice, DocumentKind.INVOICE, company_id))
    block = number_notes(
        work,
        note,
        of_note,
        run_id=run.run_id,
        issuer=by.scope.issuer,
        template=by.templates.credit(),
        issuing_date=by.order.issuing_date,
        reason=by.order.reason,
    )
    invoice_number = _number_invoice(by, run, drafts, of_invoice, work)
    prove = partial(require_complete, run)
    work.close_run(run, by.old.invoice_number, invoice_number, prove)
    return run, (document_number(block.prefix, block.first_number), invoice_number)


def _totals(drafts: Drafts) -> tuple[CurrencyTotal, ...]:
    by_outcome = drafts.charges.group_by("outcome", "currency")
    return totals_of(by_outcome.agg(charge_count=pl.len(), net_minor=pl.col("net_minor").sum()))


def _number_invoice(by: _Replacing, run: Run, drafts: Drafts, ids: pl.Series, work: ReplacementWork) -> str:
    scope, templates = by.scope, choose_templates(drafts, by.templates.invoice, work)
    prefix = scope.issuer.company.invoice_prefix
    block = work.draw_numbers(1, DocumentKind.INVOICE, prefix, run.issuing_date)
    numbered = number_drafts(
        replacing(drafts, by.old.invoice_number, by.old.issue_date),
        heading_of(block, scope.issuer, templates),
        cash_units=scope.cash_units,
        closed_due_days=scope.closed_days.of(Purpose.DUE),
    )
    rows = replacement_rows(
        numbered,
        ids,
        by.old.invoice_id,
        run_id=run.run_id,
        number_series_id=block.number_series_id,
        company_version_id=scope.issuer.company_version_id,
        template_version_id=templates.version_ids,
    )
    write_heads(work, rows)
    return document_number(block.prefix, block.first_number)
