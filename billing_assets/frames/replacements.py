"""From an issued invoice to the draft that is to stand in its place.

Belongs here: which installments are billed again, what the new draft has otherwise, and its rows.
Does not belong here: what an installment comes to (``due_charges``, ``invoices``), what is given back of the
old one (``credits``).

The installments are those of the invoice, each of them whole: every charge that they have by today's book and
rules. That an installment was billed before, and that the book changed since, does not speak against it.
"""

from dataclasses import replace
from datetime import date

import polars as pl

from billing_assets.domain.policies import HoldCode
from billing_assets.domain.replacements import Change
from billing_assets.frames.columns import SETTLED_SCHEMA
from billing_assets.frames.invoices import Drafts
from billing_assets.frames.numbered import invoice_rows, line_rows

_INSTALLMENT = ["policy_term_id", "installment_number"]
_LINE = (
    *("policy_term_id", "charge_kind", "installment_number", "installment_count", "charge_number"),
    *("period_from_date", "period_to_date", "net_minor", "tax_minor", "contained_tax_minor"),
)
_TAX = (
    *("tax_code", "category_code", "rate_ppm", "amount_minor", "exemption_reason"),
    *("base_minor", "tax_minor"),
)
_TERM = ("policy_term_id", "term_sha256")
_PLAN = ("policy_term_id", "plan_sha256")


def installments_of(lines: pl.DataFrame) -> pl.DataFrame:
    """Return the installments that lines bill (``columns.SETTLED_SCHEMA``), each once.

    >>> lines = pl.DataFrame({"policy_term_id": [7, 7], "installment_number": [2, 2], "line_number": [1, 2]})
    >>> installments_of(lines).rows()
    [(7, 2)]
    """
    return lines.select(list(SETTLED_SCHEMA)).unique().sort(_INSTALLMENT)


def not_settled(settled: pl.DataFrame, installments: pl.DataFrame) -> pl.DataFrame:
    """Return what is settled of the book but for the installments that are to be billed again.

    >>> settled = pl.DataFrame({"policy_term_id": [7, 7], "installment_number": [1, 2]})
    >>> not_settled(settled, settled.head(1)).rows()
    [(7, 2)]
    """
    return settled.join(installments, on=_INSTALLMENT, how="anti", maintain_order="left")


def answered_terms(terms: pl.DataFrame) -> pl.DataFrame:
    """Return the terms without the hold that the replacement answers: changed after they were billed.

    >>> terms = pl.DataFrame({"hold_code": ["changed_after_billing", "row_is_problem", None]})
    >>> answered_terms(terms)["hold_code"].to_list()
    [None, 'row_is_problem', None]
    """
    is_answered = pl.col("hold_code") == HoldCode.CHANGED_AFTER_BILLING.value
    return terms.with_columns(hold_code=pl.when(is_answered.not_().fill_null(value=True)).then("hold_code"))


def changes_of(lines: pl.DataFrame, taxes: pl.DataFrame, drafts: Drafts) -> tuple[Change, ...]:
    """Return what of lines, taxes, terms and plans a draft has otherwise than the invoice.

    ``lines`` (``columns.CREDITABLE_LINE_SCHEMA``) and ``taxes`` (tax rows by their words, with base and
    amount) are those of the invoice, whatever was given back of it.

    >>> line = {**dict.fromkeys(_LINE, 1), "term_sha256": "t", "plan_sha256": "p"}
    >>> tax = dict.fromkeys(_TAX, 2)
    >>> lines, taxes = pl.DataFrame([line]), pl.DataFrame([tax])
    >>> drafts = Drafts(
    ...     invoices=lines, lines=lines.with_columns(net_minor=3), taxes=taxes, charges=lines.clear()
    ... )
    >>> changes_of(lines, taxes, drafts)
    (<Change.LINES: 'lines'>,)
    """
    old_terms, new_terms = (frame.unique([*_TERM, *_PLAN]) for frame in (lines, drafts.lines))
    compared = (
        (Change.LINES, lines, drafts.lines, _LINE),
        (Change.TAXES, taxes, drafts.taxes, _TAX),
        (Change.POLICY, old_terms, new_terms, _TERM),
        (Change.PLAN, old_terms, new_terms, _PLAN),
    )
    return tuple(change for change, old, new, names in compared if _rows(old, names) != _rows(new, names))


def _rows(frame: pl.DataFrame, names: tuple[str, ...]) -> list[tuple[object, ...]]:
    return sorted(frame.select(pl.col(names).cast(pl.String).fill_null("")).iter_rows())


def replacing(drafts: Drafts, replaced_number: str, issue_date: date) -> Drafts:
    """Return the draft as one that names the invoice that it replaces, in its frozen record too.

    >>> head = pl.DataFrame({"draft_index": [0]})
    >>> drafts = Drafts(invoices=head, lines=head, taxes=head, charges=head)
    >>> drafts = replacing(drafts, "INV-00000042", date(2024, 1, 1))
    >>> drafts.invoices["replaced_number"].item()
    'INV-00000042'
    """
    named = drafts.invoices.with_columns(
        replaced_number=pl.lit(replaced_number), replaced_issue_date=pl.lit(issue_date)
    )
    return replace(drafts, invoices=named)


def replacement_line_rows(
    drafts: Drafts, ids: pl.Series, company_id: int, replacement_number: int
) -> pl.DataFrame:
    """Return the rows of table ``invoice_line``, which say the how many-th replacement they are of.

    >>> names = ["line_number", "policy_term_id", "policy_term_version_id", "payer_id", "charge_kind"]
    >>> names += ["installment_number", "installment_count", "revision", "period_from_date", "period_to_date"]
    >>> names += ["net_minor", "tax_minor", "contained_tax_minor", "payment_plan_id"]
    >>> names += ["charge_number", "split_number"]
    >>> lines = pl.DataFrame([{**dict.fromkeys(names, 3), "draft_index": 0}])
    >>> drafts = Drafts(invoices=lines, lines=lines, taxes=lines, charges=lines)
    >>> replacement_line_rows(drafts, pl.Series([502]), 1, 2)["replacement_number"].to_list()
    [2]
    """
    rows = line_rows(drafts, ids, company_id)
    return rows.with_columns(replacement_number=pl.lit(replacement_number))


def replacement_rows(
    numbered: pl.DataFrame,
    ids: pl.Series,
    replaced_invoice_id: int,
    *,
    run_id: int,
    number_series_id: int,
    company_version_id: int,
    template_version_id: int | pl.Series,
) -> pl.DataFrame:
    """Return the row of table ``invoice`` of a numbered replacement.

    >>> names = ["company_id", "invoice_number", "document_kind", "issue_date", "due_date", "tax_point_date"]
    >>> names += ["currency", "net_minor", "tax_minor", "total_minor", "payer_id", "payer_version_id"]
    >>> names += ["cash_unit_id", "cash_unit_minor", "cash_rounding_minor"]
    >>> names += ["record_format", "snapshot_sha256", "replaced_number", "replaced_issue_date"]
    >>> numbered = pl.DataFrame([dict.fromkeys(names, 7)])
    >>> keys = {"number_series_id": 2, "company_version_id": 1, "template_version_id": 3}
    >>> replacement_rows(numbered, pl.Series([502]), 41, run_id=9, **keys)["replaced_invoice_id"].item()
    41
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
        numbered["replaced_number"],
        numbered["replaced_issue_date"],
        replaced_invoice_id=pl.lit(replaced_invoice_id),
    )
