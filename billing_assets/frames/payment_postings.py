"""From payments, assignments, reversals and allocations to ledger entries and postings.

Belongs here: the two or three postings of each. Does not belong here: the accounts (``domain.ledger``), the
postings of documents (``frames.ledger``).
"""

import polars as pl

from billing_assets.domain.ledger import BANK_CHARGES, ON_ACCOUNT, PAYMENT_LEGS, SUSPENSE, EntryKind

_KINDS = {kind.value: legs for kind, legs in PAYMENT_LEGS.items()}


def payment_entries(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of table ``ledger_entry`` of ``rows`` as :func:`payment_postings` takes them.

    >>> row = {
    ...     "ledger_entry_id": 5,
    ...     "company_id": 1,
    ...     "entry_kind": "payment",
    ...     "posting_date": None,
    ...     "more": 1,
    ... }
    >>> payment_entries(pl.DataFrame([row])).columns
    ['ledger_entry_id', 'company_id', 'entry_kind', 'posting_date']
    """
    return rows.select("ledger_entry_id", "company_id", "entry_kind", "posting_date")


def payment_postings(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of table ``ledger_posting``: a debit and a credit of each, and bank charges apart.

    ``rows`` have ledger_entry_id, company_id, entry_kind, posting_date, currency, amount_minor above 0,
    charge_minor (what the bank kept) and is_of_suspense (the payment has no owner yet).

    >>> row = {"ledger_entry_id": 5, "company_id": 1, "currency": "EUR", "amount_minor": 100}
    >>> more = {"entry_kind": "payment", "charge_minor": 2, "is_of_suspense": True}
    >>> payment_postings(pl.DataFrame([row | more])).select("account_number", "amount_minor").rows()
    [(1000, 98), (2150, -100), (6100, 2)]
    """
    debits = {kind: legs[0].account_number for kind, legs in _KINDS.items()}
    credits_ = {kind: legs[1].account_number for kind, legs in _KINDS.items()}
    amount = pl.col("amount_minor")
    charge = pl.when(pl.col("entry_kind") == EntryKind.PAYMENT.value).then("charge_minor").otherwise(0)
    legs = pl.concat(
        [
            _legs(rows, pl.col("entry_kind").replace_strict(debits, return_dtype=pl.Int64), amount - charge),
            _legs(rows, pl.lit(BANK_CHARGES.account_number, pl.Int64), charge),
            _legs(rows, pl.col("entry_kind").replace_strict(credits_, return_dtype=pl.Int64), -amount),
        ]
    )
    is_suspense = pl.col("is_of_suspense") & (pl.col("account_number") == ON_ACCOUNT.account_number)
    return (
        legs.with_columns(
            account_number=pl.when(is_suspense & (pl.col("entry_kind") != EntryKind.ASSIGNMENT.value))
            .then(pl.lit(SUSPENSE.account_number, pl.Int64))
            .otherwise("account_number")
        )
        .filter(pl.col("amount_minor") != 0)
        .sort("ledger_entry_id", "account_number")
        .select(
            "ledger_entry_id",
            "company_id",
            "account_number",
            "currency",
            "amount_minor",
            posting_number=pl.lit(1),
        )
    )


def _legs(rows: pl.DataFrame, account: pl.Expr, amount: pl.Expr) -> pl.DataFrame:
    return rows.select(
        "ledger_entry_id",
        "company_id",
        "entry_kind",
        "is_of_suspense",
        "currency",
        account_number=account,
        amount_minor=amount.cast(pl.Int64),
    )
