"""The words of a mail have one hash, and every change of a word another."""

from dataclasses import replace

import pytest

from billing_assets.steps.delivery_ports import PrintedInvoice

SHEET = PrintedInvoice(
    document_id=1,
    language="en",
    subject="Invoice",
    text="Pay by May\n",
    html="<p>Pay by May</p>",
    pdf=b"pdf",
    pdf_sha256="ab" * 32,
    missing_character_count=0,
)


@pytest.mark.parametrize(
    "other",
    [
        replace(SHEET, subject="Invoice "),
        replace(SHEET, text="Pay by June\n"),
        replace(SHEET, html="<p>Pay by June</p>"),
        replace(SHEET, subject="Invoice" + SHEET.text, text=""),
    ],
)
def test_a_change_of_any_word_is_found(other: PrintedInvoice) -> None:
    assert other.mail_sha256 != SHEET.mail_sha256


def test_what_is_attached_and_the_last_line_break_do_not_count() -> None:
    other = replace(SHEET, document_id=2, pdf=b"", pdf_sha256="", text="Pay by May")
    assert other.mail_sha256 == SHEET.mail_sha256


def test_half_a_character_that_no_mail_can_carry_is_hashed_all_the_same() -> None:
    assert replace(SHEET, text="\ud83d").mail_sha256 != SHEET.mail_sha256
