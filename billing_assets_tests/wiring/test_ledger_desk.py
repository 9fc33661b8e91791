"""The ledger at the desk is that of the company."""

from pathlib import Path

import pytest

from billing_assets.domain.ledger import ACCOUNTS
from billing_assets.store.connection import Database
from billing_assets.wiring.ledger_desk import LedgerDesk
from billing_assets_tests.posted_books import BILLED, bill_some


@pytest.mark.long
def test_accounts_are_shared_and_balances_and_entries_are_those_of_the_company(
    database: Database, tmp_path: Path
) -> None:
    bill_some(database, tmp_path)
    ledger, other = LedgerDesk(database, 1), LedgerDesk(database, 2)
    assert ledger.accounts() == other.accounts() == list(ACCOUNTS)
    assert len(ledger.balances(BILLED)) == 8
    assert other.balances() == []
    assert ledger.entry("INV-00000002").document_number == "INV-00000002"
