"""`billing problems`: counting, listing, showing, closing and giving away bad rows."""

from collections.abc import Callable
from getpass import getuser
from pathlib import Path
from typing import Any

import pytest

from billing_assets_tests.cli.conftest import Billing, write_book, write_company

NOTE = ("--note", "the policy was withdrawn")
BAD_ROWS = (
    "P-9001,Secret Name,s@example.com,monthly,2024-02-01,2025-02-01,12.345\n"
    "P-9002,Secret Name,s@example.com,monthly,2024-02-31,2025-02-01,12.00\n"
)


@pytest.fixture(autouse=True)
def two_problems(store: object, billing: Billing, tmp_path: Path) -> None:
    write_company(tmp_path / "company.yaml")
    path = write_book(tmp_path / "book.csv", more_rows=BAD_ROWS)
    billing("company", "set", str(tmp_path / "company.yaml"))
    billing("import", "policies", str(path), "--mapping", str(path.with_suffix(".yaml")))


def test_kinds_are_counted_with_their_meaning(billing: Billing) -> None:
    shown = billing("problems").stdout
    assert "amount_too_fine" in shown
    assert "the premium or the amount of a charge has digits below the minor unit" in shown
    assert "the premium has digits below the minor unit" in billing("problems", "show", "1").stdout


def test_the_list_says_where_and_what_to_do_and_of_the_row_no_more_than_its_policy(billing: Billing) -> None:
    shown = billing("problems", "list").stdout
    assert "date_invalid" in shown
    assert "effective_date" in shown
    assert "correct the date" in shown
    assert "P-9002 2024-02-31" in shown
    assert "book.csv" not in shown
    for secret in ("Secret", "s@example.com"):
        assert secret not in shown


def test_problems_of_several_files_are_listed_with_their_file(billing: Billing, tmp_path: Path) -> None:
    path = write_book(tmp_path / "more.csv", more_rows=BAD_ROWS.replace("P-9", "P-8"))
    billing("import", "policies", str(path), "--mapping", str(path.with_suffix(".yaml")))
    lines = [line.split() for line in billing("problems", "list").stdout.splitlines()]
    assert {line[2] for line in lines if len(line) > 2 and line[0].isdecimal()} == {"book.csv", "more.csv"}


def test_filters_and_pages(ask: Callable[..., Any]) -> None:
    assert [row["problem_id"] for row in ask("problems", "list")["problems"]] == [2, 1]
    assert [row["problem_id"] for row in ask("problems", "list", "--before", "2")["problems"]] == [1]
    assert [row["problem_id"] for row in ask("problems", "list", "--code", "date_invalid")["problems"]] == [2]
    assert ask("problems", "list", "--limit", "1")["before"] == 2


def test_one_problem_shows_what_the_file_says(ask: Callable[..., Any], billing: Billing) -> None:
    assert "Secret Name" in billing("problems", "show", "2").stdout
    assert ask("problems", "show", "2")["original_value"] == "2024-02-31"


def test_a_problem_given_away_has_its_owner(ask: Callable[..., Any]) -> None:
    ask("problems", "assign", "1", "--to", " claims ")
    assert [row["problem_id"] for row in ask("problems", "list", "--owner", "claims")["problems"]] == [1]


def test_a_closed_problem_leaves_the_list_and_stays_in_the_store(ask: Callable[..., Any]) -> None:
    closed = ask("problems", "close", "1", "--note", " withdrawn ", "--by", "ana")
    assert (closed["problem_id"], closed["is_open"]) == (1, False)
    assert (closed["closing"]["note"], closed["closing"]["closed_by"]) == ("withdrawn", "ana")
    assert [row["problem_id"] for row in ask("problems", "list")["problems"]] == [2]
    assert len(ask("problems", "list", "--all")["problems"]) == 2
    assert ask("problems", "close", "1", *NOTE, code=3)["error"]["code"] == "problem_closed"


def test_closed_problems_show_who_closed_them_and_why(billing: Billing, ask: Callable[..., Any]) -> None:
    billing("problems", "close", "1", *NOTE)
    (closed,) = [row for row in ask("problems", "list", "--all")["problems"] if not row["is_open"]]
    assert (closed["closing"]["note"], closed["closing"]["closed_by"]) == (NOTE[1], getuser())
    assert f"by {getuser()}: {NOTE[1]}" in billing("problems", "list", "--all").stdout
    assert f"by {getuser()}: {NOTE[1]}" in billing("problems", "show", "1").stdout


def test_a_corrected_row_closes_its_problem_by_the_import(
    billing: Billing, ask: Callable[..., Any], tmp_path: Path
) -> None:
    path = write_book(tmp_path / "book.csv", more_rows=BAD_ROWS.replace("12.345", "12.34"))
    billing("import", "policies", str(path), "--mapping", str(path.with_suffix(".yaml")))
    first = ask("problems", "show", "1")
    assert (first["is_open"], first["closing"]["batch_id"], first["closing"]["note"]) == (False, 2, "")
    assert "answered by import 2" in billing("problems", "show", "1").stdout


def test_a_problem_is_not_closed_without_a_reason(billing: Billing, ask: Callable[..., Any]) -> None:
    assert ask("problems", "close", "1", "--note", " ", code=3)["error"]["code"] == "note_missing"
    assert "--note" in billing("problems", "close", "1", code=2).stderr
    assert ask("problems", "close", "77", *NOTE, code=3)["error"]["code"] == "problem_unknown"


def test_what_is_no_problem_is_refused(ask: Callable[..., Any]) -> None:
    assert ask("problems", "show", "77", code=3)["error"]["code"] == "problem_unknown"
    assert ask("problems", "assign", "77", "--to", "x", code=3)["error"]["code"] == "problem_unknown"
    assert ask("problems", "assign", "1", "--to", " ", code=3)["error"]["code"] == "owner_empty"


def test_a_row_that_would_steer_the_terminal_is_shown_as_text(billing: Billing, tmp_path: Path) -> None:
    bad = "P-9\x1b[31m,\x1b]0;owned\x07[/b]Name,s@example.com,monthly,2024-02-31,2025-02-01,12.00\n"
    path = write_book(tmp_path / "book [final].csv", more_rows=bad)
    shown = billing("import", "policies", str(path), "--mapping", str(path.with_suffix(".yaml")))
    assert "book [final].csv" in shown.stdout
    for number in ("1", "2", "3"):
        shown = billing("problems", "show", number)
        assert not {"\x1b", "\x07"} & set(shown.stdout + shown.stderr)
    assert r"\x1b]0;owned\x07[/b]Name" in shown.stdout
