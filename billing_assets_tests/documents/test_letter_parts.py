"""The parts that letters are put together from."""

from datetime import date

from billing_assets.documents.labels import catalogues_of
from billing_assets.documents.letter_parts import (
    Column,
    LetterReader,
    due_box,
    in_currency,
    letter_transfer,
    named_document,
    overdue_table,
    said,
    table,
)
from billing_assets_tests.documents.letters import letter, template_of

REMINDER = letter("reminder")
READER = LetterReader(catalogues_of(template_of("reminder"))["en"], "en_GB", "EUR")


def test_the_words_of_a_variant_go_before_the_plain_ones() -> None:
    assert said(READER, "title", "3") == "Final demand"
    assert said(READER, "title", "9") == said(READER, "title") == "Payment reminder"


def test_a_table_has_cells_with_notes_and_strong_rows_from_both_ends() -> None:
    made = table([Column(label="a", is_wide=True)], [["x"], [("y", "note")], ["z"]], strong_rows=(0, -1))
    assert [row["is_strong"] for row in made["rows"]] == [True, False, True]  # type: ignore[attr-defined]
    assert made["rows"][1]["cells"] == [{"text": "y", "note": "note"}]  # type: ignore[index]


def test_a_date_in_a_sentence_is_not_torn_apart() -> None:
    assert " " not in READER.day(date(2027, 8, 4))


def test_a_document_names_its_policy_where_there_are_several() -> None:
    first = REMINDER.overdue[0]
    assert named_document(REMINDER, first.document_number, first.policy_number, READER) == (
        first.document_number,
        f"Policy {first.policy_number}",
    )
    one = letter("notice_of_cancellation")
    assert named_document(one, "INV-1", "P-1", READER) == "INV-1"
    assert named_document(REMINDER, "INV-1", "", READER) == "INV-1"


def test_what_is_overdue_is_listed_with_its_days() -> None:
    rows = overdue_table(REMINDER, REMINDER.overdue, READER)["rows"]
    assert [row["cells"][2]["text"] for row in rows] == ["41", "41"]  # type: ignore[attr-defined]


def test_the_reference_is_the_letters_own_and_else_its_number() -> None:
    box = letter_transfer(letter("payment_receipt"), READER, 100, date(2027, 1, 1))
    assert box["rows"][-1]["value"] == letter("payment_receipt").document_number  # type: ignore[index]


def test_a_box_without_a_day_has_no_date() -> None:
    assert due_box("Balance", "0", READER, "Pay by")["date"] == ""
    assert due_box("Balance", "1", READER, "Pay by", date(2027, 1, 2))["date_iso"] == "2027-01-02"


def test_a_heading_names_the_currency() -> None:
    assert in_currency("Amount", READER) == "Amount (EUR)"
