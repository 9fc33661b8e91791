"""Postings of payments: each entry balances, on the accounts of its kind."""

import polars as pl
import pytest

from billing_assets.domain.ledger import EntryKind
from billing_assets.frames.payment_postings import payment_entries, payment_postings

KINDS = {
    EntryKind.PAYMENT: {1000: 98, 6100: 2, 2100: -100},
    EntryKind.ASSIGNMENT: {2150: 100, 2100: -100},
    EntryKind.REVERSAL: {2100: 100, 1000: -100},
    EntryKind.ALLOCATION: {2100: 100, 1200: -100},
    EntryKind.UNALLOCATION: {1200: 100, 2100: -100},
    EntryKind.WRITE_OFF: {6200: 100, 1200: -100},
    EntryKind.WRITE_OFF_REVERSAL: {1200: 100, 6200: -100},
}


def posted(kind: EntryKind, *, is_of_suspense: bool) -> dict[int, int]:
    row = {
        "ledger_entry_id": 7,
        "company_id": 1,
        "entry_kind": kind.value,
        "posting_date": None,
        "currency": "EUR",
        "amount_minor": 100,
        "charge_minor": 2,
        "is_of_suspense": is_of_suspense,
    }
    rows = pl.DataFrame([row])
    assert payment_entries(rows).columns == ["ledger_entry_id", "company_id", "entry_kind", "posting_date"]
    found = payment_postings(rows)
    return dict(found.select("account_number", "amount_minor").iter_rows())


@pytest.mark.parametrize("kind", EntryKind)
def test_each_kind_moves_its_accounts_and_balances(kind: EntryKind) -> None:
    found = posted(kind, is_of_suspense=False)
    assert found == KINDS[kind]
    assert sum(found.values()) == 0


def test_without_an_owner_it_is_suspense() -> None:
    assert posted(EntryKind.PAYMENT, is_of_suspense=True) == {1000: 98, 6100: 2, 2150: -100}
    assert posted(EntryKind.REVERSAL, is_of_suspense=True) == {2150: 100, 1000: -100}
