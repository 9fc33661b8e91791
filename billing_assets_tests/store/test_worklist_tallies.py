"""Counts of worklists: as exact as the lists, up to a bound."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from billing_assets.store.connection import Database
from billing_assets.store.delivery_listings import count_reasons
from billing_assets.store.problem_listings import count_problems
from billing_assets.store.worklist_tallies import tallies, tally_deliveries, tally_problems
from billing_assets_tests.billed_store import fill_billed
from billing_assets_tests.books import billing_over


@pytest.mark.long
def test_they_agree_with_the_exact_counts(database: Database, tmp_path: Path) -> None:
    with ExitStack() as stack:
        fill_billed(billing_over(database, tmp_path, stack))
    with database.transaction() as connection:
        problems = {row.reason_code: row.count for row in tally_problems(connection, 1)}
        deliveries = {(row.state, row.reason_code): row.count for row in tally_deliveries(connection, 1)}
        assert problems == count_problems(connection, 1)
        exact = {(row.state, row.reason_code): row.delivery_count for row in count_reasons(connection, 1)}
        assert deliveries == exact
        assert tally_problems(connection, 2) == tally_deliveries(connection, 2) == []


def test_beyond_the_bound_there_are_more(database: Database) -> None:
    query = "select 'open' as state, 'x' as reason_code, :most + 0 as tally_count, null::timestamptz as since"
    with database.transaction() as connection:
        (found,) = tallies(connection, query, 1, 5)
    assert (found.count, found.is_more) == (5, True)
