"""From priced credit notes to the rows of numbered documents.

Belongs here: what a numbered credit note has beside what every document has (``numbered``).
Does not belong here: drawing the numbers (``store.credits``), prices (``credits``).
"""

import polars as pl

from billing_assets.domain.invoices import DocumentKind
from billing_assets.frames.invoices import Drafts
from billing_assets.frames.numbered import Heading, invoice_rows, line_rows, with_numbers
from billing_assets.frames.snapshots import CREDIT_RECORD_FORMAT, bodies_of, with_record_hashes


def number_credits(drafts: Drafts, heading: Heading, *, reason: str | None) -> pl.DataFrame:
    """Return the credit notes with number, dates, reason and ``snapshot_sha256``.

    Where no reason is given, each has its own, in ``credit_reason``. Nothing falls due by a credit note: its
    due date is its issue date.

    >>> from datetime import date
    >>> head = {
    ...     "draft_index": 0,
    ...     "original_number": "INV-00000042",
    ...     "tax_point_date": date(2024, 1, 1),
    ...     "currency": "EUR",
    ...     "net_minor": 100,
    ...     "tax_minor": 0,
    ...     "total_minor": 100,
    ...     "payer_sha256": "p",
    ...     "cash_unit_id": None,
    ...     "has_charge_lines": False,
    ... }
    >>> part = pl.DataFrame({"draft_index": [0]})
    >>> from billing_assets.frames.snapshots import FORMATS
    >>> form = FORMATS[CREDIT_RECORD_FORMAT]
    >>> lines, taxes = (
    ...     part.with_columns(pl.lit("").alias(n) for n in names) for names in (form.line, form.tax)
    ... )
    >>> lines = lines.with_columns(has_charge_lines=pl.lit(value=False))
    >>> drafts = Drafts(invoices=pl.DataFrame([head]), lines=lines, taxes=taxes, charges=part)
    >>> of_company = {"company_id": 1, "company_sha256": "c", "template_sha256": "d"}
    >>> heading = Heading(prefix="CRN-", first_number=7, issue_date=date(2024, 3, 1), **of_company)
    >>> numbered = number_credits(drafts, heading, reason="the car was sold")
    >>> numbered.select("document_number", "credit_reason").row(0)
    ('CRN-00000007', 'the car was sold')
    """
    notes = drafts.invoices.with_columns(
        due_date=pl.lit(heading.issue_date),
        credit_reason=pl.col("credit_reason") if reason is None else pl.lit(reason),
    )
    heads = with_numbers(notes, DocumentKind.CREDIT_NOTE, heading)
    return with_record_hashes(heads, bodies_of(drafts.lines, drafts.taxes, CREDIT_RECORD_FORMAT))


def credit_rows(
    numbered: pl.DataFrame,
    ids: pl.Series,
    *,
    run_id: int,
    number_series_id: int,
    company_version_id: int,
    template_version_id: int | pl.Series,
) -> pl.DataFrame:
    """Return the rows of table ``invoice``.

    >>> names = ["company_id", "invoice_number", "document_kind", "issue_date", "due_date", "tax_point_date"]
    >>> names += ["currency", "net_minor", "tax_minor", "total_minor", "payer_id", "payer_version_id"]
    >>> names += ["cash_unit_id", "cash_unit_minor", "cash_rounding_minor"]
    >>> names += ["record_format", "snapshot_sha256", "original_invoice_id", "credit_reason"]
    >>> numbered = pl.DataFrame([dict.fromkeys(names, 7)])
    >>> keys = {"number_series_id": 2, "company_version_id": 1, "template_version_id": 3}
    >>> credit_rows(numbered, pl.Series([502]), run_id=9, **keys)["credited_invoice_id"].item()
    7
    """
    rows = invoice_rows(
        numbered,
        ids,
        run_id=run_id,
        number_series_id=number_series_id,
        company_version_id=company_version_id,
        template_version_id=template_version_id,
    )
    return rows.with_columns(
        credited_invoice_id=numbered["original_invoice_id"], credit_reason=numbered["credit_reason"]
    )


def credit_line_rows(drafts: Drafts, ids: pl.Series, company_id: int) -> pl.DataFrame:
    """Return the rows of table ``invoice_line``, each with the line that it credits.

    >>> names = ["line_number", "policy_term_id", "policy_term_version_id", "payer_id", "charge_kind"]
    >>> names += ["installment_number", "installment_count", "revision", "period_from_date", "period_to_date"]
    >>> names += ["net_minor", "tax_minor", "contained_tax_minor", "payment_plan_id"]
    >>> names += ["charge_number", "split_number"]
    >>> names += ["original_invoice_id", "credited_line_number"]
    >>> lines = pl.DataFrame([{**dict.fromkeys(names, 3), "draft_index": 0}])
    >>> drafts = Drafts(invoices=lines, lines=lines, taxes=lines, charges=lines)
    >>> rows = credit_line_rows(drafts, pl.Series([502]), company_id=1)
    >>> rows.select("invoice_id", "credited_invoice_id", "credited_line_number").row(0)
    (502, 3, 3)
    """
    return line_rows(drafts, ids, company_id).with_columns(
        credited_invoice_id=drafts.lines["original_invoice_id"],
        credited_line_number=drafts.lines["credited_line_number"],
    )
