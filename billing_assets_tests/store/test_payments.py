"""Payments in the store: what is known, what is written, what the ledger gets of it."""

from datetime import date
from pathlib import Path

import polars as pl

from billing_assets.store.connection import Database
from billing_assets.store.payments import SqlPaymentStore, post
from billing_assets_tests.paid_books import MARCH, bill_monthly, paid, record, returned, rows


def prepare(database: Database, home: Path) -> None:
    bill_monthly(database, home, 1)


def test_entries_are_known_by_their_kind_source_and_key(database: Database) -> None:
    record(database, paid("a", 5), returned("a", "z", 7))
    with SqlPaymentStore(database, 1).intake() as work:
        keys = [("payment", "bank_transfer", "a"), ("return", "bank_transfer", "a"), ("payment", "cash", "a")]
        assert work.known_entries(keys) == {keys[0]: ("EUR", 5, MARCH), keys[1]: ("EUR", 7, MARCH)}
        assert work.payer_ids(["K1", "nobody"]) == {"K1": 1}
        assert not work.knows_file("0" * 64)


def test_a_payment_and_its_entry_share_an_id_that_no_document_has(database: Database) -> None:
    record(database, paid("a", 500, charge_minor=20, payer_key="K1"))
    [(payment_id,)] = rows(database, "select payment_id from payment")
    assert rows(database, "select count(*) from invoice where invoice_id = :id", id=payment_id) == [(0,)]
    entry = rows(
        database,
        "select account_number, amount_minor from ledger_posting where ledger_entry_id = :id order by 1",
        id=payment_id,
    )
    assert entry == [(1000, 480), (2100, -500), (6100, 20)]
    day = rows(database, "select posting_date from ledger_entry where ledger_entry_id = :id", id=payment_id)
    assert day == [(date(2024, 3, 1),)]


def test_nothing_is_posted_of_nothing(database: Database) -> None:
    with database.transaction() as connection:
        post(connection, pl.DataFrame())
