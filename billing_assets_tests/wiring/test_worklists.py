"""Acts on worklists: all of what is named, or none; what the pages' tests do not reach."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from billing_assets.domain.decisions import Decision
from billing_assets.domain.errors import BillingError
from billing_assets.store.connection import Database
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.worklists import MOST_ROWS, WorklistDesk
from billing_assets_tests.billed_store import as_owner, prepare_billed
from billing_assets_tests.books import billing_over, change_address

prepare = prepare_billed


@pytest.fixture
def acts(database: Database, tmp_path: Path) -> Iterator[WorklistDesk]:
    """What people do, over a small billed store."""
    with ExitStack() as stack:
        yield WorklistDesk(Desk(billing_over(database, tmp_path, stack)))


def test_too_much_at_once_is_refused(acts: WorklistDesk) -> None:
    with pytest.raises(BillingError, match="too_many_selected"):
        acts.retry_problems(range(1, MOST_ROWS + 2), "ana")


def test_an_owner_needs_a_name_and_a_charge_its_key(acts: WorklistDesk) -> None:
    with pytest.raises(BillingError, match="owner_empty"):
        acts.assign_problems([1], " ", "ana")
    with pytest.raises(BillingError, match="charge_unknown"):
        acts.note_charges(["ten-one"], "asked", "ana")


def test_a_problem_whose_policy_was_billed_has_nothing_to_retry(acts: WorklistDesk) -> None:
    as_owner(acts.desk.billing, "update problem set policy_number = 'POL-00000001' where problem_id = 1")
    assert acts.retry_problems([1], "ana").refused == {"1": "nothing_failed"}


def test_each_delivery_that_stands_in_the_way_has_its_own_reason(acts: WorklistDesk) -> None:
    change_address(acts.database, 3, "")
    acts.decide_deliveries([1], Decision.GIVEN_UP, "the payer moved away", "ana")
    refused = acts.decide_deliveries([1, 4, 99], Decision.GIVEN_UP, "gone", "ana").refused
    assert refused == {"1": "delivery_given_up", "4": "delivery_sent", "99": "delivery_unknown"}
    again = acts.decide_deliveries([2, 3], Decision.AGAIN, "try", "ana").refused
    assert again == {"3": "delivery_without_address"}
