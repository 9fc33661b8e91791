"""The credit note: what it corrects and why, in favour of the payer, with nothing to pay and nothing due."""

from dataclasses import replace
from typing import Any

import pypdfium2
import pytest

from billing_assets.documents.email import EmailRenderer
from billing_assets.documents.html import HtmlRenderer
from billing_assets.documents.invoice_json import invoice_from_json, invoice_to_json
from billing_assets.documents.pdf import PdfPrinter
from billing_assets.documents.view_model import build_view
from billing_assets.domain.invoices import CreditedInvoice, Invoice
from billing_assets_tests.documents.golden import golden_files
from billing_assets_tests.documents.samples import (
    GOLDEN,
    credit_template,
    english_credit,
    page_texts,
    spanish_credit,
    template,
)

NOTES = [("en", english_credit()), ("es", spanish_credit())]
PRINTER, PAGES = PdfPrinter(credit_template()), HtmlRenderer(credit_template())


def spaced(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.long
@pytest.mark.parametrize("name", sorted(name for name in golden_files() if name.startswith("credit_note")))
def test_page_mail_and_text_are_the_golden_ones(name: str) -> None:
    assert golden_files()[name] == (GOLDEN / name).read_text(encoding="utf-8")


@pytest.mark.parametrize(("language", "note"), NOTES)
def test_the_text_of_the_pdf_holds_every_word_of_the_view(language: str, note: Invoice) -> None:
    view: dict[str, Any] = build_view(note)
    text = spaced("\n".join(page_texts(PRINTER.pdf(note))))
    shown = [view["title"], view["statement"], view["due"]["amount"], view["payment"]["text"]]
    shown += [fact["value"] for fact in view["facts"]]
    shown += [row[name] for row in view["lines"] for name in ("description", "net", "tax", "total")]
    shown += [row[name] for row in view["taxes"] for name in ("name", "rate", "base", "tax")]
    assert view["language"] == language
    assert [words for words in shown if spaced(words) not in text] == []


@pytest.mark.parametrize(("language", "note"), NOTES)
def test_nothing_is_due_and_nobody_is_asked_to_pay(language: str, note: Invoice) -> None:
    view: dict[str, Any] = build_view(note)
    assert view["due"]["is_payable"] is False
    assert (view["payment"]["rows"], view["payment"]["qr"]) == ([], None)
    due_label = view["labels"]["due_date"]
    _, plain, html = EmailRenderer(credit_template()).render(note)
    for text in ("\n".join(page_texts(PRINTER.pdf(note))), PAGES.html(note), plain, html):
        assert due_label not in text, language
        assert note.creditor.iban[:8] not in text.replace(" ", "")
    assert 'aria-label="QR' not in PAGES.html(note)


def test_the_pdf_is_archival_accessible_and_the_same_each_time() -> None:
    content = PRINTER.pdf(spanish_credit())
    assert content == PdfPrinter(credit_template()).pdf(spanish_credit())
    for mark in (b"<pdfaid:part>3</pdfaid:part>", b"<pdfaid:conformance>A</pdfaid:conformance>"):
        assert mark in content
    assert b"<pdfuaid:part>1</pdfuaid:part>" in content
    document = pypdfium2.PdfDocument(content)
    assert document.get_metadata_dict()["Title"] == "Factura rectificativa ALO-R-2027-00000012"
    document.close()


def test_the_longest_reason_is_printed_whole() -> None:
    note = spanish_credit()
    credited = replace(
        note.credited or CreditedInvoice(invoice_number="", issue_date=note.issue_date, reason="")
    )
    reason = ("the car was sold " * 59).strip()[:1000]
    long = replace(note, credited=replace(credited, reason=reason))
    assert spaced(reason) in spaced("\n".join(page_texts(PRINTER.pdf(long))))


def test_a_hostile_reason_is_shown_and_not_run() -> None:
    note = spanish_credit()
    assert note.credited is not None
    hostile = replace(note, credited=replace(note.credited, reason="<b>{{7*7}}</b> #panic()"))
    assert "&lt;b&gt;{{7*7}}&lt;/b&gt; #panic()" in PAGES.html(hostile)
    assert "<b>{{7*7}}</b> #panic()" in spaced("\n".join(page_texts(PRINTER.pdf(hostile))))


def test_a_credit_note_survives_json() -> None:
    sample = credit_template().text("sample.json")
    assert invoice_to_json(invoice_from_json(sample)) == sample


def test_invoice_and_credit_note_are_printed_by_the_same_pages() -> None:
    for ending in ("typ", "html.j2"):
        assert template().page(ending) == credit_template().page(ending) == f"_shared/document.{ending}"


@pytest.mark.parametrize(
    ("note", "words"),
    [
        (english_credit(), "Reason: Cancellation of the insurance from 1 July 2024."),
        (spanish_credit(), "Motivo: Anulación del seguro desde el 1 de julio de 2024."),
    ],
)
def test_the_reason_that_a_run_gives_is_in_the_language_of_the_customer(note: Invoice, words: str) -> None:
    assert note.credited is not None
    told = replace(note, credited=replace(note.credited, reason="cancellation 2024-07-01 (1)"))
    _, plain, _ = EmailRenderer(credit_template()).render(told)
    for text in (str(build_view(told)["statement"]), PAGES.html(told)):
        assert words in text
    assert "2024-07-01" not in plain
