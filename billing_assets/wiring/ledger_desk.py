"""The ledger of a company, as people look at it.

Belongs here: accounts, balances, the entry of a document. Does not belong here: what is posted
(``frames.ledger``), SQL (``store``).
"""

from datetime import date

from billing_assets.domain.ledger import Account
from billing_assets.store.connection import Database
from billing_assets.store.ledger_listings import (
    AccountBalance,
    LedgerEntry,
    list_accounts,
    list_balances,
    read_entry,
)


class LedgerDesk:
    """The ledger of one company."""

    def __init__(self, database: Database, company_id: int) -> None:
        """Use ``database``."""
        self.database = database
        self.company_id = company_id

    def accounts(self) -> list[Account]:
        """Return the chart of accounts, which all companies share."""
        with self.database.transaction() as connection:
            return list_accounts(connection)

    def balances(self, day: date | None = None) -> list[AccountBalance]:
        """Return the trial balance at the end of ``day``, or as of now."""
        with self.database.transaction() as connection:
            return list_balances(connection, self.company_id, day)

    def entry(self, number: str) -> LedgerEntry:
        """Return the entry of a document; raise ``number_malformed`` or ``invoice_unknown``."""
        with self.database.transaction() as connection:
            return read_entry(connection, self.company_id, number)
