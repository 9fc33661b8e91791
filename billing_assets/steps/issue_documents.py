"""Issue: drafts become documents, numbered and posted, in the transaction of whoever issues them.

Belongs here: the order in which the rows of documents are written, for runs, corrections and requests alike.
Does not belong here: rows (``frames.numbered``, ``frames.ledger``), drawing the numbers (``store``), what a
run does beside it (``raise_invoices``).
"""

from dataclasses import dataclass
from datetime import date

import polars as pl

from billing_assets.domain.calendar_rule import Purpose
from billing_assets.domain.invoices import DocumentKind
from billing_assets.domain.template_choice import TemplateChoice
from billing_assets.frames.document_templates import DocumentTemplates
from billing_assets.frames.invoices import Drafts
from billing_assets.frames.ledger import entry_rows, posting_rows, rounding_rows
from billing_assets.frames.numbered import (
    Heading,
    charge_rows,
    invoice_rows,
    line_rows,
    number_drafts,
    tax_rows,
)
from billing_assets.frames.numbered_credits import credit_line_rows, credit_rows, number_credits
from billing_assets.steps.choose_templates import choose_templates
from billing_assets.steps.crews import WaitForTurn
from billing_assets.steps.issue_ports import DocumentWork, IssueWork, NumberBlock
from billing_assets.steps.price_plan import Scope
from billing_assets.steps.run_ports import Issuer, Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuing:
    """By what documents of a run are issued; ``prefix`` begins the numbers of its invoices.

    ``credit_template`` is None where the run gives nothing back.
    """

    run: Run
    scope: Scope
    prefix: str
    template: TemplateChoice
    credit_template: TemplateChoice | None


def issue_drafts(work: Issuing, drafts: Drafts, transaction: IssueWork, wait_for_turn: WaitForTurn) -> None:
    """Write lines, taxes and postings first, then lock the number series for the short rest: the heads."""
    count, run, company_id = drafts.invoices.height, work.run, work.scope.issuer.company_id
    notes = drafts.credits
    ids = pl.Series("invoice_id", [], dtype=pl.Int64)
    if drafts.document_count:
        ids = transaction.draw_invoice_ids(drafts.document_count)
    transaction.write_charges(charge_rows(drafts, ids, run.run_id, company_id))
    transaction.write_lines(line_rows(drafts, ids, company_id))
    transaction.write_taxes(tax_rows(drafts, ids, company_id))
    transaction.write_postings(posting_rows(drafts, ids, DocumentKind.INVOICE, company_id))
    if notes:
        write_note_lines(transaction, notes, ids[count:], company_id)
    templates = choose_templates(drafts, work.template, transaction)
    if drafts.document_count:
        wait_for_turn()
    if count:
        _number_invoices(work, drafts, ids[:count], templates, transaction)
    if notes:
        number_notes(
            transaction,
            notes,
            ids[count:],
            run_id=run.run_id,
            issuer=work.scope.issuer,
            template=_required(work.credit_template),
            issuing_date=run.issuing_date,
        )


def _number_invoices(
    work: Issuing, drafts: Drafts, ids: pl.Series, templates: DocumentTemplates, transaction: IssueWork
) -> None:
    count, run = drafts.invoices.height, work.run
    block = transaction.draw_numbers(count, DocumentKind.INVOICE, work.prefix, run.issuing_date)
    numbered = number_drafts(
        drafts,
        heading_of(block, work.scope.issuer, templates),
        cash_units=work.scope.cash_units,
        closed_due_days=work.scope.closed_days.of(Purpose.DUE),
    )
    rows = invoice_rows(
        numbered,
        ids,
        run_id=run.run_id,
        number_series_id=block.number_series_id,
        company_version_id=work.scope.issuer.company_version_id,
        template_version_id=templates.version_ids,
    )
    write_heads(transaction, rows)


def write_note_lines(work: DocumentWork, notes: Drafts, ids: pl.Series, company_id: int) -> None:
    """Write what credit notes need no number for; the store locks the lines that they credit."""
    work.write_lines(credit_line_rows(notes, ids, company_id))
    work.write_taxes(tax_rows(notes, ids, company_id))
    work.write_postings(posting_rows(notes, ids, DocumentKind.CREDIT_NOTE, company_id))


def number_notes(
    work: DocumentWork,
    notes: Drafts,
    ids: pl.Series,
    *,
    run_id: int,
    issuer: Issuer,
    template: TemplateChoice,
    issuing_date: date,
    reason: str | None = None,
) -> NumberBlock:
    """Number credit notes, each with its own reason if none is given, and return the block of their numbers.

    None is dated before an invoice that it credits.
    """
    templates = choose_templates(notes, template, work)
    day = max(issuing_date, *notes.invoices["original_issue_date"].to_list())
    prefix = issuer.company.credit_note_prefix
    block = work.draw_numbers(notes.invoices.height, DocumentKind.CREDIT_NOTE, prefix, day)
    rows = credit_rows(
        number_credits(notes, heading_of(block, issuer, templates), reason=reason),
        ids,
        run_id=run_id,
        number_series_id=block.number_series_id,
        company_version_id=issuer.company_version_id,
        template_version_id=templates.version_ids,
    )
    write_heads(work, rows)
    return block


def _required(template: TemplateChoice | None) -> TemplateChoice:
    if template is None:
        raise TypeError("a run that gives something back needs a template of credit notes")
    return template


def heading_of(block: NumberBlock, issuer: Issuer, templates: DocumentTemplates) -> Heading:
    """Return the heads of the documents of a block: its numbers and date, the issuer, the templates."""
    return Heading(
        prefix=block.prefix,
        first_number=block.first_number,
        issue_date=block.issue_date,
        company_id=issuer.company_id,
        company_sha256=issuer.company_sha256,
        template_sha256=templates.hashes,
    )


def write_heads(work: DocumentWork, invoices: pl.DataFrame) -> None:
    """Write rows of table ``invoice``, the ledger entry of each, and what its sum payable is rounded by."""
    work.write_invoices(invoices)
    work.write_entries(entry_rows(invoices))
    work.write_postings(rounding_rows(invoices))
