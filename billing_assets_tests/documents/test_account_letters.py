"""Letters about an account say what it comes to, whatever its balance."""

from dataclasses import replace
from datetime import date

import pytest

from billing_assets.domain.letters import AgeingBucket, AllocatedPart, Letter, PaymentMethod
from billing_assets_tests.documents.letters import letter, seen

STATEMENT = letter("statement")


def with_balance(closing_minor: int, asked_minor: int = 0) -> Letter:
    shift = closing_minor - STATEMENT.closing_minor
    ageing = (AgeingBucket(from_days=0, to_days=0, amount_minor=closing_minor),) if closing_minor > 0 else ()
    found: Letter = replace(
        STATEMENT,
        opening_minor=STATEMENT.opening_minor + shift,
        closing_minor=closing_minor,
        ageing=ageing,
        on_account_minor=max(-closing_minor, 0),
        asked_minor=asked_minor,
    )
    return found


def test_a_statement_runs_from_the_opening_to_the_closing_balance() -> None:
    view = seen("statement", STATEMENT)
    rows = [[cell["text"] for cell in row["cells"]] for row in view["tables"][0]["rows"]]
    assert rows[0] == ["1 Apr 2027", "Opening balance", "", "", "510.99"]
    assert rows[-1] == ["1 Jul 2027", "Closing balance", "", "", "1,171.28"]
    assert rows[-2][-1] == rows[-1][-1]
    assert len(rows) == len(STATEMENT.entries) + 2
    assert [row["label"] for row in view["tables"][1]["columns"]] == [
        *("Not yet due", "1–30 days", "31–60 days", "61–90 days", "Over 90 days")
    ]


@pytest.mark.parametrize(
    ("closing", "asked", "label", "amount"),
    [
        (10_00, 10_00, "To pay", "€10.00"),
        (10_00, 4_00, "To pay", "€4.00"),
        (10_00, 0, "Balance", "€10.00"),
        (0, 0, "Balance", "€0.00"),
        (-10_00, 0, "Balance in your favour", "€10.00"),
    ],
)
def test_only_what_is_asked_for_has_a_day_and_a_way_to_pay(
    closing: int, asked: int, label: str, amount: str
) -> None:
    view = seen("statement", with_balance(closing, asked))
    assert (view["due"]["label"], view["due"]["amount"]) == (label, amount)
    assert (view["payment"] is not None, bool(view["due"]["date"])) == (asked > 0, asked > 0)
    assert ("Please pay" in view["paragraphs"][0]) == (asked > 0)
    assert "{" not in "".join(view["mail"].values())


@pytest.mark.parametrize("method", PaymentMethod)
def test_a_refund_says_how_it_is_paid(method: PaymentMethod) -> None:
    refund = replace(letter("refund_advice"), method=method)
    text = seen("refund_advice", refund)["sections"][0]["text"]
    assert "€259.89" in text
    assert "1332" in text
    assert "ends in" not in seen("refund_advice", replace(refund, account_ending=""))["sections"][0]["text"]


def test_a_receipt_says_what_is_still_open_and_what_is_kept() -> None:
    receipt = letter("payment_receipt")
    headings = [section["heading"] for section in seen("payment_receipt", receipt)["sections"]]
    assert headings == ["Kept on account", "What is still open"]
    part = replace(receipt.allocated[0], amount_minor=receipt.amount_minor, open_minor=5_00)
    open_one = replace(receipt, allocated=(part,), on_account_minor=0)
    (section,) = seen("payment_receipt", open_one)["sections"]
    assert section["text"] == "€5.00 of the documents above is still open."


def test_a_receipt_tells_nothing_of_an_invoice_of_another_account() -> None:
    receipt = letter("payment_receipt")
    theirs = AllocatedPart(document_number="INV-7", amount_minor=1)
    mixed = replace(receipt, allocated=(*receipt.allocated, theirs), amount_minor=receipt.amount_minor + 1)
    view = seen("payment_receipt", mixed)
    cells = [(cell["text"], cell["note"]) for cell in view["tables"][0]["rows"][-1]["cells"]]
    assert cells == [("INV-7", "of another account"), ("", ""), ("0.01", ""), ("", "")]
    assert view["sections"][-1]["text"] == "Your own documents above are paid in full."
    alone = replace(receipt, allocated=(theirs,), amount_minor=1, on_account_minor=0)
    assert seen("payment_receipt", alone)["sections"] == []


def test_a_reinstatement_says_whether_there_was_a_gap() -> None:
    lapsed = letter("reinstatement")
    assert "(15 days) you had no cover" in seen("reinstatement", lapsed)["sections"][0]["text"]
    whole = replace(lapsed, reinstatement_date=lapsed.cancellation_date, next_due_date=None)
    view = seen("reinstatement", whole)
    assert "not been interrupted" in view["paragraphs"][0]
    assert view["sections"][1]["text"] == "Nothing more is due for this term."


def test_one_enclosure_is_said_in_the_singular() -> None:
    cover = letter("document_cover")
    assert "3 documents" in seen("document_cover", cover)["paragraphs"][0]
    view = seen("document_cover", replace(cover, enclosures=cover.enclosures[:1]))
    assert "one document" in view["paragraphs"][0]
    assert view["due"] is None
    assert view["payment"] is None


def test_an_entry_that_is_due_says_when() -> None:
    entry = replace(STATEMENT.entries[1], due_date=date(2027, 5, 1))
    cells = seen(
        "statement", replace(STATEMENT, entries=(STATEMENT.entries[0], entry, *STATEMENT.entries[2:]))
    )
    assert "due on 1 May 2027" in cells["tables"][0]["rows"][2]["cells"][1]["note"]
