"""Of the figures of earlier runs those are compared that the selection takes."""

import polars as pl
import pytest

from billing_assets.domain.selections import EVERYTHING, Selection
from billing_assets.frames.selections import selected_figures

FIGURES = pl.DataFrame(
    {
        "product_code": ["car", "car", "home"],
        "place_code": ["ES", "GB", "ES"],
        "plan_code": ["monthly", "yearly", "yearly"],
        "charge_count": [1, 2, 3],
    }
)


@pytest.mark.parametrize(
    ("selection", "counts"),
    [
        (EVERYTHING, [1, 2, 3]),
        (Selection(product_codes=("car",)), [1, 2]),
        (Selection(product_codes=("car",), place_codes=("ES",)), [1]),
        (Selection(plan_codes=("yearly", "monthly"), place_codes=("GB",)), [2]),
        (Selection(payer_groups=("fleet",)), []),
    ],
)
def test_each_list_that_is_not_empty_is_asked(selection: Selection, counts: list[int]) -> None:
    assert selected_figures(FIGURES, selection)["charge_count"].to_list() == counts
