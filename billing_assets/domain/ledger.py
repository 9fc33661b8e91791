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

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class AccountKind(StrEnum):
    """What the balance of an account is."""

    ASSET = "asset"
    LIABILITY = "liability"
    INCOME = "income"
    EXPENSE = "expense"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A row of the chart of accounts; ``content`` says what is posted there. A row never changes."""

    account_number: int
    account_name: str
    account_kind: AccountKind
    content: str


BANK = Account(
    account_number=1000,
    account_name="bank",
    account_kind=AccountKind.ASSET,
    content="money that came in, less what banks kept of it and what came back",
)
RECEIVABLE = Account(
    account_number=1200,
    account_name="receivable",
    account_kind=AccountKind.ASSET,
    content="what payers owe: the sums payable of invoices, less those of credit notes",
)
ON_ACCOUNT = Account(
    account_number=2100,
    account_name="on account",
    account_kind=AccountKind.LIABILITY,
    content="money of known payers that pays no document yet",
)
SUSPENSE = Account(
    account_number=2150,
    account_name="suspense",
    account_kind=AccountKind.LIABILITY,
    content="money that came in and whose owner is not known yet",
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
BANK_CHARGES = Account(
    account_number=6100,
    account_name="bank charges",
    account_kind=AccountKind.EXPENSE,
    content="what banks kept of payments",
)
WRITE_OFFS = Account(
    account_number=6200,
    account_name="write-offs",
    account_kind=AccountKind.EXPENSE,
    content="what was written off of documents, by a tolerance or by a person",
)

ACCOUNTS = (
    BANK,
    RECEIVABLE,
    ON_ACCOUNT,
    SUSPENSE,
    TAX_PAYABLE,
    WRITTEN_PREMIUM,
    POLICY_FEES,
    INSTALLMENT_FEES,
    CASH_ROUNDING,
    BANK_CHARGES,
    WRITE_OFFS,
)
"""The chart of accounts, by number.

>>> [account.account_number for account in ACCOUNTS]
[1000, 1200, 2100, 2150, 2200, 4000, 4100, 4200, 4900, 6100, 6200]
"""


class EntryKind(StrEnum):
    """What an entry tells of, beside documents; ``PAYMENT_LEGS`` has what each moves."""

    PAYMENT = "payment"
    ASSIGNMENT = "assignment"
    REVERSAL = "reversal"
    ALLOCATION = "allocation"
    UNALLOCATION = "unallocation"
    WRITE_OFF = "write_off"
    WRITE_OFF_REVERSAL = "write_off_reversal"


PAYMENT_LEGS: Mapping[EntryKind, tuple[Account, Account]] = MappingProxyType(
    {
        EntryKind.PAYMENT: (BANK, ON_ACCOUNT),
        EntryKind.ASSIGNMENT: (SUSPENSE, ON_ACCOUNT),
        EntryKind.REVERSAL: (ON_ACCOUNT, BANK),
        EntryKind.ALLOCATION: (ON_ACCOUNT, RECEIVABLE),
        EntryKind.UNALLOCATION: (RECEIVABLE, ON_ACCOUNT),
        EntryKind.WRITE_OFF: (WRITE_OFFS, RECEIVABLE),
        EntryKind.WRITE_OFF_REVERSAL: (RECEIVABLE, WRITE_OFFS),
    }
)
"""Which account is debited and which is credited.

Suspense stands for 'on account' while a payment has no owner, and what the bank kept of a payment is debited
to bank charges instead of the bank.

>>> [account.account_name for account in PAYMENT_LEGS[EntryKind.ALLOCATION]]
['on account', 'receivable']
"""
