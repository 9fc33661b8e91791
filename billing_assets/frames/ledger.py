"""From issued documents to their ledger entries and postings.

Belongs here: what a document debits and credits, over whole frames.
Does not belong here: the accounts (``domain.ledger``), that an entry balances (a trigger of the store).

What a sum payable is rounded by is known with the date of issue, so it is posted by a pair of its own: all
other postings need no number and are written before any is drawn.
"""

import polars as pl

from billing_assets.domain.charges import ACCOUNT_OF_KIND
from billing_assets.domain.invoices import DocumentKind
from billing_assets.domain.ledger import CASH_ROUNDING, RECEIVABLE, TAX_PAYABLE, Account
from billing_assets.frames.invoices import Drafts
from billing_assets.frames.sorted_groups import group_number, group_sums

_FIRST_OF_ACCOUNT, _SECOND_OF_ACCOUNT = 1, 2

_POSTING = ("ledger_entry_id", "posting_number", "company_id", "account_number", "currency", "amount_minor")


def posting_rows(drafts: Drafts, ids: pl.Series, kind: DocumentKind, company_id: int) -> pl.DataFrame:
    """Return the rows of table ``ledger_posting`` of drafts of a kind, but for their cash rounding.

    Of each document: its total to the receivable, what its lines bill by account, its tax; nothing of zero.

    >>> documents = pl.DataFrame(
    ...     {"draft_index": [0], "currency": ["GBP"], "tax_minor": [12], "total_minor": [116]}
    ... )
    >>> lines = pl.DataFrame({"draft_index": [0], "charge_kind": ["premium"], "net_minor": [104]})
    >>> drafts = Drafts(invoices=documents, lines=lines, taxes=lines, charges=lines)
    >>> rows = posting_rows(drafts, pl.Series([501]), DocumentKind.INVOICE, company_id=1)
    >>> rows.select("ledger_entry_id", "account_number", "amount_minor").rows()
    [(501, 1200, 116), (501, 2200, -12), (501, 4000, -104)]
    """
    documents = drafts.invoices
    owed = _legs(documents, RECEIVABLE, pl.col("total_minor"))
    tax = _legs(documents, TAX_PAYABLE, -pl.col("tax_minor"))
    legs = pl.concat([owed, tax, _income(drafts.lines)]).filter(pl.col("amount_minor") != 0)
    # In the order of the store's key, whose index is then built from its end.
    legs = legs.sort("draft_index", "account_number")
    index = legs["draft_index"]
    return legs.select(
        ids.gather(index).alias("ledger_entry_id"),
        pl.lit(_FIRST_OF_ACCOUNT).alias("posting_number"),
        pl.lit(company_id).alias("company_id"),
        "account_number",
        documents["currency"].gather(index),
        pl.col("amount_minor") * kind.sign,
    )


def rounding_rows(invoices: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of table ``ledger_posting`` of what sums payable are rounded by; most have none.

    ``invoices`` are rows of table ``invoice``.

    >>> head = {"invoice_id": 501, "company_id": 1, "document_kind": "invoice", "currency": "CHF"}
    >>> rows = rounding_rows(pl.DataFrame([{**head, "cash_rounding_minor": 2}]))
    >>> rows.select("account_number", "posting_number", "amount_minor").rows()
    [(1200, 2, 2), (4900, 1, -2)]
    """
    rounded = invoices.filter(pl.col("cash_rounding_minor") != 0)
    if rounded.is_empty():
        found = rounded.schema
        own = {name: found[name] for name in ("company_id", "currency")}
        kinds = {
            "ledger_entry_id": found["invoice_id"],
            "posting_number": pl.Int32(),
            "account_number": pl.Int32(),
        }
        return pl.DataFrame(schema={**kinds, **own, "amount_minor": pl.Int64()}).select(_POSTING)
    sign = pl.col("document_kind").replace_strict(
        {kind.value: kind.sign for kind in DocumentKind}, return_dtype=pl.Int64
    )
    pair = ((RECEIVABLE, _SECOND_OF_ACCOUNT, sign), (CASH_ROUNDING, _FIRST_OF_ACCOUNT, -sign))
    return pl.concat(
        rounded.select(
            pl.col("invoice_id").alias("ledger_entry_id"),
            pl.lit(number).alias("posting_number"),
            "company_id",
            pl.lit(account.account_number).alias("account_number"),
            "currency",
            amount_minor=pl.col("cash_rounding_minor") * of_account,
        )
        for account, number, of_account in pair
    )


def entry_rows(invoices: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of table ``ledger_entry``: one of each row of table ``invoice``, on its date of issue.

    >>> from datetime import date
    >>> head = {"invoice_id": 501, "company_id": 1, "document_kind": "invoice"}
    >>> entry_rows(pl.DataFrame([{**head, "issue_date": date(2024, 2, 1)}])).columns
    ['ledger_entry_id', 'company_id', 'entry_kind', 'posting_date']
    """
    return invoices.select(
        ledger_entry_id="invoice_id",
        company_id="company_id",
        entry_kind="document_kind",
        posting_date="issue_date",
    )


def _legs(documents: pl.DataFrame, account: Account, amount: pl.Expr) -> pl.DataFrame:
    number = pl.lit(account.account_number)
    return documents.select("draft_index", account_number=number, amount_minor=amount)


def _income(lines: pl.DataFrame) -> pl.DataFrame:
    """Return what the lines of each document credit to each account of theirs."""
    account = pl.col("charge_kind").replace_strict(dict(ACCOUNT_OF_KIND), return_dtype=pl.Int32)
    billed = lines.select("draft_index", "net_minor", account_number=account)
    own = billed.sort("draft_index", "account_number").with_columns(
        leg_index=group_number("draft_index", "account_number")
    )
    sums = group_sums(own, "leg_index", "net_minor")
    return sums.select("draft_index", "account_number", amount_minor=-pl.col("net_minor").cast(pl.Int64))
