"""What stands held or failed: until it is billed, and as its last run left it."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from billing_assets.domain.selections import Selection
from billing_assets.store.charge_listings import standing_charges
from billing_assets.store.connection import Database
from billing_assets.store.failures import FailureFilter, find_failures, list_failures, tally_failures
from billing_assets.wiring.build import Billing
from billing_assets_tests.billed_store import BILLING_DATE, FAILED_COUNT, as_owner, prepare_billed
from billing_assets_tests.books import billing_over

NEXT = BILLING_DATE + timedelta(days=1)


prepare = prepare_billed


@pytest.fixture
def billing(database: Database, tmp_path: Path) -> Iterator[Billing]:
    """The program over a small billed store."""
    with ExitStack() as stack:
        yield billing_over(database, tmp_path, stack)


def test_tally_list_and_the_count_of_the_date_agree(billing: Billing) -> None:
    with billing.database.transaction() as connection:
        tallies = {(row.state, row.reason_code): row.count for row in tally_failures(connection, 1)}
        listed = list_failures(connection, 1, FailureFilter())
        of_date = {row.outcome: row.charge_count for row in standing_charges(connection, 1, BILLING_DATE)}
        assert not tally_failures(connection, 2)
        assert not list_failures(connection, 2, FailureFilter())
    assert tallies == {("failed", "no_tax_rule"): FAILED_COUNT, ("held", "changed_after_billing"): 1}
    assert of_date == {"failed": FAILED_COUNT, "held": 1}
    assert len(listed) == FAILED_COUNT + 1


def test_a_later_run_tells_of_it_anew_and_it_stands_once(billing: Billing) -> None:
    billing.invoice(billing.order(NEXT))
    with billing.database.transaction() as connection:
        listed = list_failures(connection, 1, FailureFilter())
        (tally, _) = tally_failures(connection, 1)
    assert len(listed) == FAILED_COUNT + 1
    assert {row.run_id for row in listed} == {2}
    assert tally.count == FAILED_COUNT


def test_what_is_billed_stands_no_more(billing: Billing) -> None:
    as_owner(billing, "update policy_term_version set place_code = 'ES' where policy_id % 10 = 0")
    billing.invoice(billing.order(NEXT))
    with billing.database.transaction() as connection:
        (held,) = list_failures(connection, 1, FailureFilter())
        assert find_failures(connection, 1, [(10, 1)]) == []
    assert held.reason_code == "changed_after_billing"


def test_pages_follow_each_other(billing: Billing) -> None:
    seen, after = [], None
    with billing.database.transaction() as connection:
        while page := list_failures(connection, 1, FailureFilter(after=after, limit=1)):
            seen.append(page[0].key)
            after = page[0].place
    assert seen == ["10-1", "20-1", "30-1", "7-1"]


def test_a_later_run_of_a_selection_takes_nothing_from_what_stands(billing: Billing) -> None:
    def standing() -> set[int]:
        with billing.database.transaction() as connection:
            return {row.policy_term_id for row in list_failures(connection, 1, FailureFilter())}

    before = standing()
    elsewhere = Selection(plan_codes=("weekly",))
    billing.invoice(replace(billing.order(NEXT), selection=elsewhere))
    assert standing() == before
    billing.invoice(billing.order(NEXT))
    assert standing() == before
