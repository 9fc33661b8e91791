"""What the documents of a frame post, for tests that compare or add up.

Belongs here: all postings of drafts in one frame. Does not belong here: any judgement on them.
"""

import polars as pl

from billing_assets.domain.invoices import DocumentKind
from billing_assets.domain.ledger import ACCOUNTS
from billing_assets.frames.invoices import Drafts
from billing_assets.frames.ledger import posting_rows, rounding_rows


def posted(drafts: Drafts, heads: pl.DataFrame, kind: DocumentKind = DocumentKind.INVOICE) -> pl.DataFrame:
    """Return the rows of `ledger_posting`, rounding and all; `heads` have their sums payable rounded.

    The id of an entry is the index of its draft.
    """
    ids = heads["draft_index"].alias("invoice_id")
    numbered = heads.with_columns(ids, company_id=pl.lit(1), document_kind=pl.lit(kind.value))
    return pl.concat([posting_rows(drafts, ids, kind, company_id=1), rounding_rows(numbered)])


def by_account(postings: pl.DataFrame) -> pl.DataFrame:
    """Return `draft_index`, `account_name` and what a document posts there altogether, if anything."""
    names = {account.account_number: account.account_name for account in ACCOUNTS}
    sums = postings.group_by("ledger_entry_id", "account_number").agg(pl.col("amount_minor").sum())
    sums = sums.filter(pl.col("amount_minor") != 0)
    name = pl.col("account_number").replace_strict(names, return_dtype=pl.String)
    return sums.select("amount_minor", draft_index="ledger_entry_id", account_name=name)
