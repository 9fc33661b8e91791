"""Options make a selection: several codes by commas, or an option given again."""

import pytest

from billing_assets.cli.selections import selection_of_options, selection_texts
from billing_assets.domain.errors import BillingError
from billing_assets.domain.selections import EVERYTHING


def test_options_make_a_selection() -> None:
    found = selection_of_options(["motor,home", "travel"], ["ES"], None, ["fleet"])
    assert found.words() == "product home, motor, travel; place ES; payer group fleet"
    assert selection_of_options(None, None, None, None) == EVERYTHING


def test_what_is_left_out_is_an_empty_text() -> None:
    assert selection_texts(None, ["ES", "GB"], None, None) == {
        "product_codes": "",
        "place_codes": "ES, GB",
        "plan_codes": "",
        "payer_groups": "",
    }


def test_a_place_that_nobody_knows_is_refused() -> None:
    with pytest.raises(BillingError, match="Atlantis"):
        selection_of_options(None, ["Atlantis"], None, None)
