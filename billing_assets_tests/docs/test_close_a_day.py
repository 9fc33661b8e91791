"""The steps of the page on closed days, taken in a copy of the program: an added holiday moves a due date."""

import json
from pathlib import Path

import pytest

from billing_assets.store.connection import Database
from billing_assets_tests.docs.test_add_a_tax import copied_program, run_all, run_page
from billing_assets_tests.docs.test_commands import ROOT, commands

PAGE = ROOT / "docs" / "how-to" / "close-a-day.md"


@pytest.mark.long
def test_a_day_is_closed_and_opened_again_and_a_holiday_that_is_added_moves_a_due_date(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BILLING_ISSUE_ON", "billing_date")
    program = copied_program(tmp_path)
    file = "billing_assets/domain/calendars/united_kingdom.py"
    texts = run_page(program, database, PAGE, "billing calendar show GB 2025", file)
    shown = list(zip(commands(PAGE), texts, strict=True))
    dry_runs = [text for line, text in shown if line == "billing run 2025-01-15 --dry-run"]
    assert [text.startswith("2025-01-15  0 charges due") for text in dry_runs] == [False, True]
    (spain, spain_at_last) = [text for line, text in shown if line == "billing calendar show ES 2025"]
    assert "the office moves" not in spain
    assert "the move was put off" in spain_at_last
    assert "St George" in dict(shown)["billing calendar show GB 2025"]
    (found,) = run_all(program, database, ["billing invoices list --policy HOM-2001 --json"])
    assert "2025-04-23" in {row["due_date"] for row in json.loads(found)["invoices"]}
