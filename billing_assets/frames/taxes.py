"""Tax on the lines of invoices.

Belongs here: which dated rows fall on a line, the group amounts of a document, each line's share.
Does not belong here: the rows (``domain.taxes``), what an invoice is (``invoices``).
"""

import polars as pl

from billing_assets.domain.money import PPM
from billing_assets.domain.tax_rule import ANY_LINE
from billing_assets.frames.dated_rows import is_valid_on, refuse_overlaps
from billing_assets.frames.rounding import divide_half_up, exact_sum, wide
from billing_assets.frames.sorted_groups import group_number, number_within, running_sum_within

_PLACE_AND_LINE = ["place_code", "line_of_business"]
_RULE = ["tax_rule_id", "tax_code", "category_code", "rate_ppm", "exemption_reason"]


def tax_rows_of_lines(lines: pl.DataFrame, rules: pl.DataFrame) -> pl.DataFrame:
    """Return one row per line and tax row that falls on it.

    ``lines`` needs ``line_row`` (its key), ``draft_index``, ``place_code``, ``line_of_business``,
    ``period_from_date`` (the tax point) and ``net_minor``. Rows that name the line of business replace
    the rows for any line, of whatever tax. A line that no row falls on is missing in the result.

    Raises:
        BillingError: ``rule_rows_overlap``: two rows of one tax are valid on a day, and would tax twice.

    >>> from datetime import date
    >>> line = {
    ...     "line_row": 0,
    ...     "draft_index": 0,
    ...     "place_code": "GB",
    ...     "line_of_business": "travel",
    ...     "period_from_date": date(2024, 1, 1),
    ...     "net_minor": 12_50,
    ... }
    >>> rule = {
    ...     "tax_rule_id": 1,
    ...     "tax_code": "GB-IPT",
    ...     "place_code": "GB",
    ...     "line_of_business": "*",
    ...     "category_code": "S",
    ...     "rate_ppm": 120_000,
    ...     "exemption_reason": "",
    ...     "valid_from": date(2017, 6, 1),
    ...     "valid_to": None,
    ... }
    >>> named = {**rule, "tax_rule_id": 2, "line_of_business": "travel", "rate_ppm": 200_000}
    >>> tax_rows_of_lines(pl.DataFrame([line]), pl.DataFrame([rule, named]))["rate_ppm"].to_list()
    [200000]
    """
    refuse_overlaps(rules, ["tax_code", *_PLACE_AND_LINE])
    kinds = lines.lazy().select(_PLACE_AND_LINE).unique()
    named = rules.lazy().filter(pl.col("line_of_business") != ANY_LINE).with_columns(is_named=pl.lit(True))
    general = rules.lazy().filter(pl.col("line_of_business") == ANY_LINE).drop("line_of_business")
    candidates = pl.concat(
        [
            kinds.join(named, on=_PLACE_AND_LINE, how="inner"),
            kinds.join(general.with_columns(is_named=pl.lit(False)), on="place_code", how="inner"),
        ],
        how="diagonal",
    )
    matched = (
        lines.lazy()
        .select("line_row", "draft_index", "period_from_date", "net_minor", *_PLACE_AND_LINE)
        .join(candidates, on=_PLACE_AND_LINE, how="inner")
        .filter(is_valid_on(pl.col("period_from_date")))
        .collect()
    )
    if matched["is_named"].n_unique() > 1:
        matched = matched.filter(pl.col("is_named") == pl.col("is_named").any().over("line_row"))
    return matched.select("line_row", "draft_index", "net_minor", *_RULE).sort(
        "line_row", "tax_code", "tax_rule_id"
    )


def document_taxes(line_taxes: pl.DataFrame) -> pl.DataFrame:
    """Return one row per document and tax row, rounded half-up once over the base.

    Columns: ``draft_index``, ``tax_number`` (from 1), the columns of the tax row, ``base_minor``,
    ``tax_minor``; null amounts where a sum does not fit into Int64.

    >>> row = {
    ...     "draft_index": 0,
    ...     "tax_rule_id": 1,
    ...     "tax_code": "ES-IPS",
    ...     "category_code": "S",
    ...     "rate_ppm": 80_000,
    ...     "exemption_reason": "",
    ... }
    >>> lines = pl.DataFrame(
    ...     [{**row, "line_row": 0, "net_minor": 107}, {**row, "line_row": 1, "net_minor": 107}]
    ... )
    >>> document_taxes(lines).select("tax_number", "base_minor", "tax_minor").row(0)
    (1, 214, 17)
    """
    return (
        _by_group(line_taxes)
        .group_by("tax_group", maintain_order=True)
        .agg(
            pl.col("draft_index", *_RULE).first(),
            base_wide=exact_sum(pl.col("net_minor")),
        )
        .with_columns(
            base_minor=pl.col("base_wide").cast(pl.Int64, strict=False),
            tax_minor=divide_half_up(pl.col("base_wide") * wide(pl.col("rate_ppm")), pl.lit(PPM)),
            tax_number=number_within("draft_index"),
        )
        .drop("base_wide", "tax_group")
    )


def line_shares(line_taxes: pl.DataFrame) -> pl.DataFrame:
    """Return ``line_row`` and ``tax_minor``: each line's share of the document's taxes.

    The share is the rounded tax on the running sum less that on the running sum before it; shares add
    up exactly to the document's group, whatever the number of lines.

    >>> row = {"draft_index": 0, "tax_rule_id": 1, "tax_code": "x", "rate_ppm": 80_000, "net_minor": 107}
    >>> lines = pl.DataFrame([{**row, "line_row": number} for number in range(3)])
    >>> line_shares(lines).sort("line_row")["tax_minor"].to_list()
    [9, 8, 9]
    """
    running, rate = running_sum_within("net_minor", "tax_group"), wide(pl.col("rate_ppm"))
    share = divide_half_up(running * rate, pl.lit(PPM)) - divide_half_up(
        (running - pl.col("net_minor")) * rate, pl.lit(PPM)
    )
    return (
        _by_group(line_taxes)
        .select("line_row", share=share)
        .sort("line_row")
        .group_by("line_row", maintain_order=True)
        .agg(tax_minor=pl.col("share").sum())
    )


def _by_group(line_taxes: pl.DataFrame) -> pl.DataFrame:
    """Return the rows sorted by document, tax and line, with ``tax_group``: one per document and tax row."""
    ordered = line_taxes.sort("draft_index", "tax_code", "tax_rule_id", "line_row")
    return ordered.with_columns(tax_group=group_number("draft_index", "tax_rule_id"))
