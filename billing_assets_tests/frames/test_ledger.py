"""Documents post what they come to, account by account; what is zero is not posted."""

from collections.abc import Sequence
from datetime import date

import polars as pl
import pytest

from billing_assets.domain.invoices import DocumentKind
from billing_assets.frames.invoices import Drafts
from billing_assets.frames.ledger import entry_rows, posting_rows, rounding_rows

INVOICE, CREDIT_NOTE = DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE
COLUMNS = [
    "ledger_entry_id",
    "posting_number",
    "company_id",
    "account_number",
    "currency",
    "amount_minor",
]


def drafts(*documents: Sequence[tuple[str, int, int]], currency: str = "EUR") -> Drafts:
    """Return drafts of documents whose lines are (charge kind, net, tax)."""
    names = ["draft_index", "charge_kind", "net_minor", "tax_minor"]
    rows = [(index, *line) for index, lines in enumerate(documents) for line in lines]
    lines = pl.DataFrame(rows, schema=names, orient="row")
    sums = lines.group_by("draft_index").agg(pl.col("net_minor", "tax_minor").sum()).sort("draft_index")
    heads = sums.with_columns(
        currency=pl.lit(currency), total_minor=pl.col("net_minor") + pl.col("tax_minor")
    )
    return Drafts(invoices=heads, lines=lines, taxes=lines, charges=lines)


def legs(found: Drafts, kind: DocumentKind = INVOICE) -> list[tuple[int, int, int]]:
    ids = pl.Series([501 + number for number in range(found.invoices.height)])
    rows = posting_rows(found, ids, kind, company_id=3)
    assert rows.columns == COLUMNS
    assert set(rows["company_id"]) <= {3}
    return rows.select("ledger_entry_id", "account_number", "amount_minor").rows()


def test_an_invoice_debits_its_total_and_credits_tax_premium_and_fees() -> None:
    found = drafts([("premium", 100, 8), ("premium_change", 50, 4), ("installment_fee", 2, 0)])
    assert legs(found) == [(501, 1200, 164), (501, 2200, -12), (501, 4000, -150), (501, 4200, -2)]


def test_a_credit_note_is_the_reverse() -> None:
    found = drafts([("premium", 100, 8), ("policy_fee", 5, 0)])
    assert legs(found, CREDIT_NOTE) == [(501, 1200, -113), (501, 2200, 8), (501, 4000, 100), (501, 4100, 5)]


def test_what_is_zero_is_not_posted_and_a_premium_below_zero_is_a_debit() -> None:
    found = drafts(
        [("premium", 100, 0)],
        [("premium", 100, 0), ("premium_change", -100, 0)],
        [("premium_change", -100, 0), ("policy_fee", 100, 0)],
    )
    assert legs(found) == [(501, 1200, 100), (501, 4000, -100), (503, 4000, 100), (503, 4100, -100)]


def test_drafts_without_a_document_post_nothing() -> None:
    empty = drafts([("premium", 100, 0)])
    nothing = Drafts(
        invoices=empty.invoices.clear(), lines=empty.lines.clear(), taxes=empty.taxes, charges=empty.charges
    )
    ids = pl.Series("invoice_id", [], dtype=pl.Int64)
    rows = posting_rows(nothing, ids, INVOICE, company_id=1)
    assert (rows.height, rows.columns) == (0, COLUMNS)


def test_lines_that_add_up_beyond_sixty_four_bits_are_refused() -> None:
    lines = [("premium", 2**62, 0)] * 3
    with pytest.raises(pl.exceptions.InvalidOperationError):
        legs(drafts(lines))


@pytest.mark.parametrize(("kind", "sign"), [(INVOICE, 1), (CREDIT_NOTE, -1)])
def test_cash_rounding_is_a_pair_of_its_own_beside_the_first_posting_to_the_receivable(
    kind: DocumentKind, sign: int
) -> None:
    head = {"company_id": 1, "document_kind": kind.value, "currency": "CHF"}
    rounded = [
        {**head, "invoice_id": number, "cash_rounding_minor": by} for number, by in ((7, 2), (8, 0), (9, -1))
    ]
    rows = rounding_rows(pl.DataFrame(rounded))
    assert rows.columns == COLUMNS
    found = sorted(
        rows.select("ledger_entry_id", "account_number", "posting_number", "amount_minor").iter_rows()
    )
    assert found == [
        (7, 1200, 2, 2 * sign),
        (7, 4900, 1, -2 * sign),
        (9, 1200, 2, -1 * sign),
        (9, 4900, 1, sign),
    ]


def test_every_document_has_an_entry_on_its_date_of_issue() -> None:
    head = {"invoice_id": 7, "company_id": 1, "document_kind": "credit_note", "issue_date": date(2024, 2, 1)}
    assert entry_rows(pl.DataFrame([head])).rows() == [(7, 1, "credit_note", date(2024, 2, 1))]
