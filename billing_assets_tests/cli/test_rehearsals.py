"""`billing run DATE --rehearse`: what would be issued is shown, and nothing is."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from billing_assets.cli.rehearsals import change_words
from billing_assets.store.connection import Database
from billing_assets_tests.books import add_term
from billing_assets_tests.cli.conftest import Billing, write_book

pytestmark = pytest.mark.usefixtures("book")


def test_a_rehearsal_shows_the_sums_and_issues_nothing(billing: Billing, ask: Callable[..., Any]) -> None:
    shown = billing("run", "2024-01-31", "--rehearse")
    assert "To be invoiced" in shown.stdout
    assert "There are no bills before these to compare with." in shown.stdout
    assert "billing runs approve 1 --reason TEXT --approved-by NAME" in shown.stderr
    assert ask("invoices", "list")["invoices"] == []
    assert ask("runs", "show", "1")["state"] == "planned"


def test_a_run_that_has_not_begun_has_no_charges_to_list_yet_and_says_where_its_figures_are(
    billing: Billing, ask: Callable[..., Any]
) -> None:
    run_id = str(ask("run", "2024-01-31", "--rehearse")["run"]["run_id"])
    listed = billing("runs", "charges", run_id)
    assert "This run has not issued anything yet." in listed.stdout
    assert f"billing runs show {run_id}" in listed.stderr


def test_the_run_after_a_rehearsal_issues_the_sums_that_were_shown(ask: Callable[..., Any]) -> None:
    figures = ask("run", "2024-01-31", "--rehearse")["run"]["rehearsal"]["figures"]
    (issued,) = ask("run", "2024-01-31", "--no-deliver")["invoices"]
    for name in ("net_minor", "tax_minor", "total_minor"):
        assert issued[name] == sum(row[name] for row in figures)


def test_what_will_not_be_invoiced_is_shown_with_its_reason(billing: Billing, store: Database) -> None:
    add_term(store, "OLD-GB", effective=date(1998, 2, 1), place="GB", currency="GBP")
    shown = billing("run", "2024-01-31", "--rehearse").stdout
    assert "Not to be invoiced" in shown
    assert "no tax rule covers the place" in shown
    assert "No tax rule covers travel in GB (premium): 1 charge." in shown


@pytest.mark.long
def test_a_policy_that_stands_out_is_named_with_both_bills(billing: Billing, tmp_path: Path) -> None:
    """The last month of a half-year came to 100.00; its renewal is billed at once."""
    for name, term in (
        ("old", "monthly,2023-08-01,2024-02-01,600"),
        ("new", "yearly,2024-02-01,2025-02-01,500"),
    ):
        path = write_book(tmp_path / f"{name}.csv", more_rows=f"REN-1,Payer,,{term}.00\n")
        billing("import", "policies", str(path), "--mapping", str(path.with_suffix(".yaml")))
        billing("run", "2023-12-29", "--no-deliver")
    shown = billing("run", "2024-01-31", "--rehearse", code=5).stdout
    assert "1 policy has a bill of more than 3 times the last one" in shown
    (line,) = (line for line in shown.splitlines() if line.startswith("REN-1"))
    assert line.split() == ["REN-1", "EUR", "108.15", "540.75"]


def test_a_date_without_anything_new_says_so(billing: Billing) -> None:
    billing("run", "2024-01-31", "--no-deliver")
    assert "Nothing is due on 2024-01-31." in billing("run", "2024-01-31", "--rehearse").stdout


def test_a_rehearsal_is_of_one_date(billing: Billing) -> None:
    billing("run", "2024-01-31", "--until", "2024-02-02", "--rehearse", code=2)


def test_a_change_is_cut_to_a_tenth_and_not_rounded() -> None:
    assert [change_words(now, 1_000) for now in (1_000, 1_200, 1_201, 799)] == [
        "+0.0 %",
        "+20.0 %",
        "+20.1 %",
        "-20.1 %",
    ]
