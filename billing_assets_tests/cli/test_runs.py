"""`billing runs`: the list, one run, its Markdown."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from billing_assets.cli.runs import _counted
from billing_assets.store.connection import Database
from billing_assets_tests.cli.conftest import Billing, bill_twice


def test_without_a_run_it_says_what_to_do(billing: Billing, book: Path) -> None:
    result = billing("runs")
    assert "Nothing was billed yet" in result.stdout
    assert "billing run 2025-01-31" in result.stderr


@pytest.mark.usefixtures("book")
@pytest.mark.prepared(by=bill_twice)
class TestAfterTwoRuns:
    def test_the_newest_stands_first_with_its_counts_and_numbers(self, ask: Callable[..., Any]) -> None:
        newest, oldest = ask("runs")["runs"]
        assert (newest["billing_date"], newest["due_count"]) == ("2024-01-31", 20)
        assert newest["numbers"] == [{"first": "INV-00000011", "last": "INV-00000030"}]
        assert oldest["counts"] == {"invoiced": 10, "zero": 0, "held": 0, "failed": 0, "credited": 0}

    def test_pages_follow_below_the_last_run(self, ask: Callable[..., Any]) -> None:
        first = ask("runs", "--limit", "1")
        second = ask("runs", "--limit", "1", "--before", str(first["before"]))
        assert [page["runs"][0]["run_id"] for page in (first, second)] == [2, 1]
        assert ask("runs", "--before", "1") == {"runs": [], "before": None}
        assert ask("runs", "--limit", "3")["before"] is None

    def test_pages_of_charges_follow_below_the_last_charge(
        self, ask: Callable[..., Any], billing: Billing
    ) -> None:
        page = ask("runs", "charges", "1", "--limit", "4")
        seen = [row["policy_number"] for row in page["charges"]]
        while page["before"]:
            page = ask("runs", "charges", "1", "--limit", "4", "--before", page["before"])
            seen += [row["policy_number"] for row in page["charges"]]
        assert len(seen) == len(set(seen)) == 10
        assert "add --before P-" in billing("runs", "charges", "1", "--limit", "4").stderr

    def test_one_run_shows_outcomes_amounts_numbers_and_seconds(self, billing: Billing) -> None:
        shown = billing("runs", "show", "1").stdout
        for word in ("2024-01-10", "finalised", "invoiced", "EUR", "INV-00000001 to INV-00000010", "seconds"):
            assert word in shown

    def test_a_single_number_is_no_span(self, billing: Billing, ask: Callable[..., Any]) -> None:
        assert "INV-00000001 to INV-00000010" in billing("runs", "show", "1").stdout
        report = ask("runs", "show", "1")["report"]
        report["numbers"] = [{"first": "INV-00000007", "last": "INV-00000007"}]
        assert _counted(report, [{"count": 2}]) == "10 invoices and 2 credit notes, numbers INV-00000007"

    def test_a_run_without_a_charge_says_so(self, billing: Billing) -> None:
        billing("run", "2024-01-01", "--no-deliver")
        assert "Nothing was due." in billing("runs", "show", "3").stdout

    def test_a_date_of_issue_that_the_series_moved_forward_is_told_as_it_stands_on_the_invoices(
        self, billing: Billing, ask: Callable[..., Any]
    ) -> None:
        billing("run", "2024-02-20", "--no-deliver", "--issuing-date", "2024-01-25")
        carried = {row["issue_date"] for row in ask("invoices", "list", "--limit", "1")["invoices"]}
        assert carried == {"2024-01-31"}
        words = "2024-01-31, moved forward from 2024-01-25 to the last date of the number series"
        assert f"issued on {words}" in billing("runs", "show", "3").stdout
        assert f"Issued on {words}" in billing("runs", "show", "3", "--markdown").stdout
        dates = {"first": "2024-01-31", "last": "2024-01-31"}
        assert ask("runs", "show", "3")["report"]["issue_dates"] == dates
        newest, older, _ = ask("runs")["runs"]
        assert (newest["issue_dates"], older["issue_dates"]) == (dates, dates)
        assert newest["issuing_date"] == "2024-01-25"

    def test_a_report_that_was_kept_without_the_dates_on_its_invoices_shows_them(
        self, ask: Callable[..., Any], store: Database
    ) -> None:
        with store.transaction() as connection:
            connection.execute(text("reset role"))
            connection.execute(text("set local session_replication_role = replica"))
            connection.execute(text("update billing_run set report = report - 'issue_dates'"))
            connection.execute(text("set role billing_app"))
        assert ask("runs", "show", "1")["report"]["issue_dates"] == {
            "first": "2024-01-10",
            "last": "2024-01-10",
        }

    def test_markdown_is_the_stored_report(self, billing: Billing) -> None:
        shown = billing("runs", "show", "1", "--markdown").stdout
        assert shown.startswith("**Billing date 2024-01-10**")
        assert "| invoiced | 10 |" in shown

    def test_an_open_run_is_shown_as_far_as_it_is(self, ask: Callable[..., Any], store: Database) -> None:
        with store.transaction() as connection:
            connection.execute(
                text(
                    "insert into billing_run (company_id, billing_date, sequence_number, issuing_date, "
                    "state, book_batch_id, shard_count, due_count, plan_totals, planned_at) values "
                    "(1, '2024-03-01', 1, '2024-03-01', 'running', 1, 1, 5, '[]', now())"
                )
            )
        detail = ask("runs", "show", "3")
        assert (detail["state"], detail["report"]["due_count"], detail["report"]["finalised_at"]) == (
            "running",
            5,
            None,
        )

    def test_a_policy_number_is_text_whatever_stands_in_it(
        self, billing: Billing, ask: Callable[..., Any], store: Database
    ) -> None:
        number = "P[/b]' 1"
        assert "No such charge" in billing("runs", "charges", "1", "--policy", number).stdout
        (first,) = ask("runs", "charges", "1", "--limit", "1")["charges"]
        with store.transaction() as connection:
            connection.execute(text("reset role"))
            rename = text("update policy set policy_number = :new where policy_number = :old")
            connection.execute(rename, {"new": number, "old": first["policy_number"]})
            connection.execute(text("set role billing_app"))
        shown = billing("runs", "charges", "1", "--policy", number, "--limit", "1")
        assert number in shown.stdout

    def test_an_unknown_run_is_refused(self, ask: Callable[..., Any]) -> None:
        assert ask("runs", "show", "99", code=3)["error"]["code"] == "run_unknown"
