"""The ledger as people see it: accounts, balances, the entry of a document.

Belongs here: read models. Does not belong here: writing entries (``invoices``), the proof that they balance
(``checks.ledger``). Balances count detached months by the sums that were kept of them.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, text

from billing_assets.domain.ledger import Account, AccountKind
from billing_assets.store.invoice_reader import find_invoice


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountBalance:
    """What was posted to an account in a currency; ``balance_minor`` is debits less credits."""

    account_number: int
    account_name: str
    account_kind: AccountKind
    currency: str
    debit_minor: int
    credit_minor: int
    balance_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """A posting of an entry: a debit above zero, a credit below."""

    account_number: int
    account_name: str
    currency: str
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """The entry of a document; without postings where its lines make up for each other."""

    document_number: str
    entry_kind: str
    posting_date: date
    postings: tuple[Posting, ...]


_BALANCES = """
select p.account_number, a.account_name, a.account_kind, p.currency,
    coalesce(sum(p.amount_minor) filter (where p.amount_minor > 0), 0)::text,
    coalesce(-sum(p.amount_minor) filter (where p.amount_minor < 0), 0)::text
from (
    select l.account_number, l.currency, l.amount_minor from ledger_posting l
    where l.company_id = :company and (cast(:day as date) is null or exists (
        select from ledger_entry e where e.ledger_entry_id = l.ledger_entry_id and e.posting_date <= :day))
    union all
    select w.account_number, w.currency, s.amount_minor
    from away_posting w cross join lateral (values (w.debit_minor), (-w.credit_minor)) as s (amount_minor)
    where w.company_id = :company and (cast(:day as date) is null or w.posting_date <= :day)
) p
join ledger_account a using (account_number)
group by p.account_number, a.account_name, a.account_kind, p.currency
order by p.currency, p.account_number
"""
_ENTRY = "select entry_kind, posting_date from ledger_entry where ledger_entry_id = :entry"
_POSTINGS = """
select p.account_number, a.account_name, p.currency, p.amount_minor
from ledger_posting p join ledger_account a using (account_number)
where p.ledger_entry_id = :entry order by p.account_number, p.posting_number
"""


def list_accounts(connection: Connection) -> list[Account]:
    """Return the chart of accounts, by number."""
    query = text("select * from ledger_account order by account_number")
    return [
        Account(
            account_number=row.account_number,
            account_name=row.account_name,
            account_kind=AccountKind(row.account_kind),
            content=row.content,
        )
        for row in connection.execute(query)
    ]


def list_balances(connection: Connection, company_id: int, day: date | None = None) -> list[AccountBalance]:
    """Return the trial balance of a company by currency and account, of all or of what was posted by a day.

    The balances of a currency add up to zero.
    """
    rows = connection.execute(text(_BALANCES), {"company": company_id, "day": day})
    return [
        AccountBalance(
            account_number=number,
            account_name=name,
            account_kind=AccountKind(kind),
            currency=currency,
            debit_minor=int(debit),
            credit_minor=int(credit),
            balance_minor=int(debit) - int(credit),
        )
        for number, name, kind, currency, debit, credit in rows
    ]


def read_entry(connection: Connection, company_id: int, number: str) -> LedgerEntry:
    """Return the entry of a document by its printed number.

    Raises ``number_malformed``, ``invoice_unknown``.
    """
    document = find_invoice(connection, company_id, number)
    key = {"entry": document.invoice_id}
    kind, day = connection.execute(text(_ENTRY), key).one()
    rows = connection.execute(text(_POSTINGS), key).mappings()
    return LedgerEntry(
        document_number=document.invoice_number,
        entry_kind=kind,
        posting_date=day,
        postings=tuple(Posting(**row) for row in rows),
    )
