"""Whatever is billed: postings of a document add up to zero, and the receivable is its sum payable."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from billing_assets.domain.charges import CHARGE_KINDS
from billing_assets.domain.invoices import DocumentKind
from billing_assets.domain.ledger import RECEIVABLE, TAX_PAYABLE
from billing_assets.domain.money import MAX_AMOUNT_MINOR
from billing_assets.frames.cash_rounding import not_rounded, with_cash_rounding
from billing_assets.frames.invoices import Drafts, documents_of
from billing_assets_tests.frames.posted import posted
from billing_assets_tests.properties.strategies import STEADY

AMOUNTS = st.integers(-40, 40) | st.integers(-MAX_AMOUNT_MINOR, MAX_AMOUNT_MINOR)
LINES = st.lists(st.tuples(st.sampled_from(sorted(CHARGE_KINDS)), AMOUNTS, AMOUNTS), min_size=1, max_size=6)
DOCUMENTS = st.lists(st.tuples(st.sampled_from(["EUR", "CHF", "JPY"]), LINES), min_size=1, max_size=8)
UNITS = {"EUR": 0, "CHF": 5, "JPY": 10}


def drafts_of(documents: list[tuple[str, list[tuple[str, int, int]]]]) -> Drafts:
    names = ["draft_index", "currency", "charge_kind", "net_minor", "tax_minor"]
    rows = [(index, currency, *line) for index, (currency, lines) in enumerate(documents) for line in lines]
    lines = pl.DataFrame(rows, schema=names, orient="row").with_columns(period_from_date=None)
    heads = not_rounded(documents_of(lines, "currency"))
    unit = pl.col("currency").replace_strict(UNITS, return_dtype=pl.Int64)
    return Drafts(
        invoices=with_cash_rounding(heads.with_columns(cash_unit_minor=unit)),
        lines=lines,
        taxes=lines,
        charges=lines,
    )


@STEADY
@given(documents=DOCUMENTS, kind=st.sampled_from(list(DocumentKind)))
def test_entries_balance_and_post_the_sum_payable_and_the_tax(
    documents: list[tuple[str, list[tuple[str, int, int]]]], kind: DocumentKind
) -> None:
    drafts = drafts_of(documents)
    postings = posted(drafts, drafts.invoices, kind)
    key = ["ledger_entry_id", "account_number", "posting_number"]
    assert not postings.select(key).is_duplicated().any()
    assert 0 not in postings["amount_minor"]
    for head in drafts.invoices.iter_rows(named=True):
        own = postings.filter(pl.col("ledger_entry_id") == head["draft_index"])
        assert set(own["currency"]) <= {head["currency"]}
        assert sum(own["amount_minor"]) == 0
        assert own.height != 1
        payable = head["total_minor"] + head["cash_rounding_minor"]
        assert _on(own, RECEIVABLE.account_number) == payable * kind.sign
        assert _on(own, TAX_PAYABLE.account_number) == -head["tax_minor"] * kind.sign


def _on(postings: pl.DataFrame, account_number: int) -> int:
    return sum(postings.filter(pl.col("account_number") == account_number)["amount_minor"])
