"""From due charges to invoices, lines and taxes.

Belongs here: grouping, totals, and what fails while pricing.
Does not belong here: numbers and issue dates, which are drawn while issuing (``snapshots``, the store).
"""

from dataclasses import dataclass, field

import polars as pl

from billing_assets.domain.charges import PREMIUM_CHANGE
from billing_assets.domain.money import MAX_AMOUNT_MINOR
from billing_assets.domain.runs import NO_TAX_RULE, CatchUp, Outcome
from billing_assets.frames.cash_rounding import not_rounded
from billing_assets.frames.documents import DOCUMENT_KEYS, by_document
from billing_assets.frames.snapshots import bodies_of
from billing_assets.frames.sorted_groups import group_number, group_sums, number_within
from billing_assets.frames.tax_rows import tax_rows_of_lines
from billing_assets.frames.taxes import document_taxes, line_shares, tax_amounts


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafts:
    """Priced invoices without a number yet; ``draft_index`` (from 0, dense) ties the frames together.

    ``invoices``: one row per document: payer, dates, currency, ``net_minor`` ``tax_minor`` ``total_minor``,
    and how its sum payable is rounded (``cash_rounding``), of an invoice once its issue date is known.
    ``lines``: one row per charge, ``line_number`` from 1, whose price is ``net_minor`` and
    ``contained_tax_minor``. ``taxes``: one row per document and tax row.
    ``charges``: the due charges with their final outcome; ``draft_index`` is null unless invoiced.
    ``bodies``: the frozen record of each document but for its head (``snapshots.bodies_of``); credit
    notes have theirs made when they are numbered. ``credits``: the credit notes of the same run, None where
    it has none; ``charges`` count them on after the invoices. ``term_counts``: how many terms were looked at
    for them (``frames.term_counts``), None where nobody asks.
    """

    invoices: pl.DataFrame
    lines: pl.DataFrame
    taxes: pl.DataFrame
    charges: pl.DataFrame
    bodies: pl.DataFrame = field(default_factory=pl.DataFrame)
    credits: "Drafts | None" = None
    term_counts: pl.DataFrame | None = None

    @property
    def document_count(self) -> int:
        """How many documents these are, credit notes included."""
        return self.invoices.height + (self.credits.document_count if self.credits else 0)


def draft_invoices(
    due: pl.DataFrame,
    tax_rules: pl.DataFrame,
    catch_up: CatchUp = CatchUp.PER_PERIOD,
    payer_plans: frozenset[int] = frozenset(),
    *,
    has_tax_groups: bool = True,
) -> Drafts:
    """Return the priced drafts of a frame of due charges (``columns.DUE_SCHEMA``, sorted).

    Charges of one term with one due date share a document, or of one payer where the plan row is one of
    ``payer_plans`` (``documents.by_document``); where ``catch_up`` says one invoice, all charges of a term or
    payer do, and the document falls due with the last of them. Each payer of a term that has several has
    documents of their own. If one line fails, all charges of its term on the document fail with the reason,
    and with them those of its other payers: an installment is never billed in part. Other terms on the
    document are billed without it. Without ``has_tax_groups`` each tax row is rounded by itself.

    >>> from datetime import date
    >>> from billing_assets.domain.taxes import shipped_tax_rules
    >>> from billing_assets.frames.columns import DUE_SCHEMA
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
    >>> drafts.invoices.select("net_minor", "tax_minor", "total_minor").row(0)
    (104, 12, 116)
    """
    columns = due.columns
    due, key = by_document(due, catch_up, payer_plans)
    lines = _grouped(due, DOCUMENT_KEYS[catch_up], key)
    amounts = tax_amounts(tax_rows_of_lines(lines, tax_rules, by_group=has_tax_groups), tax_rules)
    shares = line_shares(amounts)
    taxed = lines.join(shares, on="line_row", how="left", maintain_order="left").with_columns(
        net_minor=pl.col("net_minor") - pl.col("contained_tax_minor").fill_null(0)
    )
    reasons = _failures(taxed)
    if reasons.height:
        due = _numbered_on(_with_failures(due, taxed, reasons).select(columns))
        rest = _without_failed(taxed, amounts, reasons)
        if rest is None:
            return draft_invoices(due, tax_rules, catch_up, payer_plans, has_tax_groups=has_tax_groups)
        taxed, amounts = rest
    taxes = document_taxes(amounts, tax_rules)
    taxed = with_charge_line_marks(taxed)
    charges = due.with_row_index("charge_row").join(
        taxed.select("charge_row", "draft_index"), on="charge_row", how="left", maintain_order="left"
    )
    last_due = [pl.col("due_date").max().over("draft_index")] if catch_up is CatchUp.ONE_INVOICE else []
    return Drafts(
        invoices=not_rounded(documents_of(taxed.with_columns(last_due), *_HEAD)),
        lines=taxed,
        taxes=taxes,
        charges=charges.select(*columns, "draft_index"),
        bodies=bodies_of(taxed, taxes),
    )


def _with_failures(due: pl.DataFrame, taxed: pl.DataFrame, reasons: pl.DataFrame) -> pl.DataFrame:
    """Return the charges, those of a bill that fails with the reason."""
    failing = taxed.join(reasons, on="bill_index").select("charge_row", "failure")
    failed = due.with_row_index("charge_row").join(failing, on="charge_row", how="left")
    outcome = pl.when(pl.col("failure").is_null()).then("outcome").otherwise(pl.lit(Outcome.FAILED.value))
    return failed.with_columns(outcome=outcome, reason_code=pl.coalesce("failure", "reason_code")).sort(
        "charge_row"
    )


def _without_failed(
    taxed: pl.DataFrame, amounts: pl.DataFrame, reasons: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame] | None:
    """Return lines and their taxes without the documents that fail as a whole, numbered anew.

    None where that is not all: another bill stands on one of these documents, whose taxes are then others, or
    lines of changes are to be numbered on.
    """
    good = taxed.join(reasons, on="bill_index", how="anti", maintain_order="left")
    is_shared = taxed.height - good.height > taxed.join(good, on="draft_index", how="anti").height
    if is_shared or (taxed["charge_kind"] == PREMIUM_CHANGE.charge_kind).any():
        return None
    places = good.select(pl.col("draft_index").unique().sort()).with_row_index("place")
    return _moved(good, places), _moved(amounts, places)


def _moved(rows: pl.DataFrame, places: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of the documents that have a place, with that for their index."""
    found = rows.join(places, on="draft_index", how="inner", maintain_order="left")
    return found.with_columns(draft_index=pl.col("place").cast(rows.schema["draft_index"])).drop("place")


def with_charge_line_marks(lines: pl.DataFrame) -> pl.DataFrame:
    """Add ``has_charge_lines``: whether the document of a line bills charge lines, on any of its lines.

    >>> lines = pl.DataFrame({"draft_index": [0, 0, 1], "charge_number": [0, 2, 0]})
    >>> with_charge_line_marks(lines)["has_charge_lines"].to_list()
    [True, True, False]
    """
    is_of_line = pl.col("charge_number").fill_null(0) > 0
    if not lines.select(is_of_line.any()).item():
        return lines.with_columns(has_charge_lines=pl.lit(value=False))
    return lines.with_columns(has_charge_lines=is_of_line.any().over("draft_index"))


def _numbered_on(due: pl.DataFrame) -> pl.DataFrame:
    """Number the lines of changes once some have failed: those that are billed first, the failed ones after.

    A number that is left out would be given to the next line of the part, beside one that is billed already.
    """
    is_change = pl.col("charge_kind") == PREMIUM_CHANGE.charge_kind
    if due.filter(is_change).is_empty():
        return due
    number = pl.col("installment_number")
    is_left = pl.col("outcome") == Outcome.INVOICED.value
    place = (number + pl.when(is_left).then(0).otherwise(number.max())).rank("ordinal")
    of_part = (number.min() + place.cast(pl.Int64) - 1).over("policy_term_id", "revision", "charge_kind")
    return due.with_columns(pl.when(is_change).then(of_part).otherwise(number).alias("installment_number"))


def _grouped(due: pl.DataFrame, bill_key: tuple[str, ...], key: tuple[str, ...]) -> pl.DataFrame:
    """Return the charges to invoice with their document's index and their line number.

    ``bill_index`` is that of what is issued together or not at all: of a term with one due date, for all of
    its payers. A document is what has the same ``key`` and the same of several payers.
    """
    invoiced = (
        due.with_row_index("charge_row")
        .filter(pl.col("outcome") == Outcome.INVOICED.value)
        .with_columns(pl.col("revision", "charge_number", "split_number", "payer_number").fill_null(0))
        .with_columns(bill_index=group_number(*bill_key))
    )
    # A bill mostly is a document; to tell them apart by more columns costs more.
    is_bill = key == bill_key and not invoiced.select((pl.col("payer_number") > 0).any()).item()
    own = pl.col("bill_index") if is_bill else group_number(*key, "payer_number")
    return (
        invoiced.with_columns(draft_index=own)
        .with_columns(line_number=number_within("draft_index"))
        .with_row_index("line_row")
    )


def _failures(taxed: pl.DataFrame) -> pl.DataFrame:
    """Return ``bill_index`` and ``failure`` of what cannot be issued."""
    failure = (
        pl.when(pl.col("tax_minor").is_null())
        .then(pl.lit(NO_TAX_RULE))
        .when(pl.col("net_minor").abs() > MAX_AMOUNT_MINOR)
        .then(pl.lit("amount_out_of_range"))
    )
    return (
        taxed.select("bill_index", failure=failure)
        .filter(pl.col("failure").is_not_null())
        .unique("bill_index", keep="first", maintain_order=True)
    )


_HEAD = (
    "payer_id",
    "payer_version_id",
    "payer_sha256",
    "currency",
    "place_code",
    "due_date",
    "minimum_payment_days",
    "has_charge_lines",
)


def documents_of(lines: pl.DataFrame, *head: str) -> pl.DataFrame:
    """Return one row per document: ``head`` of its earliest line, its sums, the tax point.

    ``lines`` come with ``draft_index``, ascending; the tax point is the first day of the earliest period.

    >>> from datetime import date
    >>> row = {"draft_index": 0, "payer_id": 3, "net_minor": 100, "tax_minor": 8}
    >>> days = (date(2024, 2, 1), date(2024, 1, 1))
    >>> lines = pl.DataFrame([{**row, "period_from_date": day} for day in days])
    >>> documents_of(lines, "payer_id").select("payer_id", "total_minor", "tax_point_date").row(0)
    (3, 216, datetime.date(2024, 1, 1))
    """
    # The earliest line comes last: its row is the one that stands for the document.
    lines = lines.select(
        "draft_index", *head, "net_minor", "tax_minor", tax_point_date="period_from_date"
    ).sort("draft_index", "tax_point_date", descending=[False, True])
    sums = group_sums(lines, "draft_index", "net_minor", "tax_minor")
    return sums.with_columns(pl.col("net_minor", "tax_minor").cast(pl.Int64)).with_columns(
        total_minor=pl.col("net_minor") + pl.col("tax_minor")
    )
