"""Which dated tax rows fall on a line.

Belongs here: matching lines with rows, of today's rules and of an original invoice, and refusing rows that
do not fit together. Rows of one group (``tax_rule.GROUP_WORDS``) are one to a document: all its lines have
the first of those that fall on any of them.
Does not belong here: the rows (``domain.taxes``), amounts (``taxes``).
"""

import polars as pl

from billing_assets.domain.charges import PREMIUM, PREMIUM_CHANGE
from billing_assets.domain.errors import BillingError
from billing_assets.domain.tax_rule import (
    ANY_LINE,
    FIXED,
    GROUP_WORDS,
    Basis,
    Category,
    RoundingScope,
    TaxPoint,
)
from billing_assets.frames.dated_rows import is_valid_on, refuse_overlaps

_PLACE_AND_LINE = ["place_code", "line_of_business"]
_KIND = [*_PLACE_AND_LINE, "charge_kind"]
_LINE = [
    "line_row",
    "draft_index",
    "policy_term_id",
    "installment_number",
    "currency",
    "effective_date",
    "period_from_date",
    "net_minor",
    *_KIND,
]
_RULE = [
    "tax_rule_id",
    "rule_order",
    "rate_ppm",
    "amount_minor",
    "rounding_minor",
    "is_inclusive",
    "is_fixed",
    "is_of_term",
    "is_compound",
    "is_rounded_by_term",
    "is_rounded_by_line",
]
_MATCH = ["is_named", "is_left_out", "is_taxed", "rule_currency", "group_order", "fixed_order"]
_DAYS = ["valid_from", "valid_to", "is_by_term"]
_TAX_POINT = pl.when("is_by_term").then("effective_date").otherwise("period_from_date")


def tax_rows_of_lines(lines: pl.DataFrame, rules: pl.DataFrame, *, by_group: bool = True) -> pl.DataFrame:
    """Return one row per line and tax row that falls on it, sorted by line and ``rule_order``.

    Columns: ``line_row``, ``draft_index``, ``policy_term_id``, ``net_minor``, ``tax_rule_id``, ``rule_order``
    (by tax code), and what the amount is worked out from. Of rows of one group that fall on lines of one
    document each line has the first; without ``by_group`` each row is a group of its own.
    ``lines`` needs ``line_row`` (its key, ascending with ``draft_index``), ``draft_index``,
    ``policy_term_id``, ``installment_number``, ``charge_kind``, ``place_code``, ``line_of_business``,
    ``currency``, ``effective_date`` and ``period_from_date`` (the two tax points) and ``net_minor``.
    Rows that name the line of business replace the rows for any line, of whatever tax. Missing in the result
    is a line on which a row of category ``X`` falls, a fixed amount of another currency, or no rate and no
    exemption.

    Raises:
        BillingError: ``rule_rows_overlap``: two rows of one tax are valid on a day, and would tax twice;
            ``tax_rule_unfit``: a tax on taxes names one that it cannot fall on; ``tax_rows_mixed``: of two
            rates on a line one is part of the price and the other comes on top.

    >>> from datetime import date
    >>> from billing_assets.domain.taxes import shipped_tax_rules
    >>> line = {
    ...     "line_row": 0,
    ...     "draft_index": 0,
    ...     "policy_term_id": 7,
    ...     "installment_number": 1,
    ...     "charge_kind": "premium",
    ...     "place_code": "GB",
    ...     "line_of_business": "travel",
    ...     "currency": "GBP",
    ...     "effective_date": date(2024, 1, 1),
    ...     "period_from_date": date(2024, 1, 1),
    ...     "net_minor": 12_50,
    ... }
    >>> rules = pl.DataFrame(shipped_tax_rules()).with_row_index("tax_rule_id")
    >>> tax_rows_of_lines(pl.DataFrame([line]), rules)["rate_ppm"].to_list()
    [200000]
    """
    ordered = _prepared(rules, by_group=by_group).lazy()
    kinds = lines.lazy().select(_KIND).unique()
    is_general = pl.col("line_of_business") == ANY_LINE
    named = ordered.filter(~is_general).with_columns(is_named=pl.lit(True))
    general = ordered.filter(is_general).drop("line_of_business").with_columns(is_named=pl.lit(False))
    candidates = pl.concat(
        [
            kinds.join(named, on=_PLACE_AND_LINE, how="inner"),
            kinds.join(general, on="place_code", how="inner"),
        ],
        how="diagonal",
    ).filter(_is_of_kind())
    matched = (
        lines.lazy()
        .select(_LINE)
        .join(
            candidates.select(*_KIND, *_RULE, *_MATCH, *_DAYS).sort("rule_order"),
            on=_KIND,
            how="inner",
            maintain_order="left_right",
        )
        .filter(is_valid_on(_TAX_POINT))
        .collect()
    )
    return _fallen(matched)


def untaxed_charges(charges: pl.DataFrame, rules: pl.DataFrame) -> pl.DataFrame:
    """Return of charges (``columns.DUE_SCHEMA``) those on which no row falls, counted by place and line.

    Columns: ``place_code``, ``line_of_business``, ``charge_kind``, ``charge_count``; sorted.

    >>> from datetime import date
    >>> from billing_assets.domain.taxes import shipped_tax_rules
    >>> from billing_assets.frames.columns import DUE_SCHEMA
    >>> charge = {"place_code": "FR", "line_of_business": "motor", "charge_kind": "installment_fee"}
    >>> day = {"effective_date": date(2025, 1, 1), "period_from_date": date(2025, 1, 1)}
    >>> charges = pl.DataFrame([charge | day], schema=DUE_SCHEMA)
    >>> rules = pl.DataFrame(shipped_tax_rules()).with_row_index("tax_rule_id")
    >>> untaxed_charges(charges, rules).rows()
    [('FR', 'motor', 'installment_fee', 1)]
    """
    counted = pl.len().cast(pl.Int64).alias("charge_count")
    if charges.is_empty():
        # Nearly always; to match no line with all rows would take as long as to match a few.
        return charges.group_by(_KIND).agg(counted)
    lines = charges.with_row_index("line_row").with_columns(draft_index=pl.lit(0, pl.Int64))
    taxed = tax_rows_of_lines(lines, rules)
    return lines.join(taxed, on="line_row", how="anti").group_by(_KIND).agg(counted).sort(_KIND)


def with_contained_tax(terms: pl.DataFrame, rules: pl.DataFrame) -> pl.DataFrame:
    """Return the terms (``columns.TERM_SCHEMA``) whose premium contains a tax on one of their days.

    >>> from datetime import date
    >>> from billing_assets.domain.taxes import shipped_tax_rules
    >>> days = {"effective_date": date(2024, 1, 1), "expiration_date": date(2025, 1, 1)}
    >>> term = {"policy_term_id": 7, "place_code": "GB", "line_of_business": "travel", **days}
    >>> rules = pl.DataFrame(shipped_tax_rules())
    >>> with_contained_tax(pl.DataFrame([term]), rules).height
    0
    >>> with_contained_tax(pl.DataFrame([term]), rules.with_columns(is_inclusive=True)).height
    1
    """
    of_premium = rules.filter(
        pl.col("charge_kinds").cast(pl.String).str.split(" ").list.contains(pl.lit(PREMIUM.charge_kind))
    ).select("place_code", "is_inclusive", "valid_from", "valid_to", line="line_of_business")
    met = (
        terms.join(of_premium, on="place_code")
        .filter((pl.col("line") == ANY_LINE) | (pl.col("line") == pl.col("line_of_business")))
        .filter(pl.col("valid_from") < pl.col("expiration_date"))
        .filter(pl.col("valid_to").is_null() | (pl.col("valid_to") > pl.col("effective_date")))
    )
    # Rows that name the line of business replace those for any line.
    is_named = pl.col("line") != ANY_LINE
    fallen = met.filter(is_named == is_named.any().over("policy_term_id"))
    return terms.join(fallen.filter("is_inclusive"), on="policy_term_id", how="semi")


def tax_rows_of_originals(lines: pl.DataFrame, originals: pl.DataFrame, rules: pl.DataFrame) -> pl.DataFrame:
    """Return the rows that fell on lines of invoices as they were issued, fixed amounts among them.

    ``lines`` has the columns of :func:`tax_rows_of_lines` and ``original_invoice_id``, every line of each
    invoice, ``net_minor`` the price that was charged. ``originals`` (``columns.CHARGED_TAX_SCHEMA``) are the
    rows that the taxes of those invoices stand for; the result has the row that stands on the invoice. Of two
    rows of one tax the one whose days began last before the tax point was the line's; that a row was ended
    meanwhile changes nothing.

    Raises:
        BillingError: ``tax_rule_unfit`` or ``tax_rows_mixed``.

    >>> from datetime import date
    >>> from billing_assets.domain.taxes import shipped_tax_rules
    >>> rules = pl.DataFrame(shipped_tax_rules()).with_row_index("tax_rule_id")
    >>> stamp = rules.filter(pl.col("tax_code").is_in(["IE-LEVY", "IE-STAMP"]), pl.col("valid_to").is_null())
    >>> line = {
    ...     "line_row": 0,
    ...     "draft_index": 0,
    ...     "policy_term_id": 7,
    ...     "installment_number": 1,
    ...     "charge_kind": "premium",
    ...     "place_code": "IE",
    ...     "line_of_business": "motor",
    ...     "currency": "EUR",
    ...     "effective_date": date(2024, 1, 1),
    ...     "period_from_date": date(2024, 1, 1),
    ...     "net_minor": 12_50,
    ...     "original_invoice_id": 41,
    ... }
    >>> charged = {"original_invoice_id": pl.lit(41), "charged_rule_id": "tax_rule_id"}
    >>> originals = stamp.select("tax_rule_id", "valid_to", **charged)
    >>> tax_rows_of_originals(pl.DataFrame([line]), originals, rules)["is_fixed"].to_list()
    [False, True]
    """
    charged = _charged(originals, rules)
    # Where nobody knows the end that a row had then, one that ended before every tax point was ended since.
    is_general = pl.col("line_of_business_right") == ANY_LINE
    matched = (
        lines.lazy()
        .select("original_invoice_id", *_LINE)
        .join(charged.lazy(), on=["original_invoice_id", "place_code"], how="inner")
        .filter(
            is_general | (pl.col("line_of_business_right") == pl.col("line_of_business")),
            _is_of_kind(),
            pl.col("valid_from") <= _TAX_POINT,
        )
        .with_columns(is_in_time=is_valid_on(_TAX_POINT))
        .filter(pl.col("is_in_time") | ~pl.col("is_in_time").any().over("original_invoice_id", "tax_rule_id"))
        .with_columns(is_named=~is_general)
        .sort("valid_from", descending=True)
        .unique(["line_row", "tax_code", "is_named"], keep="first", maintain_order=True)
        .sort("line_row", "rule_order")
        .collect()
    )
    return _fallen(matched)


def _charged(originals: pl.DataFrame, rules: pl.DataFrame) -> pl.DataFrame:
    """Return the rows that invoices were taxed by, each under the key of the one that stands on the invoice.

    They are the groups that the invoice has, whatever is a group by now.
    """
    ordered = _ordered(rules, by_group=False)
    on_invoice = ordered.select(charged_rule_id="tax_rule_id", charged_order="rule_order")
    return (
        originals.unique()
        .join(ordered.drop("valid_to"), on="tax_rule_id")
        .join(on_invoice, on="charged_rule_id")
        .drop("tax_rule_id")
        .rename({"charged_rule_id": "tax_rule_id"})
        .with_columns(
            rule_order="charged_order",
            group_order="charged_order",
            fixed_order=pl.when("is_of_term").then("fixed_order").otherwise("charged_order"),
        )
    )


_kept: dict[tuple[int, bool], tuple[pl.DataFrame, pl.DataFrame]] = {}


def _prepared(rules: pl.DataFrame, *, by_group: bool) -> pl.DataFrame:
    """Return the rows in their order, none overlapping; those of the last frame are kept."""
    kept = _kept.get((id(rules), by_group))
    if kept is None:
        refuse_overlaps(rules, ["tax_code", *_PLACE_AND_LINE])
        kept = (rules, _ordered(rules, by_group=by_group))
        _kept.clear()
        _kept[id(rules), by_group] = kept
    return kept[1]


def _ordered(rules: pl.DataFrame, *, by_group: bool) -> pl.DataFrame:
    """Return the rows with their ``rule_order``, by tax and key, and their words as yes and no.

    ``group_order`` is that of the first row of the group. Lines have many rows: to carry and sort words with
    each of them is what would cost.
    """
    _refuse_unfit(rules)
    first_of_group = pl.col("rule_order").min().over(GROUP_WORDS)
    category, basis, scope = (pl.col(name) for name in ("category_code", "basis", "rounding_scope"))
    return (
        rules.sort("tax_code", "tax_rule_id")
        .with_row_index("rule_order")
        .with_columns(group_order=first_of_group if by_group else "rule_order")
        .rename({"currency": "rule_currency"})
        .with_columns(
            is_left_out=category == Category.LEFT_OUT.value,
            is_taxed=category == Category.TAXED.value,
            is_fixed=basis.is_in([each.value for each in FIXED]),
            is_of_term=basis == Basis.TERM.value,
            is_compound=basis == Basis.NET_AND_TAXES.value,
            is_rounded_by_term=scope == RoundingScope.POLICY.value,
            is_rounded_by_line=scope == RoundingScope.LINE.value,
            is_by_term=pl.col("tax_point") == TaxPoint.TERM.value,
        )
        .with_columns(fixed_order=_fixed_order())
    )


def _fixed_order() -> pl.Expr:
    """Return what a fixed amount is due once of: per document a group, per term a tax, of whatever lines.

    A contract of several charges may meet rows of several lines of business, and owes the amount once.
    """
    first = pl.col("rule_order").min().over("tax_code")
    return pl.when("is_of_term").then(first).otherwise("group_order")


def _is_of_kind() -> pl.Expr:
    """Tell whether a row falls on the kind of a line; premium of a change is premium to it."""
    is_change = pl.col("charge_kind") == PREMIUM_CHANGE.charge_kind
    kind = pl.when(is_change).then(pl.lit(PREMIUM.charge_kind)).otherwise("charge_kind")
    return pl.col("charge_kinds").str.split(" ").list.contains(kind)


def _refuse_unfit(rules: pl.DataFrame) -> None:
    compound = rules.filter(pl.col("basis") == Basis.NET_AND_TAXES.value)
    if compound.is_empty():
        return
    plain = rules.filter(pl.col("basis") == Basis.NET.value)
    fit = set(plain.select("place_code", "is_inclusive", "tax_code").iter_rows())
    for row in compound.iter_rows(named=True):
        for code in row["basis_tax_codes"].split(" "):
            if (row["place_code"], row["is_inclusive"], code) not in fit:
                raise BillingError(
                    "tax_rule_unfit",
                    f"'{row['tax_code']}' of {row['place_code']} falls on '{code}', which is no tax on a net "
                    "amount there",
                    "name taxes with basis 'net' of the same place, all part of the price or none",
                )


def _fallen(matched: pl.DataFrame) -> pl.DataFrame:
    """Return what remains of the candidates: named before general, nothing of a line that is left out."""
    if matched["is_named"].n_unique() > 1:
        matched = matched.filter(pl.col("is_named") == pl.col("is_named").any().over("line_row"))
    is_foreign = (pl.col("rule_currency") != "") & (pl.col("rule_currency") != pl.col("currency"))
    left_out = matched.filter(pl.col("is_left_out") | is_foreign)
    if left_out.height:
        left_lines = left_out.select("line_row").unique()
        matched = matched.join(left_lines, on="line_row", how="anti", maintain_order="left")
    if matched["is_fixed"].any():
        matched = _with_fixed_once(matched)
    _refuse_mixed(matched)
    return _one_row_of_each_group(matched).select(
        "line_row", "draft_index", "policy_term_id", "net_minor", *_RULE
    )


def _one_row_of_each_group(fallen: pl.DataFrame) -> pl.DataFrame:
    """Return the rows with key and order of the first of their group that falls on the document."""
    # Most documents have one line, and most lines of the others the same rows: they are sorted by line.
    draft, line, order = (pl.col(name) for name in ("draft_index", "line_row", "rule_order"))
    of_lines = fallen.filter((draft == draft.shift()) & (line != line.shift())).select("draft_index").unique()
    if of_lines.is_empty():
        return fallen
    pairs = fallen.select("rule_order", "group_order", "tax_rule_id").unique()
    several = pairs.filter(pairs["group_order"].is_duplicated()).select("group_order").unique()
    if several.is_empty():
        return fallen
    document = ["draft_index", "group_order"]
    first = (
        fallen.select(*document, "rule_order")
        .join(several, on="group_order", how="semi")
        .join(of_lines, on="draft_index", how="semi")
        .group_by(document)
        .agg(order.min(), is_several=order.min() != order.max())
        .filter("is_several")
    )
    if first.is_empty():
        return fallen
    named = first.join(pairs.drop("group_order"), on="rule_order").drop("is_several")
    return (
        fallen.join(named, on=document, how="left", maintain_order="left", suffix="_first")
        .with_columns(
            pl.coalesce(f"{name}_first", name).alias(name) for name in ("rule_order", "tax_rule_id")
        )
        .sort("line_row", "rule_order")
    )


def _with_fixed_once(matched: pl.DataFrame) -> pl.DataFrame:
    """Keep a fixed amount once per term or document, and only beside a rate or an exemption.

    A term may have several documents of its first installment, one for each payer: the first has its amount.
    """
    is_fixed, is_of_term = pl.col("is_fixed"), pl.col("is_of_term")
    based = matched.filter((~is_fixed).any().over("line_row"))
    is_first = (pl.col("installment_number") == 1) & (pl.col("charge_kind") != PREMIUM_CHANGE.charge_kind)
    fixed = based.filter(is_fixed & (~is_of_term | is_first))
    once_of = pl.when(is_of_term).then("policy_term_id").otherwise("draft_index")
    owner = pl.struct("is_of_term", once_of, "fixed_order")
    once = fixed.filter(owner.is_first_distinct())
    return pl.concat([based.filter(~is_fixed), once]).sort("line_row", "rule_order")


def _refuse_mixed(matched: pl.DataFrame) -> None:
    if not matched["is_inclusive"].any():
        return
    rates = matched.filter(pl.col("is_taxed") & ~pl.col("is_fixed"))
    mixed = rates.filter(pl.col("is_inclusive").n_unique().over("line_row") > 1)
    if mixed.height:
        place_code, line_of_business = mixed.select(_PLACE_AND_LINE).row(0)
        raise BillingError(
            "tax_rows_mixed",
            f"of the rates on '{line_of_business}' in {place_code} some are part of the price, some not",
            "let all of them be part of the price, or none; an exemption and a fixed amount may stand beside",
        )
