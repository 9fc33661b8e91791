"""Allocation over a real store: what is paid, taken back and written off, and what the ledger says of it."""

from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest

from billing_assets.domain.allocation import AllocationRule
from billing_assets.domain.credits import WantedCredit
from billing_assets.store.allocations import add_allocation_rule
from billing_assets.store.connection import Database
from billing_assets_tests.books import billing_over
from billing_assets_tests.databases import Prepare
from billing_assets_tests.paid_books import (
    APRIL,
    AT,
    FEBRUARY,
    MARCH,
    allocate,
    balances,
    bill_monthly,
    open_of,
    paid,
    record,
    returned,
    rows,
)


@pytest.fixture
def preparation() -> Prepare:
    return bill_monthly


def bill_of(database: Database, payer_id: int) -> tuple[int, int]:
    first, second = open_of(database, payer_id)
    return first, second


def test_the_oldest_document_is_paid_first_and_the_rest_goes_on(database: Database) -> None:
    first, second = bill_of(database, 1)
    record(database, paid("a", first + 10, payer_key="K1"))
    facts = allocate(database)
    assert (facts["allocation_count"], facts["owner_count"]) == (2, 0)
    assert open_of(database, 1) == [0, second - 10]
    assert 2100 not in balances(database)


def test_what_is_too_much_stays_on_account_and_pays_what_comes_later(database: Database) -> None:
    first, second = bill_of(database, 1)
    record(database, paid("a", first + second + 7, payer_key="K1"))
    allocate(database)
    assert open_of(database, 1) == [0, 0]
    assert balances(database)[2100] == -7


def test_again_there_is_nothing_to_do(database: Database) -> None:
    record(database, paid("a", 50, payer_key="K1"), paid("b", 50))
    allocate(database)
    before = rows(database, "select * from allocation order by 1"), balances(database)
    facts = allocate(database)
    assert {facts[name] for name in facts if name.endswith("_count")} == {0}
    assert (rows(database, "select * from allocation order by 1"), balances(database)) == before


def test_the_payer_says_which_document_and_owns_the_payment(database: Database) -> None:
    [(number,)] = rows(
        database,
        """select document_number(s.prefix, i.invoice_number) from invoice i join number_series s
        using (number_series_id) where i.payer_id = 2 order by i.invoice_id desc limit 1""",
    )
    first, second = bill_of(database, 2)
    record(database, paid("a", second + 5, remittance_text=f"thanks for {number}"))
    assert balances(database)[2150] == -(second + 5)
    assert allocate(database)["owner_count"] == 1
    assert open_of(database, 2) == [first - 5, 0]
    assert 2150 not in balances(database)
    reasons = rows(database, "select reason_code from allocation order by allocation_id")
    assert reasons == [("instruction",), ("oldest_due",)]


def test_nobody_owns_what_names_nothing(database: Database) -> None:
    record(database, paid("a", 100, remittance_text="premium"))
    assert allocate(database)["allocation_count"] == 0
    assert balances(database)[2150] == -100


def test_what_comes_back_reopens_the_last_document_at_its_due_date(database: Database) -> None:
    first, second = bill_of(database, 1)
    due = rows(database, "select due_date from invoice where payer_id = 1 order by invoice_id")
    record(database, paid("a", first + second, payer_key="K1"))
    allocate(database)
    record(database, returned("r", "a", 10))
    facts = allocate(database)
    assert (facts["reversal_count"], facts["unallocation_count"], facts["allocation_count"]) == (1, 1, 1)
    assert open_of(database, 1) == [0, 10]
    assert rows(database, "select due_date from invoice where payer_id = 1 order by invoice_id") == due
    assert balances(database)[1000] == first + second - 10


def test_a_return_that_comes_before_its_payment_waits_for_it(database: Database) -> None:
    first, _ = bill_of(database, 1)
    record(database, returned("r", "a", first))
    assert allocate(database)["reversal_count"] == 0
    record(database, paid("a", first, payer_key="K1"))
    facts = allocate(database)
    assert (facts["reversal_count"], facts["allocation_count"]) == (1, 0)
    assert 1000 not in balances(database)


def test_a_return_of_what_nobody_owns_goes_off_suspense(database: Database) -> None:
    record(database, paid("a", 100), returned("r", "a", 40))
    allocate(database)
    assert balances(database)[2150] == -60


def test_what_is_left_within_the_tolerance_is_written_off_and_comes_back_with_the_payment(
    database: Database,
) -> None:
    rule = AllocationRule(
        currency="EUR", tolerance_minor=5, approval_above_minor=100, valid_from=FEBRUARY, source="board"
    )
    with database.transaction() as connection:
        add_allocation_rule(connection, 1, rule, "ana", AT)
    first, second = bill_of(database, 1)
    record(database, paid("a", first - 5, payer_key="K1"))
    assert allocate(database)["write_off_count"] == 1
    assert open_of(database, 1) == [0, second]
    assert balances(database)[6200] == 5
    record(database, returned("r", "a", first - 5))
    allocate(database)
    assert open_of(database, 1) == [first, second]
    assert 6200 not in balances(database)


def test_a_credit_note_settles_its_invoice_first_and_frees_what_was_paid(
    database: Database, tmp_path: Path
) -> None:
    first, second = bill_of(database, 1)
    record(database, paid("a", first, payer_key="K1"))
    allocate(database)
    [(number,)] = rows(
        database,
        """select document_number(s.prefix, i.invoice_number) from invoice i join number_series s
        using (number_series_id) where i.payer_id = 1 order by i.invoice_id limit 1""",
    )
    with ExitStack() as stack:
        billing = billing_over(database, tmp_path, stack)
        wanted = (WantedCredit(invoice_number=number),)
        billing.credit(billing.credit_order(wanted, reason="sold", approved_by="ana", billing_date=MARCH))
    assert open_of(database, 1) == [-first, second]
    allocate(database)
    assert open_of(database, 1) == [0, second - first if first < second else 0]


def test_what_is_not_booked_yet_pays_nothing(database: Database) -> None:
    record(database, paid("a", 100, payer_key="K1", booking_date=date(2024, 4, 2)))
    assert allocate(database, APRIL)["allocation_count"] == 0


@pytest.mark.parametrize("amount", [1, 10_000_000])
def test_all_that_came_in_is_somewhere(database: Database, amount: int) -> None:
    record(database, paid("a", amount, payer_key="K1"), paid("b", amount))
    allocate(database)
    found = balances(database)
    assert found[1000] == 2 * amount
    assert sum(found.values()) == 0
