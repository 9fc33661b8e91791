"""Tax on the lines of documents.

Belongs here: the amount of each tax row on each line, the taxes of a document, the tax of a line.
Does not belong here: which rows fall on a line (``tax_rows``), what an invoice is (``invoices``).

**Rounding.** Where several lines are rounded together, a line's share is the rounded tax on the running sum
less that on the running sum before it: shares add up exactly to the rounded tax, however many lines there
are.

**Prices that contain tax.** With ``e`` the rate of each tax on the net (a tax on taxes: its rate times one
and the rates of those), the tax in a price is ``price * e / (1 + all e)``, rounded once; the net is the price
less its taxes. Nothing is left over: net and taxes are the price.
"""

import polars as pl

from billing_assets.domain.money import PPM
from billing_assets.frames.rounding import divide_half_up, wide
from billing_assets.frames.sorted_groups import (
    group_number,
    group_sums,
    number_within,
    running_sum_within,
)

_WORDS = [
    "tax_code",
    "category_code",
    "rate_ppm",
    "exemption_reason",
    "basis",
    "basis_tax_codes",
    "amount_minor",
    "rounding_scope",
    "rounding_minor",
    "is_inclusive",
]
_KEY = ["line_row", "rule_order"]


def tax_amounts(line_taxes: pl.DataFrame, rules: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of ``tax_rows`` with ``base_minor`` and ``tax_minor`` of each line, Int64.

    ``base_minor`` is the net amount, with the taxes that a tax on taxes falls on. ``net_minor`` stays the
    price. Null where an amount does not fit into Int64.

    >>> yes_and_no = ("is_fixed", "is_compound", "is_inclusive", "is_rounded_by_term", "is_rounded_by_line")
    >>> row = {
    ...     **dict.fromkeys(yes_and_no, False),
    ...     "draft_index": 0,
    ...     "policy_term_id": 7,
    ...     "tax_rule_id": 1,
    ...     "rule_order": 0,
    ...     "rate_ppm": 80_000,
    ...     "amount_minor": 0,
    ...     "rounding_minor": 1,
    ...     "net_minor": 107,
    ... }
    >>> lines, rules = pl.DataFrame([{**row, "line_row": number} for number in range(3)]), pl.DataFrame()
    >>> tax_amounts(lines, rules)["tax_minor"].to_list()
    [9, 8, 9]
    >>> contained = lines.with_columns(is_inclusive=True)
    >>> tax_amounts(contained, rules).select("base_minor", "tax_minor").rows()
    [(99, 8), (99, 8), (99, 8)]
    """
    rows = line_taxes.with_columns(
        taxable_minor=pl.col("net_minor"), numerator=wide(pl.col("rate_ppm")), denominator=pl.lit(PPM)
    )
    if rows["is_inclusive"].any():
        rows = _with_parts_of_price(rows, rules)
    is_later = pl.col("is_compound") & ~pl.col("is_inclusive")
    later = rows.filter(is_later)
    if later.is_empty():
        return _with_bases(_shared(rows), rules)
    done = _shared(rows.filter(~is_later))
    named = named_sum(later, done, "tax_minor", rules)
    on_taxes = later.join(named, on=_KEY, how="left").with_columns(
        taxable_minor=pl.col("net_minor") + pl.col("named").fill_null(0)
    )
    return _with_bases(pl.concat([done, _shared(on_taxes.drop("named"))]), rules)


def document_taxes(amounts: pl.DataFrame, rules: pl.DataFrame) -> pl.DataFrame:
    """Return one row per document and tax row: the sums of its lines, with the words of the row.

    Columns: ``draft_index``, ``tax_number`` (from 1), ``tax_rule_id``, the words, ``base_minor``,
    ``tax_minor``; a sum that does not fit into Int64 is null.

    >>> from billing_assets.frames.columns import TAX_RULE_SCHEMA
    >>> rules = pl.DataFrame([{"tax_rule_id": 1, "tax_code": "x"}], schema=TAX_RULE_SCHEMA)
    >>> row = {"draft_index": 0, "tax_rule_id": 1, "rule_order": 0, "base_minor": 107}
    >>> amounts = pl.DataFrame([{**row, "tax_minor": tax_minor} for tax_minor in (9, 8)])
    >>> document_taxes(amounts, rules).select("tax_number", "tax_code", "base_minor", "tax_minor").row(0)
    (1, 'x', 214, 17)
    """
    grouped = (
        amounts.select("draft_index", "rule_order", "tax_rule_id", "base_minor", "tax_minor")
        .sort("draft_index", "rule_order")
        .with_columns(tax_group=group_number("draft_index", "rule_order"))
    )
    return (
        group_sums(grouped, "tax_group", "base_minor", "tax_minor")
        .with_columns(pl.col("base_minor", "tax_minor").cast(pl.Int64, strict=False))
        .with_columns(tax_number=number_within("draft_index"))
        .drop("tax_group", "rule_order")
        .join(rules.select("tax_rule_id", *_WORDS), on="tax_rule_id", how="left", maintain_order="left")
    )


def line_shares(amounts: pl.DataFrame) -> pl.DataFrame:
    """Return ``line_row``, ``tax_minor`` and ``contained_tax_minor``: the taxes of each line.

    The second is the part of the first that the price contained: net = price - contained tax.

    >>> amounts = pl.DataFrame({"line_row": [0, 0, 1], "tax_minor": [8, 1, 9], "is_inclusive": [True] * 3})
    >>> line_shares(amounts).rows()
    [(0, 9, 9), (1, 9, 9)]
    """
    contained = pl.when("is_inclusive").then("tax_minor").otherwise(0)
    by_line = amounts.select("line_row", "tax_minor", contained_tax_minor=contained).sort("line_row")
    sums = group_sums(by_line, "line_row", "tax_minor", "contained_tax_minor")
    return sums.with_columns(pl.col("tax_minor", "contained_tax_minor").cast(pl.Int64))


def _with_parts_of_price(rows: pl.DataFrame, rules: pl.DataFrame) -> pl.DataFrame:
    """Set numerator and denominator of the taxes that a price contains, in units of PPM squared."""
    inside = rows.filter("is_inclusive")
    named = named_sum(inside.filter("is_compound"), inside, "rate_ppm", rules)
    scaled = (
        inside.join(named, on=_KEY, how="left", maintain_order="left")
        .with_columns(numerator=wide(pl.col("rate_ppm")) * (PPM + wide(pl.col("named").fill_null(0))))
        .drop("named")
    )
    whole = scaled.group_by("line_row").agg(whole=PPM * PPM + pl.col("numerator").sum())
    priced = scaled.join(whole, on="line_row", how="left", maintain_order="left").with_columns(
        denominator="whole"
    )
    outside = rows.filter(~pl.col("is_inclusive")).with_columns(denominator=wide(pl.col("denominator")))
    return pl.concat([outside, priced.drop("whole")])


def _shared(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows with ``tax_minor``: each line's share of the amount that is rounded as a whole."""
    rounded_as_one = ["draft_index", "rule_order"]
    if rows["is_rounded_by_term"].any() or rows["is_rounded_by_line"].any():
        rows = rows.with_columns(rounding_key=_rounding_key())
        rounded_as_one += ["rounding_key"]
    if rows["is_inclusive"].any():
        rounded_as_one += ["denominator"]
    grouped = rows.sort(*rounded_as_one, "line_row").with_columns(tax_group=group_number(*rounded_as_one))
    running = running_sum_within("taxable_minor", "tax_group")
    bottom = wide(pl.col("denominator")) * pl.col("rounding_minor")
    before = running - pl.col("taxable_minor")
    share = divide_half_up(running * pl.col("numerator"), bottom) - divide_half_up(
        before * pl.col("numerator"), bottom
    )
    return grouped.with_columns(
        tax_minor=pl.when("is_fixed").then("amount_minor").otherwise(share * pl.col("rounding_minor"))
    ).drop("tax_group", "rounding_key", "numerator", "denominator", strict=False)


def _rounding_key() -> pl.Expr:
    """Return what tells amounts apart that are rounded by themselves, within a document and tax row."""
    return (
        pl.when("is_rounded_by_term")
        .then(pl.col("policy_term_id").cast(pl.Int64))
        .when("is_rounded_by_line")
        .then(pl.col("line_row").cast(pl.Int64))
        .otherwise(0)
    )


def _with_bases(done: pl.DataFrame, rules: pl.DataFrame) -> pl.DataFrame:
    """Return the rows with ``base_minor``, in the order in which they came."""
    if not done["is_inclusive"].any():
        return done.rename({"taxable_minor": "base_minor"})
    inside = done.filter("is_inclusive")
    contained = inside.group_by("line_row").agg(contained=pl.col("tax_minor").sum())
    named = named_sum(inside.filter("is_compound"), inside, "tax_minor", rules)
    contained_minor, named_minor = (pl.col(name).fill_null(0) for name in ("contained", "named"))
    return (
        done.join(contained, on="line_row", how="left", maintain_order="left")
        .join(named, on=_KEY, how="left", maintain_order="left")
        .with_columns(base_minor=pl.col("taxable_minor") - contained_minor + named_minor)
        .drop("contained", "named", "taxable_minor")
    )


def named_sum(compound: pl.DataFrame, others: pl.DataFrame, value: str, rules: pl.DataFrame) -> pl.DataFrame:
    """Return ``line_row``, ``rule_order`` and ``named``: the sum of ``value`` over the taxes it falls on.

    ``compound`` are rows of taxes on taxes, ``others`` the rows of the same lines, with ``value``.

    >>> rules = pl.DataFrame({"tax_rule_id": [1, 2], "tax_code": ["A", "B"], "basis_tax_codes": ["", "A"]})
    >>> keys = {"line_row": 0, "is_fixed": False}
    >>> plain = {**keys, "rule_order": 0, "tax_rule_id": 1, "is_compound": False, "tax_minor": 8}
    >>> compound = {**keys, "rule_order": 1, "tax_rule_id": 2, "is_compound": True}
    >>> named_sum(pl.DataFrame([compound]), pl.DataFrame([plain]), "tax_minor", rules)["named"].to_list()
    [8]
    """
    if compound.is_empty():
        return compound.select(*_KEY, named=pl.lit(0, pl.Int64))
    named_codes = rules.select("tax_rule_id", pl.col("basis_tax_codes").str.split(" ").alias("tax_code"))
    plain = others.filter(~pl.col("is_compound") & ~pl.col("is_fixed"))
    amounts = plain.join(rules.select("tax_rule_id", "tax_code"), on="tax_rule_id")
    return (
        compound.select(*_KEY, "tax_rule_id")
        .join(named_codes, on="tax_rule_id")
        .explode("tax_code")
        .join(amounts.select("line_row", "tax_code", value), on=["line_row", "tax_code"])
        .group_by(_KEY)
        .agg(named=pl.col(value).sum())
    )
