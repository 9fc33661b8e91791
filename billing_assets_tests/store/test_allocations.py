"""Allocations in the store: bounded whoever writes them, and by however many programs at once."""

from datetime import date
from multiprocessing import get_context
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError

from billing_assets.domain.allocation import AllocationRule
from billing_assets.store.allocations import SqlAllocationStore, add_allocation_rule
from billing_assets.store.connection import Database
from billing_assets_tests.paid_books import (
    APRIL,
    AT,
    FEBRUARY,
    MARCH,
    allocate,
    bill_monthly,
    clock,
    open_of,
    paid,
    record,
    returned,
    rows,
)

_ONE = """
insert into allocation (allocation_id, company_id, allocation_kind, payment_id, invoice_id, payer_id,
    currency, amount_minor, reason_code, as_of_date, recorded_at)
select nextval('invoice_id_sequence'), 1, 'payment', p.payment_id, i.invoice_id, i.payer_id, 'EUR', 1,
    'person', date '2024-04-01', now()
from payment p, invoice i where p.external_key = 'a' and i.invoice_id = :invoice
"""


def prepare(database: Database, home: Path) -> None:
    bill_monthly(database, home)


def test_the_newest_valid_rule_of_a_currency_counts(database: Database) -> None:
    def rule(tolerance: int, day: date) -> AllocationRule:
        return AllocationRule(
            currency="EUR", tolerance_minor=tolerance, approval_above_minor=99, valid_from=day, source="board"
        )

    with database.transaction() as connection:
        for tolerance, day in ((1, FEBRUARY), (3, APRIL), (2, FEBRUARY)):
            add_allocation_rule(connection, 1, rule(tolerance, day), "ana", AT)
    store = SqlAllocationStore(database, 1, clock)
    for day, tolerance in ((MARCH, 2), (APRIL, 3)):
        with store.allocating(day) as work:
            assert work.rules()["tolerance_minor"].to_list() == [tolerance]


def test_a_document_is_open_from_its_issue_on(database: Database) -> None:
    store = SqlAllocationStore(database, 1, clock)
    with store.allocating(FEBRUARY) as work:
        assert work.documents().height == 3
    with store.allocating(MARCH) as work:
        assert work.documents()["document_key"].to_list()[0].startswith("INV0")
        assert work.documents().height == 6


def test_a_return_is_found_by_the_reference_of_the_payer_where_it_is_the_only_one(database: Database) -> None:
    record(database, paid("a", 5, end_to_end_key="E"), returned("r", "E", 5))
    assert allocate(database)["reversal_count"] == 1
    record(
        database, paid("b", 5, end_to_end_key="F"), paid("c", 5, end_to_end_key="F"), returned("s", "F", 5)
    )
    assert allocate(database)["reversal_count"] == 0


def _one_by_one(url: str, invoice_id: int, times: int) -> int:
    """Allocate one minor unit again and again, past every lock of the program; return how often it worked."""
    database, done = Database(url), 0
    for _ in range(times):
        try:
            with database.transaction() as connection:
                connection.execute(text(_ONE), {"invoice": invoice_id})
            done += 1
        except (IntegrityError, OperationalError):
            continue
    database.close()
    return done


def _allocate_all(url: str, times: int) -> int:
    database = Database(url)
    done = sum(int(allocate(database)["allocation_count"]) for _ in range(times))
    database.close()
    return done


@pytest.mark.long
def test_two_programs_never_allocate_more_than_was_paid(database: Database) -> None:
    record(database, paid("a", 300, payer_key="K1"))
    url = database.engine.url.render_as_string(hide_password=False)
    with get_context("spawn").Pool(2) as pool:
        done = pool.starmap(_one_by_one, [(url, 1, 500), (url, 2, 500)])
    assert sum(done) == 300
    assert rows(database, "select sum(amount_minor)::bigint, count(*) from allocation") == [(300, 300)]


@pytest.mark.long
def test_two_programs_never_pay_a_document_twice(database: Database) -> None:
    record(database, paid("a", 9000, payer_key="K1"), paid("b", 9000, payer_key="K1"))
    url = database.engine.url.render_as_string(hide_password=False)
    with get_context("spawn").Pool(2) as pool:
        done = pool.starmap(_allocate_all, [(url, 20), (url, 20)])
    assert sum(done) == 3
    assert open_of(database, 1) == [0, 0]
