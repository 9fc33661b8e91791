"""Balances add up to zero by currency, and each entry is what its document comes to."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from billing_assets.domain.errors import BillingError
from billing_assets.domain.ledger import ACCOUNTS
from billing_assets.store.connection import Database
from billing_assets.store.ledger_listings import list_accounts, list_balances, read_entry
from billing_assets_tests.posted_books import BILLED, CREDITED, bill_some


@pytest.fixture
def connection(database: Database, tmp_path: Path) -> Iterator[Connection]:
    bill_some(database, tmp_path)
    with database.transaction() as connection:
        yield connection


def test_the_chart_is_the_one_that_is_shipped(database: Database) -> None:
    with database.transaction() as connection:
        assert tuple(list_accounts(connection)) == ACCOUNTS


def test_a_trial_balance_adds_up_to_zero_and_goes_by_the_day_of_posting(connection: Connection) -> None:
    then = {
        (row.currency, row.account_name): row.balance_minor for row in list_balances(connection, 1, BILLED)
    }
    assert then == {
        ("CHF", "receivable"): 108_20,
        ("CHF", "tax payable"): -8_15,
        ("CHF", "written premium"): -100_03,
        ("CHF", "cash rounding"): -2,
        ("EUR", "receivable"): 121_70,
        ("EUR", "tax payable"): -9_17,
        ("EUR", "written premium"): -110_03,
        ("EUR", "installment fees"): -2_50,
    }
    now = list_balances(connection, 1)
    assert now == list_balances(connection, 1, CREDITED)
    in_francs = [
        (row.debit_minor, row.credit_minor, row.balance_minor) for row in now if row.currency == "CHF"
    ]
    assert in_francs == [(108_20, 108_20, 0), (8_15, 8_15, 0), (100_03, 100_03, 0), (2, 2, 0)]
    sums: Counter[str] = Counter()
    for row in now:
        sums[row.currency] += row.balance_minor
    assert dict(sums) == {"CHF": 0, "EUR": 0}


def test_nothing_was_posted_before_the_first_document_or_for_another_company(connection: Connection) -> None:
    assert list_balances(connection, 1, BILLED.replace(month=1)) == []
    assert list_balances(connection, 2) == []


def test_an_entry_is_shown_with_its_rounding_beside_the_total(connection: Connection) -> None:
    entry = read_entry(connection, 1, "INV-00000001")
    assert (entry.entry_kind, entry.posting_date) == ("invoice", BILLED)
    assert [(row.account_name, row.currency, row.amount_minor) for row in entry.postings] == [
        ("receivable", "CHF", 108_18),
        ("receivable", "CHF", 2),
        ("tax payable", "CHF", -8_15),
        ("written premium", "CHF", -100_03),
        ("cash rounding", "CHF", -2),
    ]
    back = read_entry(connection, 1, "CRN-00000001")
    assert (back.entry_kind, back.posting_date) == ("credit_note", CREDITED)
    assert [row.amount_minor for row in back.postings] == [-row.amount_minor for row in entry.postings]


def test_a_number_that_no_document_of_the_company_has_is_refused(connection: Connection) -> None:
    with pytest.raises(BillingError, match="invoice_unknown"):
        read_entry(connection, 1, "INV-00000099")
    with pytest.raises(BillingError, match="invoice_unknown"):
        read_entry(connection, 2, "INV-00000001")
