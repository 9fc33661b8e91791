"""Which terms of a shard the holds of the billing clock keep from being billed.

Belongs here: marking them. Does not belong here: which holds count on a day (``domain.holds``), what a held
term means for a run (``due_charges``).
"""

from collections.abc import Sequence

import polars as pl

from billing_assets.domain.holds import BILLING_HOLD, HoldTerms


def with_holds(terms: pl.DataFrame, holds: Sequence[HoldTerms]) -> pl.DataFrame:
    """Return the terms, held where one of these holds is of their place and product.

    ``terms`` has ``place_code``, ``product_code`` and ``hold_code``; what is held already keeps its reason.

    >>> from datetime import date
    >>> from billing_assets.domain.holds import HoldClock
    >>> storm = HoldTerms(clocks=(HoldClock.BILL,), place_codes=("US",), from_date=date(2025, 9, 28))
    >>> places = {"place_code": ["US-FL", "ES", "US-GA"], "product_code": "motor"}
    >>> terms = pl.DataFrame(places).with_columns(hold_code=pl.lit(None, pl.String))
    >>> with_holds(terms, [storm])["hold_code"].to_list()
    ['billing_hold', None, 'billing_hold']
    """
    if not holds:
        return terms
    is_held = pl.any_horizontal(_is_of(hold) for hold in holds)
    return terms.with_columns(hold_code=pl.coalesce("hold_code", pl.when(is_held).then(pl.lit(BILLING_HOLD))))


def of_holds(terms: pl.DataFrame, holds: Sequence[HoldTerms]) -> pl.DataFrame:
    """Return those of the terms whose place and product one of the holds is of.

    >>> from datetime import date
    >>> from billing_assets.domain.holds import HoldClock
    >>> storm = HoldTerms(clocks=(HoldClock.SEND,), product_codes=("home",), from_date=date(2025, 9, 28))
    >>> of_holds(
    ...     pl.DataFrame({"place_code": ["ES", "ES"], "product_code": ["motor", "home"]}), [storm]
    ... ).height
    1
    """
    return terms.filter(pl.any_horizontal(_is_of(hold) for hold in holds))


def _is_of(hold: HoldTerms) -> pl.Expr:
    """Whether a term is of the place and the product of a hold, as ``domain.holds.is_of_place`` tells."""
    place = pl.col("place_code")
    in_place = [
        place.is_in(list(hold.place_codes)),
        *(place.str.starts_with(f"{code}-") for code in hold.place_codes),
    ]
    of_product = pl.col("product_code").is_in(list(hold.product_codes))
    everywhere, of_all = not hold.place_codes, not hold.product_codes
    return (pl.lit(everywhere) | pl.any_horizontal(in_place)) & (pl.lit(of_all) | of_product)
