"""`billing rules plans`: own plans are listed, imported, added and ended, each with note and name."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from billing_assets.store.connection import Database
from billing_assets_tests.cli.conftest import Billing, write_book

ROWS = "plan_code,frequency_code,lead_days,valid_from,source\nten_days,monthly,10,2024-01-01,board\n"
SIGNED = ("--note", "a test", "--by", "ana")
ADD = (
    *("rules", "plans", "add", "plan_code=ten_days", "frequency_code=monthly"),
    *("lead_days=10", "valid_from=2024-01-01", "source=board"),
)


@pytest.fixture(autouse=True)
def _store(store: Database) -> None:
    """Each test has the shipped rows in a store of its own."""


def test_the_shipped_plans_are_listed_as_such(billing: Billing, ask: Callable[..., Any]) -> None:
    rows = ask("rules", "plans", "list")["plans"]
    assert {row["recorded_by"] for row in rows} == {None}
    (monthly,) = [row for row in rows if row["plan_code"] == "monthly"]
    assert (monthly["lead_days"], monthly["valid_to"]) == (14, None)
    shown = billing("rules", "plans", "list", "--plan", "monthly", "--on", "2025-01-01").stdout
    assert "shipped" in shown
    assert "minimum_payment_days=14" in shown
    assert "No row fits" in billing("rules", "plans", "list", "--plan", "nothing").stdout


def test_a_file_is_taken_once_and_says_what_it_did(
    billing: Billing, ask: Callable[..., Any], tmp_path: Path
) -> None:
    path = tmp_path / "plans.csv"
    path.write_text(ROWS, encoding="utf-8")
    assert "new" in billing("rules", "plans", "import", str(path), *SIGNED).stdout
    assert ask("rules", "plans", "import", str(path), *SIGNED)["unchanged_count"] == 1
    (row,) = ask("rules", "plans", "list", "--plan", "ten_days")["plans"]
    assert (row["note"], row["recorded_by"], row["source"]) == ("a test", "ana", "board")
    assert "ana" in billing("rules", "plans", "list", "--plan", "ten_days").stdout


def test_a_bad_file_names_row_and_field_and_leaves_nothing(
    billing: Billing, ask: Callable[..., Any], tmp_path: Path
) -> None:
    path = tmp_path / "plans.csv"
    path.write_text(f"{ROWS}x,never,10,2024-01-01,board\n", encoding="utf-8")
    result = billing("rules", "plans", "import", str(path), *SIGNED, code=3)
    assert "row 2, frequency_code" in result.stderr
    assert ask("rules", "plans", "list", "--plan", "ten_days")["plans"] == []


def test_a_row_is_added_by_hand_and_ended(billing: Billing, ask: Callable[..., Any]) -> None:
    assert [ask(*ADD, *SIGNED)["state"] for _ in range(2)] == ["new", "unchanged"]
    end = ("rules", "plans", "end", "ten_days", "2025-01-01", *SIGNED)
    assert [ask(*end)["is_changed"] for _ in range(2)] == [True, False]
    assert "as it did already" in billing(*end).stdout
    assert ask("rules", "plans", "list", "--plan", "ten_days")["plans"][0]["valid_to"] == "2025-01-01"


def test_what_is_wrong_on_the_command_line_is_said(billing: Billing) -> None:
    assert "lead_days=10" in billing("rules", "plans", "add", "lead_days", *SIGNED, code=2).stderr
    twice = (*ADD, "lead_days=9", *SIGNED)
    assert "write each field once" in billing(*twice, code=2).stderr
    missing = billing("rules", "plans", "add", "plan_code=x", *SIGNED, code=3).stderr
    assert "frequency_code: it is missing" in missing
    assert "a note is missing" in billing(*ADD, "--note", " ", "--by", "ana", code=3).stderr


@pytest.mark.long
def test_a_plan_that_billed_a_term_cannot_end_before_that_term(
    book: Path, billing: Billing, ask: Callable[..., Any], tmp_path: Path
) -> None:
    billing(*ADD, *SIGNED)
    more = "P-9999,Ann,ann@example.com,ten_days,2024-02-10,2025-02-10,120.00\n"
    path = write_book(tmp_path / "more.csv", count=30, more_rows=more)
    billing("import", "policies", str(path), "--mapping", str(path.with_suffix(".yaml")))
    billing("run", "2024-02-02", "--no-deliver")
    assert len(ask("invoices", "list", "--policy", "P-9999")["invoices"]) == 1
    refused = billing("rules", "plans", "end", "ten_days", "2024-02-10", *SIGNED, code=3)
    assert "a term that began on 2024-02-10 is billed by plan ten_days" in refused.stderr
    billing("rules", "plans", "end", "ten_days", "2024-02-11", *SIGNED)
