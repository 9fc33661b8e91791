"""Writes the golden files anew: ``python -m billing_assets_tests.documents.golden``, then read the diff.

Belongs here: what a golden file holds. Does not belong here: comparing (the tests of each renderer).
"""

from collections.abc import Mapping

from billing_assets.documents.email import EmailRenderer
from billing_assets.documents.html import HtmlRenderer
from billing_assets.documents.pdf import PdfPrinter
from billing_assets.documents.templates import Template, default_templates_dir, load_template
from billing_assets.documents.views import DOCUMENT_KINDS, languages_of, sample_document
from billing_assets.domain.invoices import Invoice
from billing_assets_tests.documents.samples import (
    GOLDEN,
    credit_template,
    english,
    english_credit,
    page_texts,
    spanish,
    spanish_credit,
    template,
    with_charges,
)


def golden_files() -> dict[str, str]:
    """Return the text of every golden file of the documents by its name."""
    invoices = {"en": english(), "es": spanish()}
    notes = {"en": english_credit(), "es": spanish_credit()}
    charges = {language: with_charges(invoice) for language, invoice in invoices.items()}
    return {
        **_files_of(template(), "invoice", "email", invoices),
        **_files_of(template(), "invoice_charges", "email_charges", charges),
        **_files_of(credit_template(), "credit_note", "credit_note_email", notes),
    }


def golden_samples(kind: str) -> dict[str, str]:
    """Return the text of the page and of the e-mail of a kind's sample, by their names, in each language."""
    template = load_template(default_templates_dir(), kind)
    printer, mails = PdfPrinter(template), EmailRenderer(template)
    files: dict[str, str] = {}
    for language in languages_of(template):
        document = sample_document(template, language)
        subject, text, _html = mails.render(document)
        files[f"samples/{kind}.{language}.mail.txt"] = f"{subject}\n\n{text}"
        files[f"samples/{kind}.{language}.pdf.txt"] = "\n".join(page_texts(printer.pdf(document))) + "\n"
    return files


def _files_of(kind: Template, page: str, mail: str, documents: Mapping[str, Invoice]) -> dict[str, str]:
    pages, mails, printer = HtmlRenderer(kind), EmailRenderer(kind), PdfPrinter(kind)
    files: dict[str, str] = {}
    for language, document in documents.items():
        subject, text, html = mails.render(document)
        files[f"{mail}.{language}.txt"] = f"{subject}\n\n{text}"
        files[f"{mail}.{language}.html"] = html
        files[f"{page}.{language}.html"] = pages.html(document)
        files[f"{page}.{language}.pdf.txt"] = "\n".join(page_texts(printer.pdf(document))) + "\n"
    return files


if __name__ == "__main__":
    samples = {name: text for kind in DOCUMENT_KINDS for name, text in golden_samples(kind).items()}
    for name, content in {**golden_files(), **samples}.items():
        (GOLDEN / name).write_text(content, encoding="utf-8")
