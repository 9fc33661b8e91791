"""`billing quote cancellation`: every method side by side, nothing written."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from billing_assets.store.connection import Database
from billing_assets_tests.cli.conftest import Billing, bill_all

EXAMPLES = Path(__file__).parents[2] / "examples"
ASKED = ("quote", "cancellation", "P-0001", "--on", "2024-08-01")


@pytest.mark.prepared(by=bill_all)
def test_every_method_is_shown_beside_what_was_billed(
    book: Path, billing: Billing, ask: Callable[..., Any]
) -> None:
    shown = billing(*ASKED)
    assert "182 of 366 days in force" in shown.stdout
    assert "give back" in shown.stdout
    assert "nothing was written" in shown.stderr
    document = ask(*ASKED, "--method", "short_rate_90")
    (quote,) = document["quotes"]
    assert quote["earned_minor"] + quote["unearned_minor"] == document["term"]["premium_minor"] == 501_00


def test_another_premium_is_quoted_with_its_days(book: Path, billing: Billing) -> None:
    shown = billing("quote", "endorsement", "P-0001", "--from", "2024-08-01", "--premium", "601.00")
    assert "184 of 366" in shown.stdout
    assert "additional premium" in shown.stdout
    less = billing("quote", "endorsement", "P-0001", "--from", "2024-08-01", "--premium", "0")
    assert "return premium" in less.stdout


def test_a_method_that_is_not_there_is_refused(book: Path, billing: Billing) -> None:
    said = billing(*ASKED, "--method", "half", code=2).stderr
    assert "'half' is no method" in said
    assert "short_rate_table" in said


@pytest.mark.long
def test_a_quote_of_several_charges_says_that_no_change_will_bill_it(
    store: Database, billing: Billing, ask: Callable[..., Any]
) -> None:
    billing("company", "set", str(EXAMPLES / "company.yaml"))
    book, mapping = EXAMPLES / "policies_charges.csv", EXAMPLES / "charges.yaml"
    billing("import", "policies", str(book), "--mapping", str(mapping))
    billing("run", "2025-01-20", "--no-deliver")
    asked = ("quote", "cancellation", "MOT-4001", "--on", "2025-07-15")
    assert "several charges" in billing(*asked).stderr
    dearer = ("quote", "endorsement", "MOT-4001", "--from", "2025-07-15", "--premium", "500.00")
    assert "several charges" in billing(*dearer).stderr
    term = ask(*asked)["term"]
    # 37.50 billed, in three lines.
    assert (term["charge_count"], term["billed_line_count"], term["billed_net_minor"]) == (3, 3, 37_50)


@pytest.mark.long
def test_a_quote_of_several_payers_says_that_no_change_will_bill_it(
    store: Database, billing: Billing, ask: Callable[..., Any]
) -> None:
    billing("company", "set", str(EXAMPLES / "company.yaml"))
    book, mapping = EXAMPLES / "policies_payers.csv", EXAMPLES / "payers.yaml"
    billing("import", "policies", str(book), "--mapping", str(mapping))
    billing("run", "2025-01-20", "--no-deliver")
    asked = ("quote", "cancellation", "HOM-5001", "--on", "2025-07-15")
    assert "several payers" in billing(*asked).stderr
    term = ask(*asked)["term"]
    # 33.33 billed, to two payers.
    assert (term["payer_count"], term["billed_line_count"], term["billed_net_minor"]) == (2, 2, 33_33)
    assert "share      40 %" in billing("invoices", "show", "INV-00000002").stdout
