"""What stands failed with its attempts, and attempts that are kept once."""

from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.domain.retries import RetryAttempt
from billing_assets.store.connection import Database
from billing_assets.store.retries import find_failed, keep_attempts, list_failed
from billing_assets.wiring.build import Billing, utc_now
from billing_assets_tests.billed_store import BILLING_DATE, as_owner, fill_billed
from billing_assets_tests.books import billing_over


@pytest.fixture
def billing(database: Database, tmp_path: Path) -> Billing:
    """The program over a small billed store."""
    with ExitStack() as stack:
        found = billing_over(database, tmp_path, stack)
        fill_billed(found)
        return found


def test_attempts_are_of_a_version_of_a_term_and_kept_once(billing: Billing) -> None:
    at = utc_now()
    with billing.database.transaction() as connection:
        found = list_failed(connection, 1)
        assert [charge.key for charge in found] == [(10, 1), (20, 1), (30, 1)]
        assert {charge.attempt_count for charge in found} == {0}
        assert all(charge.until_date < BILLING_DATE for charge in found), "they have dates of their own"
        assert find_failed(connection, 1, []) == []
        again = RetryAttempt(
            charge=found[0],
            attempt_number=1,
            run_id=None,
            reason_code="no_tax_rule",
            next_attempt_at=at + timedelta(hours=4),
        )
        given_up = replace(again, charge=found[1], next_attempt_at=None)
        keep_attempts(connection, 1, [again, given_up], "billing operations", at)
        with pytest.raises(BillingError, match="billed_meanwhile"):
            keep_attempts(connection, 1, [again], "billing operations", at)
        tried = {charge.key: charge for charge in list_failed(connection, 1)}
    assert (tried[10, 1].attempt_count, tried[10, 1].next_attempt_at) == (1, at + timedelta(hours=4))
    assert (tried[20, 1].is_given_up, tried[20, 1].owner) == (True, "billing operations")
    assert tried[30, 1] == found[2]
    with billing.database.transaction() as connection:
        # The book corrects the term, and it fails anew: the attempts begin anew as well.
        as_owner(billing, "update invoice_retry set policy_term_version_id = 1 where policy_term_id = 10")
        (charge,) = find_failed(connection, 1, [(10, 1)])
    assert (charge.attempt_count, charge.next_attempt_at) == (0, None)
    # A shard of a run under way is committed before the run is final: what failed there has its time too.
    as_owner(billing, "update billing_run set state = 'running', finalised_at = null")
    with billing.database.transaction() as connection:
        (charge,) = find_failed(connection, 1, [(10, 1)])
    assert charge.due_at(billing.settings.retry_rule) is not None
