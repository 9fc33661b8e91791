"""Each month that billed something is listed, with what keeps it attached."""

from datetime import date
from pathlib import Path

import pytest

from billing_assets.store.connection import Database
from billing_assets.store.month_listings import list_months
from billing_assets_tests.closed_months import DAYS, MONTH, months_of

MONTHS = [*(day.replace(day=1) for day in DAYS), date(2023, 3, 1), date(2024, 3, 1)]


def test_months_are_listed_with_their_documents_and_what_keeps_them(closed_store: Database) -> None:
    with closed_store.transaction() as connection:
        rows = list_months(connection, 1, 36)
    assert [row.month for row in rows] == MONTHS
    february = rows[0]
    assert {total.document_kind: total.document_count for total in february.totals} == {
        "invoice": 9,
        "credit_note": 2,
    }
    assert february.document_count == 11
    assert [bool(row.obstacles) for row in rows] == [False] * len(DAYS) + [True, True]
    assert {one.obstacle_code for row in rows for one in row.obstacles} == {"month_recent", "term_recent"}
    assert all(row.byte_count > 0 for row in rows)


def test_a_longer_bound_keeps_all_of_them(closed_store: Database) -> None:
    with closed_store.transaction() as connection:
        rows = list_months(connection, 1, 60)
    assert all(row.obstacles for row in rows)


@pytest.mark.long
def test_a_month_that_is_away_stands_with_its_hash_and_the_bytes_of_its_files(
    closed_store: Database, tmp_path: Path
) -> None:
    desk = months_of(closed_store)
    before = desk.list()[0]
    facts = desk.detach(MONTH, tmp_path / "month").facts
    after = desk.list()[0]
    assert after.totals == before.totals
    assert (after.byte_count, after.content_sha256) == (facts["byte_count"], facts["content_sha256"])
    assert after.detached_at is not None
    assert [row.month for row in desk.list()] == MONTHS


def test_a_company_that_billed_nothing_has_none(closed_store: Database) -> None:
    with closed_store.transaction() as connection:
        assert list_months(connection, 99, 36) == []
