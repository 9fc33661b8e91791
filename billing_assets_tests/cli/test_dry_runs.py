"""`billing run --dry-run`: what is due, what is late, and nothing written."""

from collections.abc import Callable
from typing import Any

import pytest

from billing_assets_tests.cli.conftest import Billing

pytestmark = pytest.mark.usefixtures("book")


def test_a_dry_run_writes_nothing(ask: Callable[..., Any]) -> None:
    document = ask("run", "2024-01-31", "--dry-run")
    assert document["dates"][0]["due_count"] == 30
    assert ask("runs")["runs"] == []


def test_a_dry_run_shows_what_would_be_caught_up_and_the_invoices_either_way(
    billing: Billing, ask: Callable[..., Any]
) -> None:
    shown = billing("run", "2024-04-15", "--dry-run").stdout
    assert "Of these, to be billed on an earlier day" in shown
    assert "2024-01" in shown
    document = ask("run", "2024-04-15", "--dry-run")["catch_up"]
    assert f"{document['per_period_count']} invoices, one for each due date" in shown
    (day,) = ask("run", "2024-04-15", "--no-deliver", "--catch-up", "one_invoice")["dates"]
    assert sum(row["count"] for row in day["invoices"]) == document["one_invoice_count"] == 30


def test_a_dry_run_of_a_range_counts_each_date(billing: Billing) -> None:
    shown = billing("run", "2024-01-01", "--until", "2024-01-02", "--dry-run")
    assert [line.split()[:2] for line in shown.stdout.splitlines() if line.startswith("2024")] == [
        ["2024-01-01", "0"],
        ["2024-01-02", "10"],
    ]
