"""Writes the golden files anew: ``python -m billing_assets_tests.documents.golden``, then read the diff.

Belongs here: what a golden file holds. Does not belong here: comparing (the tests of each renderer).
"""

from billing_assets.documents.email import EmailRenderer
from billing_assets.documents.html import HtmlRenderer
from billing_assets.documents.pdf import PdfPrinter
from billing_assets_tests.documents.samples import GOLDEN, english, page_texts, spanish, template


def golden_files() -> dict[str, str]:
    """Return the text of every golden file of the documents by its name."""
    pages, mails, printer = HtmlRenderer(template()), EmailRenderer(template()), PdfPrinter(template())
    files: dict[str, str] = {}
    for language, invoice in (("en", english()), ("es", spanish())):
        subject, text, html = mails.render(invoice)
        files[f"email.{language}.txt"] = f"{subject}\n\n{text}"
        files[f"email.{language}.html"] = html
        files[f"invoice.{language}.html"] = pages.html(invoice)
        files[f"invoice.{language}.pdf.txt"] = "\n".join(page_texts(printer.pdf(invoice))) + "\n"
    return files


if __name__ == "__main__":
    for name, content in golden_files().items():
        (GOLDEN / name).write_text(content, encoding="utf-8")
