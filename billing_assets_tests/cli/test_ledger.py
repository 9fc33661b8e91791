"""`billing ledger`: the chart of accounts, a trial balance that adds up to zero, the entry of a document."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from billing_assets.store.connection import Database
from billing_assets_tests.cli.conftest import Billing
from billing_assets_tests.posted_books import bill_some


@pytest.fixture(autouse=True)
def billed(store: Database, tmp_path: Path) -> None:
    """Documents in francs, with cash rounding, and in euro; the one in francs is given back."""
    bill_some(store, tmp_path)


def cells(shown: str, first: str) -> list[str]:
    """Return the cells of the first row that begins with `first`."""
    return next(line.split() for line in shown.splitlines() if line.split()[:1] == [first])


def test_the_accounts_are_listed_with_what_is_posted_there(billing: Billing, ask: Callable[..., Any]) -> None:
    shown = billing("ledger", "accounts").stdout
    assert "what payers owe" in shown
    rows = {row["account_number"]: row for row in ask("ledger", "accounts")["accounts"]}
    assert rows[4000]["account_name"] == "written premium"
    assert rows[2200]["account_kind"] == "liability"


def test_balances_of_a_currency_add_up_to_zero(billing: Billing, ask: Callable[..., Any]) -> None:
    shown = billing("ledger", "balances", "--on", "2024-02-29").stdout
    assert cells(shown, "1200") == ["1200", "receivable", "CHF", "108.20", "0.00", "108.20"]
    assert "sum" in shown
    found = ask("ledger", "balances")["balances"]
    for currency in ("CHF", "EUR"):
        own = [row for row in found if row["currency"] == currency]
        assert sum(row["balance_minor"] for row in own) == 0
        assert all(row["balance_minor"] == row["debit_minor"] - row["credit_minor"] for row in own)


def test_a_day_before_the_first_document_has_no_balance(billing: Billing, ask: Callable[..., Any]) -> None:
    assert "Nothing was posted" in billing("ledger", "balances", "--on", "2023-12-31").stdout
    assert ask("ledger", "balances", "--on", "2023-12-31") == {"balances": []}


def test_the_entry_of_a_document_shows_debits_and_credits(billing: Billing, ask: Callable[..., Any]) -> None:
    shown = billing("ledger", "show", "INV-00000003").stdout
    assert "INV-00000003  posted on 2024-02-01" in shown
    assert cells(shown, "4200") == ["4200", "installment", "fees", "EUR", "2.50"]
    entry = ask("ledger", "show", "CRN-00000001")
    assert (entry["entry_kind"], entry["posting_date"]) == ("credit_note", "2024-03-01")
    assert sum(row["amount_minor"] for row in entry["postings"]) == 0


def test_a_number_that_does_not_exist_is_refused(billing: Billing) -> None:
    assert "there is no invoice INV-00000099" in billing("ledger", "show", "INV-00000099", code=3).stderr
