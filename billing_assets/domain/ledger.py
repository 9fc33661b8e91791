"""The ledger: accounts, and what an issued document posts to them.

Belongs here: the chart of accounts, the shipped rows. Which account a charge is posted to is said in the row
of its kind (``charges``).
Does not belong here: the postings of documents (``frames.ledger``), adding them up (``store``).

**Double entry.** An entry is postings, debits above zero and credits below, that add up to zero in each
currency. A document has exactly one. An invoice debits the receivable with its total, and credits what its
lines bill by the account of their kinds, and its taxes. What a sum payable is rounded by comes beside it: the
receivable is debited with it, the differences of cash rounding are credited. A credit note is the reverse.
Nothing is posted of an amount of zero, so that an entry has two postings or more; only the entry of an
invoice whose lines make up for each other, account by account, has none.

Taxes of all places are one account: ``invoice_tax`` says what each tax row came to, and a check proves that
they add up to what is posted.
"""

from dataclasses import dataclass
from enum import StrEnum


class AccountKind(StrEnum):
    """What the balance of an account is."""

    ASSET = "asset"
    LIABILITY = "liability"
    INCOME = "income"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A row of the chart of accounts; ``content`` says what is posted there. A row never changes."""

    account_number: int
    account_name: str
    account_kind: AccountKind
    content: str


RECEIVABLE = Account(
    account_number=1200,
    account_name="receivable",
    account_kind=AccountKind.ASSET,
    content="what payers owe: the sums payable of invoices, less those of credit notes",
)
TAX_PAYABLE = Account(
    account_number=2200,
    account_name="tax payable",
    account_kind=AccountKind.LIABILITY,
    content="taxes and levies on what was billed, of all places, owed to whoever they are collected for",
)
WRITTEN_PREMIUM = Account(
    account_number=4000,
    account_name="written premium",
    account_kind=AccountKind.INCOME,
    content="premium billed, and what changes in the middle of a term added to it or took off, before tax",
)
POLICY_FEES = Account(
    account_number=4100,
    account_name="policy fees",
    account_kind=AccountKind.INCOME,
    content="fees for making out policies, before tax",
)
INSTALLMENT_FEES = Account(
    account_number=4200,
    account_name="installment fees",
    account_kind=AccountKind.INCOME,
    content="fees for paying in installments, before tax",
)
CASH_ROUNDING = Account(
    account_number=4900,
    account_name="cash rounding",
    account_kind=AccountKind.INCOME,
    content="what sums payable are rounded up by, less what they are rounded down by",
)

ACCOUNTS = (RECEIVABLE, TAX_PAYABLE, WRITTEN_PREMIUM, POLICY_FEES, INSTALLMENT_FEES, CASH_ROUNDING)
"""The chart of accounts, by number.

>>> [account.account_number for account in ACCOUNTS]
[1200, 2200, 4000, 4100, 4200, 4900]
"""
