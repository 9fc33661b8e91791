"""Which terms are held because of their changes, and whose end of cover goes by them.

Belongs here: what keeps changes of a term from being billed. Does not belong here: what they come to
(``change_balances``) and when it is billed (``change_charges``), changes that are refused as they come in
(``domain.policy_changes``).
"""

import polars as pl

from billing_assets.domain.problems import SEVERAL_CHARGES, SEVERAL_PAYERS
from billing_assets.frames.change_balances import ChangeBook
from billing_assets.frames.charge_lines import NO_CHARGE_LINES
from billing_assets.frames.payer_shares import NO_PAYER_SHARES
from billing_assets.frames.policy_changes import standing_cancellations
from billing_assets.frames.tax_rows import with_contained_tax

_TERM = "policy_term_id"


def with_change_holds(
    terms: pl.DataFrame,
    book: ChangeBook,
    tax_rules: pl.DataFrame,
    charge_lines: pl.DataFrame = NO_CHARGE_LINES,
    payer_shares: pl.DataFrame = NO_PAYER_SHARES,
) -> pl.DataFrame:
    """Return the terms as changes leave them to billing; those of which they cannot tell are held.

    A term that has changes goes by them: an end of cover that the book gives too is left aside where it is
    the day of the cancellation, and holds the term where it is another. A term whose price contains tax, by
    the rows of its days or on a line that was billed, is held, because of a part of a price the tax cannot
    always be told to the cent. So is one that has ``charge_lines`` (``columns.CHARGE_LINE_SCHEMA``): a change
    does not say which of them it is of; or ``payer_shares`` (``columns.PAYER_SHARE_SCHEMA``): it does not
    say whose it is.

    >>> from datetime import date
    >>> from billing_assets.frames.columns import CHANGE_SCHEMA, DOCUMENTED_LINE_SCHEMA
    >>> from billing_assets.frames.columns import TAX_RULE_SCHEMA, TERM_SCHEMA
    >>> day = date(2024, 5, 1)
    >>> change = {"policy_term_id": 7, "change_number": 1, "change_kind": "cancellation", "change_date": day}
    >>> none = pl.DataFrame(schema=DOCUMENTED_LINE_SCHEMA)
    >>> changes = pl.DataFrame([change], schema=CHANGE_SCHEMA)
    >>> book = ChangeBook(changes=changes, lines=none, taxes=none, zeros=none, answered=none)
    >>> term = {"policy_term_id": 7, "effective_date": date(2024, 1, 1), "expiration_date": date(2025, 1, 1)}
    >>> terms = [term | {"cover_to_date": end} for end in (day, date(2024, 6, 1), None)]
    >>> rules = pl.DataFrame(schema=TAX_RULE_SCHEMA)
    >>> with_change_holds(pl.DataFrame(terms, schema=TERM_SCHEMA), book, rules)["hold_code"].to_list()
    [None, 'cover_differs_from_changes', None]
    """
    marks = book.changes.select(_TERM, has_changes=pl.lit(value=True)).unique()
    # Other terms of a payer may stand on an invoice of a term that has changes.
    own_lines = book.lines.join(marks, on=_TERM, how="semi")
    priced = own_lines.filter(pl.col("contained_tax_minor") != 0).select(_TERM)
    of_rows = with_contained_tax(terms.join(marks, on=_TERM, how="semi"), tax_rules).select(_TERM)
    contained = pl.concat([priced, of_rows]).unique().with_columns(contains_tax=pl.lit(value=True))
    joined = terms.join(marks, on=_TERM, how="left", maintain_order="left")
    split = charge_lines.select(_TERM, is_split=pl.lit(value=True)).unique()
    shared = payer_shares.select(_TERM, is_shared=pl.lit(value=True)).unique()
    for frame in (contained, split, shared, standing_cancellations(book.changes)):
        joined = joined.join(frame, on=_TERM, how="left", maintain_order="left")
    cover, has_changes = pl.col("cover_to_date"), pl.col("has_changes").fill_null(value=False)
    differs = (cover < pl.col("expiration_date")) & cover.ne_missing(pl.col("off_date"))
    code = (
        pl.when(has_changes & differs)
        .then(pl.lit("cover_differs_from_changes"))
        .when("contains_tax")
        .then(pl.lit("price_contains_tax"))
        .when(has_changes & pl.col("is_split").fill_null(value=False))
        .then(pl.lit(SEVERAL_CHARGES))
        .when(has_changes & pl.col("is_shared").fill_null(value=False))
        .then(pl.lit(SEVERAL_PAYERS))
    )
    return joined.with_columns(
        hold_code=pl.coalesce("hold_code", code),
        cover_to_date=pl.when(has_changes).then(pl.lit(None, pl.Date)).otherwise(cover),
    ).select(terms.columns)
