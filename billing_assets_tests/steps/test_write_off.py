"""Writing off by a person: up to the limit of the rule alone, above it with an approver."""

import pytest

from billing_assets.domain.allocation import AllocationRule
from billing_assets.domain.errors import BillingError
from billing_assets.steps.write_off import WriteOff, write_off
from billing_assets.store.allocations import add_allocation_rule
from billing_assets.store.connection import Database
from billing_assets.store.suspense import SqlPaymentDecisions
from billing_assets_tests.databases import Prepare
from billing_assets_tests.paid_books import APRIL, AT, FEBRUARY, balances, bill_monthly, clock, open_of


@pytest.fixture
def preparation() -> Prepare:
    return bill_monthly


def off(database: Database, approved_by: str = "") -> int:
    wanted = WriteOff(document_number="INV-00000001", note="small", by="eva", approved_by=approved_by)
    return write_off(wanted, APRIL, store=SqlPaymentDecisions(database, 1, clock))


def rule(database: Database, above: int) -> None:
    row = AllocationRule(
        currency="EUR", tolerance_minor=0, approval_above_minor=above, valid_from=FEBRUARY, source="board"
    )
    with database.transaction() as connection:
        add_allocation_rule(connection, 1, row, "ana", AT)


def test_up_to_the_limit_a_person_does_it_alone(database: Database) -> None:
    rule(database, 4506)
    assert off(database) == 4506
    assert open_of(database, 1)[0] == 0
    assert balances(database)[6200] == 4506
    with pytest.raises(BillingError, match="nothing_open"):
        off(database)


@pytest.mark.parametrize("has_rule", [True, False])
def test_above_it_somebody_else_approves(database: Database, has_rule: bool) -> None:
    if has_rule:
        rule(database, 4505)
    for nobody in ("", " ", "eva"):
        with pytest.raises(BillingError, match="approver_missing"):
            off(database, nobody)
    assert off(database, "ana") == 4506
