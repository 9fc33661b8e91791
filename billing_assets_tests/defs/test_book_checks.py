"""The checks of the policy book warn of an old import and of refused rows, and stop nothing."""

from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest
from sqlalchemy import text

from billing_assets.definitions import build_definitions
from billing_assets.defs.book_checks import evaluate_book
from billing_assets.store.connection import Database
from billing_assets.store.run_history import BookStamp
from billing_assets.wiring.settings import Settings
from billing_assets_tests.defs.conftest import Run, tamper

IMPORTED = datetime(2026, 2, 1, 6, tzinfo=UTC)


def found_at(
    at: datetime, *, imported_at: datetime | None = IMPORTED, problem_count: int = 0
) -> list[object]:
    """Whether each check passes, and what it says."""
    book = BookStamp(
        batch_id=0 if imported_at is None else 7,
        file_sha256="",
        imported_at=imported_at,
        problem_count=problem_count,
        policy_count=1,
        premium_totals=(),
    )
    results = evaluate_book(book, at=at, most_days=35)
    assert {result.severity for result in results} == {dg.AssetCheckSeverity.WARN}
    return [(result.passed, result.description) for result in results]


def test_a_book_is_recent_up_to_the_last_instant_of_its_days() -> None:
    assert found_at(IMPORTED)[0] == (True, "imported within the last day")
    assert found_at(IMPORTED + timedelta(days=1))[0] == (True, "imported a day ago")
    assert found_at(IMPORTED + timedelta(days=35))[0] == (True, "imported 35 days ago")
    assert found_at(IMPORTED + timedelta(days=35, seconds=1))[0] == (False, "imported 35 days ago")


def test_refused_rows_and_a_book_that_is_not_there_are_told() -> None:
    assert found_at(IMPORTED, problem_count=1_200)[1] == (False, "1,200 rows were refused")
    assert found_at(IMPORTED, imported_at=None) == [
        (False, "no policy book was imported yet"),
        (True, "no row was refused"),
    ]


def test_they_stand_on_the_book_and_block_nothing() -> None:
    graph = build_definitions(Settings(_env_file=None)).resolve_asset_graph()
    checks = [graph.get(key) for key in graph.asset_check_keys if key.asset_key == dg.AssetKey("policy_book")]
    assert sorted(check.key.name for check in checks) == ["clean_import", "recent_import"]
    assert all(check.description and not check.blocking for check in checks)


@pytest.mark.long
def test_a_run_looks_at_the_book_warns_and_bills_all_the_same(
    run: Run, store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BILLING_BOOK_DAYS", "9")
    tamper(store, "update intake_batch set imported_at = now() - interval '9 days 1 hour'")
    result = run()
    assert result.success
    found = {
        each.check_name: each
        for each in result.get_asset_check_evaluations()
        if each.asset_key == dg.AssetKey("policy_book")
    }
    assert not found["recent_import"].passed
    assert found["recent_import"].metadata["age_days"].value == 9
    assert found["clean_import"].passed
    assert found["clean_import"].metadata["problem_count"].value == 0
    with store.transaction() as connection:
        assert connection.execute(text("select count(*) from invoice")).scalar_one() > 0
