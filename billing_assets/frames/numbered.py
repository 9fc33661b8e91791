"""From priced drafts to the rows of numbered invoices.

Belongs here: numbers, issue and due dates, the frozen record's hash, and the rows as the store takes them.
Does not belong here: drawing the numbers (``store.invoices``), prices (``invoices``).
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta

import polars as pl

from billing_assets.domain.business_days import Roll
from billing_assets.domain.calendar_rule import Purpose
from billing_assets.domain.invoices import DocumentKind
from billing_assets.domain.numbering import NUMBER_DIGITS
from billing_assets.domain.places import calendar_code_of
from billing_assets.frames.calendars import roll
from billing_assets.frames.cash_rounding import NO_CASH_UNITS, with_cash_units
from billing_assets.frames.invoices import Drafts
from billing_assets.frames.snapshots import (
    CASH_RECORD_FORMATS,
    CHARGE_LINE_RECORD_FORMATS,
    CREDIT_RECORD_FORMAT,
    RECORD_FORMAT,
    REPLACEMENT_RECORD_FORMAT,
    with_record_hashes,
)

_RECORD_FORMATS = {
    DocumentKind.INVOICE: RECORD_FORMAT,
    DocumentKind.CREDIT_NOTE: CREDIT_RECORD_FORMAT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """What documents that are numbered together share; their numbers go on from ``first_number``.

    ``template_sha256`` is one for all of them, or that of each, in their order.
    """

    prefix: str
    first_number: int
    issue_date: date
    company_id: int
    company_sha256: str
    template_sha256: str | pl.Series


def number_drafts(
    drafts: Drafts,
    heading: Heading,
    *,
    cash_units: pl.DataFrame = NO_CASH_UNITS,
    closed_due_days: frozenset[date] = frozenset(),
) -> pl.DataFrame:
    """Return the drafts' documents with number, dates, sum payable and ``snapshot_sha256``.

    The sum payable is rounded by the row of ``cash_units`` that holds on the date of issue, if there is one.
    Where the drafts have ``replaced_number``, each replaces the document of that number: its record says so.

    A planned due date that lies fewer days after the issue date than the plan's ``minimum_payment_days``
    becomes the issue date plus those days, rolled forward to an open day of the policy's place;
    ``closed_due_days`` are closed beside it, by the company.

    >>> from datetime import date
    >>> from billing_assets.domain.taxes import shipped_tax_rules
    >>> from billing_assets.frames.columns import DUE_SCHEMA
    >>> from billing_assets.frames.invoices import draft_invoices
    >>> charge = {
    ...     "policy_term_id": 7,
    ...     "place_code": "GB",
    ...     "line_of_business": "motor",
    ...     "charge_kind": "premium",
    ...     "net_minor": 104,
    ...     "period_from_date": date(2024, 1, 1),
    ...     "outcome": "invoiced",
    ...     "due_date": date(2024, 1, 2),
    ...     "currency": "GBP",
    ...     "payer_sha256": "p",
    ...     "term_sha256": "t",
    ...     "plan_sha256": "s",
    ...     "minimum_payment_days": 14,
    ...     "installment_number": 1,
    ...     "installment_count": 1,
    ...     "period_to_date": date(2025, 1, 1),
    ... }
    >>> due = pl.DataFrame([charge], schema=DUE_SCHEMA)
    >>> drafts = draft_invoices(due, pl.DataFrame(shipped_tax_rules()).with_row_index("tax_rule_id"))
    >>> heading = Heading(
    ...     prefix="INV-",
    ...     first_number=41,
    ...     issue_date=date(2024, 1, 6),
    ...     company_id=1,
    ...     company_sha256="c",
    ...     template_sha256="d",
    ... )
    >>> numbered = number_drafts(drafts, heading)
    >>> numbered.select("document_number", pl.col("due_date").cast(pl.String)).row(0)
    ('INV-00000041', '2024-01-22')
    """
    payable = with_cash_units(drafts.invoices, cash_units, heading.issue_date)
    due = _with_earliest_due_date(payable, heading.issue_date, closed_due_days)
    plain = REPLACEMENT_RECORD_FORMAT if "replaced_number" in due.columns else RECORD_FORMAT
    return with_record_hashes(with_numbers(due, DocumentKind.INVOICE, heading, plain), drafts.bodies)


def with_numbers(
    documents: pl.DataFrame, kind: DocumentKind, heading: Heading, plain: int | None = None
) -> pl.DataFrame:
    """Add what every document of a shard or a correction has in its head: number, date of issue, hashes.

    ``plain`` is the record format of a document of one charge whose sum is not rounded, where it is not that
    of its kind.

    >>> documents = pl.DataFrame(
    ...     {"draft_index": [0, 1], "cash_unit_id": [None, 1], "has_charge_lines": [False] * 2}
    ... )
    >>> of_company = {"company_id": 1, "company_sha256": "c", "template_sha256": "d"}
    >>> heading = Heading(prefix="CRN-", first_number=7, issue_date=date(2024, 3, 1), **of_company)
    >>> with_numbers(documents, DocumentKind.CREDIT_NOTE, heading)["document_number"].to_list()
    ['CRN-00000007', 'CRN-00000008']
    """
    number = pl.col("draft_index") + heading.first_number
    digits = number.cast(pl.String).str.zfill(NUMBER_DIGITS)
    plain = plain or _RECORD_FORMATS[kind]
    is_rounded = pl.col("cash_unit_id").is_not_null()
    by_sum = pl.when(is_rounded).then(CASH_RECORD_FORMATS[plain]).otherwise(plain)
    with_lines = by_sum.replace_strict(dict(CHARGE_LINE_RECORD_FORMATS), return_dtype=pl.Int32)
    return documents.with_columns(
        record_format=pl.when("has_charge_lines").then(with_lines).otherwise(by_sum),
        document_kind=pl.lit(kind.value),
        company_id=pl.lit(heading.company_id),
        invoice_number=number,
        document_number=pl.format("{}{}", pl.lit(heading.prefix), digits),
        issue_date=pl.lit(heading.issue_date),
        company_sha256=pl.lit(heading.company_sha256),
        template_sha256=pl.lit(heading.template_sha256),
    )


def _with_earliest_due_date(
    invoices: pl.DataFrame, issue_date: date, closed_due_days: frozenset[date]
) -> pl.DataFrame:
    """Move the due dates that leave less time to pay than the plan promises."""
    kinds = invoices.select("place_code", "minimum_payment_days").unique()
    days = [issue_date + timedelta(days=count) for count in kinds["minimum_payment_days"].to_list()]
    rolled = [
        roll(calendar_code_of(place, Purpose.DUE), day, Roll.FOLLOWING, closed_due_days)
        for place, day in zip(kinds["place_code"], days, strict=True)
    ]
    earliest = kinds.with_columns(
        unrolled_date=pl.Series(days, dtype=pl.Date), earliest_date=pl.Series(rolled, dtype=pl.Date)
    )
    is_too_soon = pl.col("due_date") < pl.col("unrolled_date")
    return (
        invoices.join(earliest, on=["place_code", "minimum_payment_days"], how="left", maintain_order="left")
        .with_columns(due_date=pl.when(is_too_soon).then("earliest_date").otherwise("due_date"))
        .drop("unrolled_date", "earliest_date")
    )


def invoice_rows(
    numbered: pl.DataFrame,
    ids: pl.Series,
    *,
    run_id: int,
    number_series_id: int,
    company_version_id: int,
    template_version_id: int | pl.Series,
) -> pl.DataFrame:
    """Return the rows of table ``invoice``; each document has a template of its own where they are a series.

    >>> from datetime import date
    >>> from billing_assets.domain.taxes import shipped_tax_rules
    >>> from billing_assets.frames.columns import DUE_SCHEMA
    >>> from billing_assets.frames.invoices import draft_invoices
    >>> charge = {
    ...     "policy_term_id": 7,
    ...     "place_code": "GB",
    ...     "line_of_business": "motor",
    ...     "charge_kind": "premium",
    ...     "net_minor": 104,
    ...     "period_from_date": date(2024, 1, 1),
    ...     "outcome": "invoiced",
    ...     "due_date": date(2024, 1, 2),
    ...     "currency": "GBP",
    ...     "payer_sha256": "p",
    ...     "term_sha256": "t",
    ...     "plan_sha256": "s",
    ...     "minimum_payment_days": 14,
    ...     "installment_number": 1,
    ...     "installment_count": 1,
    ...     "period_to_date": date(2025, 1, 1),
    ... }
    >>> due = pl.DataFrame([charge], schema=DUE_SCHEMA)
    >>> drafts = draft_invoices(due, pl.DataFrame(shipped_tax_rules()).with_row_index("tax_rule_id"))
    >>> heading = Heading(
    ...     prefix="INV-",
    ...     first_number=41,
    ...     issue_date=date(2024, 1, 6),
    ...     company_id=1,
    ...     company_sha256="c",
    ...     template_sha256="d",
    ... )
    >>> numbered = number_drafts(drafts, heading)
    >>> rows = invoice_rows(
    ...     numbered,
    ...     pl.Series([501]),
    ...     run_id=9,
    ...     number_series_id=1,
    ...     company_version_id=1,
    ...     template_version_id=1,
    ... )
    >>> rows.select("invoice_id", "run_id", "invoice_number", "total_minor").row(0)
    (501, 9, 41, 116)
    """
    return numbered.select(
        ids.alias("invoice_id"),
        "company_id",
        pl.lit(run_id).alias("run_id"),
        pl.lit(number_series_id).alias("number_series_id"),
        "invoice_number",
        "document_kind",
        "issue_date",
        "due_date",
        "tax_point_date",
        "currency",
        "net_minor",
        "tax_minor",
        "total_minor",
        "cash_unit_id",
        "cash_unit_minor",
        "cash_rounding_minor",
        "payer_id",
        "payer_version_id",
        pl.lit(company_version_id).alias("company_version_id"),
        pl.lit(template_version_id).alias("template_version_id"),
        "record_format",
        "snapshot_sha256",
    )


_LINE_COLUMNS = (
    "policy_term_id",
    "policy_term_version_id",
    "payer_id",
    "charge_kind",
    "installment_number",
    "installment_count",
    "revision",
    "charge_number",
    "split_number",
    "period_from_date",
    "period_to_date",
    "net_minor",
    "tax_minor",
    "contained_tax_minor",
    "payment_plan_id",
)
_TAX_COLUMNS = ("tax_rule_id", "base_minor", "tax_minor")
_CHARGE_COUNTERS = ("revision", "charge_number")
_CHARGE_COLUMNS = (
    "policy_term_id",
    "installment_number",
    "policy_term_version_id",
    "payer_id",
    "charge_kind",
    "outcome",
    "reason_code",
    "billing_date",
    "due_date",
    "period_from_date",
    "period_to_date",
    "currency",
    "net_minor",
)


def issuable(drafts: Drafts) -> Drafts:
    """Return the drafts with what issuing reads of them and no more: a third of the bytes.

    >>> def row(*names):
    ...     return pl.DataFrame([dict.fromkeys((*names, "draft_index", "policy_number"), 1)])
    >>> issuable(
    ...     Drafts(
    ...         invoices=row("total_minor"),
    ...         lines=row("line_number", *_LINE_COLUMNS),
    ...         taxes=row("tax_number", *_TAX_COLUMNS),
    ...         charges=row(*_CHARGE_COLUMNS, *_CHARGE_COUNTERS),
    ...     )
    ... ).taxes.columns
    ['draft_index', 'tax_number', 'tax_rule_id', 'base_minor', 'tax_minor']
    """
    return replace(
        drafts,
        lines=drafts.lines.select("draft_index", "line_number", *_LINE_COLUMNS),
        taxes=drafts.taxes.select("draft_index", "tax_number", *_TAX_COLUMNS),
        charges=drafts.charges.select("draft_index", *_CHARGE_COLUMNS, *_CHARGE_COUNTERS),
    )


def line_rows(drafts: Drafts, ids: pl.Series, company_id: int) -> pl.DataFrame:
    """Return the rows of table ``invoice_line``.

    >>> from datetime import date
    >>> from billing_assets.domain.taxes import shipped_tax_rules
    >>> from billing_assets.frames.columns import DUE_SCHEMA
    >>> from billing_assets.frames.invoices import draft_invoices
    >>> charge = {
    ...     "policy_term_id": 7,
    ...     "place_code": "GB",
    ...     "line_of_business": "motor",
    ...     "charge_kind": "premium",
    ...     "net_minor": 104,
    ...     "period_from_date": date(2024, 1, 1),
    ...     "outcome": "invoiced",
    ... }
    >>> due = pl.DataFrame([charge], schema=DUE_SCHEMA)
    >>> drafts = draft_invoices(due, pl.DataFrame(shipped_tax_rules()).with_row_index("tax_rule_id"))
    >>> rows = line_rows(drafts, pl.Series([501]), company_id=1)
    >>> rows.select("invoice_id", "line_number", "net_minor", "tax_minor").row(0)
    (501, 1, 104, 12)
    """
    return drafts.lines.select(
        _id_of_draft(drafts.lines, ids),
        "line_number",
        pl.lit(company_id).alias("company_id"),
        *_LINE_COLUMNS,
    )


def tax_rows(drafts: Drafts, ids: pl.Series, company_id: int) -> pl.DataFrame:
    """Return the rows of table ``invoice_tax``.

    >>> from datetime import date
    >>> from billing_assets.domain.taxes import shipped_tax_rules
    >>> from billing_assets.frames.columns import DUE_SCHEMA
    >>> from billing_assets.frames.invoices import draft_invoices
    >>> charge = {
    ...     "policy_term_id": 7,
    ...     "place_code": "GB",
    ...     "line_of_business": "motor",
    ...     "charge_kind": "premium",
    ...     "net_minor": 104,
    ...     "period_from_date": date(2024, 1, 1),
    ...     "outcome": "invoiced",
    ... }
    >>> due = pl.DataFrame([charge], schema=DUE_SCHEMA)
    >>> drafts = draft_invoices(due, pl.DataFrame(shipped_tax_rules()).with_row_index("tax_rule_id"))
    >>> rows = tax_rows(drafts, pl.Series([501]), company_id=1)
    >>> rows.select("invoice_id", "tax_number", "base_minor", "tax_minor").row(0)
    (501, 1, 104, 12)
    """
    return drafts.taxes.select(
        _id_of_draft(drafts.taxes, ids),
        "tax_number",
        pl.lit(company_id).alias("company_id"),
        *_TAX_COLUMNS,
    )


def charge_rows(drafts: Drafts, ids: pl.Series, run_id: int, company_id: int) -> pl.DataFrame:
    """Return the rows of table ``due_charge``: every due charge with its outcome.

    >>> from datetime import date
    >>> from billing_assets.domain.taxes import shipped_tax_rules
    >>> from billing_assets.frames.columns import DUE_SCHEMA
    >>> from billing_assets.frames.invoices import draft_invoices
    >>> charge = {
    ...     "policy_term_id": 7,
    ...     "place_code": "GB",
    ...     "line_of_business": "motor",
    ...     "charge_kind": "premium",
    ...     "net_minor": 104,
    ...     "period_from_date": date(2024, 1, 1),
    ...     "outcome": "invoiced",
    ... }
    >>> due = pl.DataFrame([charge], schema=DUE_SCHEMA)
    >>> drafts = draft_invoices(due, pl.DataFrame(shipped_tax_rules()).with_row_index("tax_rule_id"))
    >>> rows = charge_rows(drafts, pl.Series([501]), run_id=9, company_id=1)
    >>> rows.select("run_id", "outcome", "net_minor", "invoice_id").row(0)
    (9, 'invoiced', 104, 501)
    """
    return drafts.charges.select(
        pl.lit(run_id).alias("run_id"),
        pl.lit(company_id).alias("company_id"),
        *_CHARGE_COLUMNS,
        pl.col(_CHARGE_COUNTERS).fill_null(0),
        _id_of_draft(drafts.charges, ids),
    )


def _id_of_draft(frame: pl.DataFrame, ids: pl.Series) -> pl.Series:
    """Return the invoice id of each row by its ``draft_index``; null where it has none."""
    return ids.gather(frame["draft_index"]).alias("invoice_id")
