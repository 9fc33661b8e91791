"""What waits for a person, with reasons, candidates and age."""

from pathlib import Path

from billing_assets.store.connection import Database
from billing_assets.store.suspense_listings import list_suspense, waiting_returns
from billing_assets_tests.paid_books import APRIL, allocate, bill_monthly, paid, record, returned


def prepare(database: Database, home: Path) -> None:
    bill_monthly(database, home)


def test_it_is_listed_with_reason_candidates_and_age(database: Database) -> None:
    record(
        database,
        paid("a", 4506, payer_name="Payer 2"),
        paid("b", 1, remittance_text="INV-00000099"),
        paid("c", 4506, payer_key="K1"),
        paid("d", 2, remittance_text="INV-00000001"),
    )
    allocate(database)
    with database.transaction() as connection:
        found = list_suspense(connection, 1, APRIL)
        [one] = list_suspense(connection, 1, APRIL, payment_id=found[0].payment_id)
    assert [row.reason_code for row in found] == ["no_reference", "unknown_document"]
    assert one == found[0]
    assert one.age_days == 31
    assert one.candidates[0].payer_key == "K2"
    assert (one.candidates[0].is_same_name, one.candidates[0].is_same_amount) == (True, True)
    assert found[1].candidates == ()


def test_a_payment_of_a_paid_document_is_never_guessed(database: Database) -> None:
    record(database, paid("a", 4506, payer_key="K1"))
    allocate(database)
    record(database, paid("b", 10, remittance_text="INV-00000001"))
    allocate(database)
    with database.transaction() as connection:
        [row] = list_suspense(connection, 1, APRIL)
    assert row.reason_code == "document_paid"


def test_what_went_back_of_nothing_waits(database: Database) -> None:
    record(database, returned("r", "nothing", 5))
    with database.transaction() as connection:
        [row] = waiting_returns(connection, 1)
        assert list_suspense(connection, 1, APRIL) == []
    assert (row.original_key, row.amount_minor) == ("nothing", 5)
