"""Options make a selection: several codes by commas, or an option given again."""

from collections.abc import Callable
from typing import Any

import pytest

from billing_assets.cli.selections import selection_of_options, selection_texts
from billing_assets.domain.errors import BillingError
from billing_assets.domain.selections import EVERYTHING
from billing_assets_tests.cli.conftest import Billing


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


@pytest.mark.parametrize("blank", [[""], [" , "], ["", ","]])
def test_an_option_that_names_nothing_is_not_every_policy(blank: list[str]) -> None:
    with pytest.raises(BillingError, match="--product, --plan names nothing"):
        selection_of_options(blank, ["ES"], blank, None)


@pytest.mark.usefixtures("book")
@pytest.mark.long
def test_a_selection_is_billed_shown_and_finished_by_its_own_command(
    billing: Billing, ask: Callable[..., Any]
) -> None:
    day, monthly = "2024-02-01", ("--plan", "monthly,weekly", "--place", "ES")
    counted = ask("run", day, *monthly, "--dry-run")
    assert counted["selection"] == {"place_codes": ["ES"], "plan_codes": ["monthly", "weekly"]}
    assert counted["dates"][0]["due_count"] == 10
    shown = billing("run", day, *monthly, "--rehearse")
    assert "only place ES; plan monthly, weekly" in shown.stdout
    refused = billing("run", day, "--no-deliver", code=3)
    assert "run_of_other_selection" in refused.stderr
    assert "billing run 2024-02-01 --place ES --plan monthly,weekly" in " ".join(refused.stderr.split())
    assert ask("run", day, *monthly, "--no-deliver")["invoices"][0]["count"] == 10
    assert "only place ES; plan monthly, weekly" in billing("runs", "show", "1").stdout
    assert "only place ES; plan monthly, weekly" in billing("runs", "certificate", "1").stdout
    assert ask("runs")["runs"][0]["selection"]["plan_codes"] == ["monthly", "weekly"]
    assert ask("run", day, "--no-deliver")["invoices"][0]["count"] == 20
    assert "there is no place Mars" in billing("run", day, "--place", "Mars", code=3).stderr
