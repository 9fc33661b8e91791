"""`billing import policies`: counts and control totals, twice, and with announced totals."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from billing_assets_tests.cli.conftest import Billing


def test_the_same_file_again_does_nothing(billing: Billing, book: Path) -> None:
    shown = billing("import", "policies", str(book), "--mapping", str(book.with_suffix(".yaml"))).stdout
    assert "was imported before, as batch 1" in shown


def test_a_repeat_has_every_key_of_an_import(ask: Callable[..., Any], book: Path) -> None:
    """A program reads one shape, whether there was something to do or not."""
    arguments = ["import", "policies", str(book), "-m", str(book.with_suffix(".yaml"))]
    repeat = ask(*arguments)
    assert (repeat["is_repeat"], repeat["new_count"], repeat["premiums"]) == (True, 0, [])
    assert repeat["imported_at"]
    book.write_text(book.read_text() + "P-9001,A,,monthly,2024-02-01,2025-02-01,x\n")
    changed = ask(*arguments)
    assert (changed["is_repeat"], changed["problem_count"], changed["imported_at"]) == (False, 1, None)
    assert changed["premiums"] == [
        {
            "currency": "EUR",
            "in_minor": 1_546_500,
            "accepted_minor": 1_546_500,
            "duplicate_minor": 0,
            "problem_minor": 0,
        }
    ]
    assert all(isinstance(spent, float) for spent in changed["seconds"].values())
    assert repeat.keys() == changed.keys()


def test_rows_and_premium_are_shown_by_what_became_of_them(billing: Billing, book: Path) -> None:
    book.write_text(book.read_text() + "P-9001,A,,monthly,2024-02-01,2025-02-01,x\n")
    shown = billing("import", "policies", str(book), "-m", str(book.with_suffix(".yaml"))).stdout
    lines = [" ".join(line.split()) for line in shown.splitlines()]
    assert "unchanged terms 30" in lines
    assert "problems 1" in lines
    assert "in the file 31" in lines
    assert "taken (new, changed, unchanged) EUR 15,465.00" in lines
    assert "in the file EUR 15,465.00" in lines
    assert not [line for line in lines if line.startswith(("repeated rows", "rows with problems"))]
    assert "not in these sums: 1 row whose premium cannot be read" in lines
    assert "without an e-mail address, or with one that cannot be read: 3 rows" in lines


def test_an_announced_total_that_is_wrong_refuses_the_file(ask: Callable[..., Any], book: Path) -> None:
    book.write_text(book.read_text() + "\n")
    arguments = ["import", "policies", str(book), "-m", str(book.with_suffix(".yaml"))]
    assert ask(*arguments, "--expect-rows", "31", code=3)["error"]["code"] == "control_total_wrong"
    error = ask(*arguments, "--expect-premium", "EUR=15465.01", code=3)["error"]
    assert "15465.01 was announced" in error["found"]
    assert ask(*arguments, "--expect-rows", "30", "--expect-premium", "15465.00")["unchanged_count"] == 30


def test_a_mapping_is_asked_for(billing: Billing) -> None:
    assert "--mapping" in billing("import", "policies", "book.csv", code=2).stderr
