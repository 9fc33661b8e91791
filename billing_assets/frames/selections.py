"""Selections of policies over columns.

Belongs here: the figures of earlier runs that a run of a selection can be compared with.
Does not belong here: which terms a selection takes (``store.shards``), the comparison (``run_figures``).
"""

import polars as pl

from billing_assets.domain.selections import Selection

_OF_FIGURES = {"product_code": "product_codes", "place_code": "place_codes", "plan_code": "plan_codes"}


def selected_figures(figures: pl.DataFrame, selection: Selection) -> pl.DataFrame:
    """Return of figures (``columns.FIGURE_SCHEMA``) those that a selection takes.

    Figures know no groups of payers: of a selection by group none can be told, and none is returned.

    >>> figures = pl.DataFrame({"product_code": ["car", "home"], "place_code": "ES", "plan_code": "yearly"})
    >>> selected_figures(figures, Selection(product_codes=("car",)))["product_code"].to_list()
    ['car']
    >>> selected_figures(figures, Selection(payer_groups=("fleet",))).height
    0
    """
    if selection.payer_groups:
        return figures.clear()
    lists = selection.lists()
    asked = [pl.col(column).is_in(lists[name]) for column, name in _OF_FIGURES.items() if lists[name]]
    return figures.filter(*asked) if asked else figures
