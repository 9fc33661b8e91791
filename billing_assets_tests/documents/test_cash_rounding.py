"""Cash rounding on documents: an amount of its own before the amount due, and nothing where there is none."""

from dataclasses import replace
from typing import Any

import pytest

from billing_assets.documents.email import EmailRenderer
from billing_assets.documents.html import HtmlRenderer
from billing_assets.documents.invoice_json import invoice_from_json, invoice_to_json
from billing_assets.documents.pdf import PdfPrinter
from billing_assets.documents.templates import Template
from billing_assets.documents.view_model import build_view
from billing_assets.domain.cash_rounding import CashRounding
from billing_assets.domain.errors import BillingError
from billing_assets.domain.invoices import Invoice
from billing_assets_tests.documents.samples import (
    credit_template,
    english,
    english_credit,
    in_currency,
    page_texts,
    spanish,
    spanish_credit,
    template,
    with_lines,
)


def rounded(invoice: Invoice, rounding_minor: int, unit_minor: int = 5) -> Invoice:
    rounding = CashRounding(cash_unit_minor=unit_minor, cash_rounding_minor=rounding_minor)
    return replace(invoice, rounding=rounding)


def francs(invoice: Invoice) -> Invoice:
    """510.99 is payable by 511.00, and 247.39 by 247.40."""
    nearest = (invoice.total_minor + 2) // 5 * 5
    return rounded(in_currency(invoice, "CHF"), nearest - invoice.total_minor)


def spaced(text: str) -> str:
    return " ".join(text.split())


def renderings(invoice: Invoice, used: Template) -> list[str]:
    """Return the text of the PDF, the page, and both forms of the mail."""
    _, plain, html = EmailRenderer(used).render(invoice)
    pdf = "\n".join(page_texts(PdfPrinter(used).pdf(invoice)))
    return [spaced(text) for text in (pdf, HtmlRenderer(used).html(invoice), plain, html)]


SHOWN = [
    (english(), template(), "Cash rounding", "CHF 0.01", "CHF 511.00"),
    (spanish(), template(), "Redondeo por pago en efectivo", "0,01 CHF", "511,00 CHF"),
    (english_credit(), credit_template(), "Cash rounding", "CHF 0.01", "CHF 247.40"),
    (spanish_credit(), credit_template(), "Redondeo por pago en efectivo", "0,01 CHF", "247,40 CHF"),
]


@pytest.mark.parametrize(("invoice", "used", "label", "rounding", "payable"), SHOWN)
def test_pdf_page_and_mail_show_the_rounding_and_the_amount_due(
    invoice: Invoice, used: Template, label: str, rounding: str, payable: str
) -> None:
    document = francs(invoice)
    view: dict[str, Any] = build_view(document, used)
    totals = view["totals"]
    assert spaced(totals["rounding"]).replace("−", "-") == rounding.replace("−", "-")
    assert spaced(totals["payable"]) == spaced(view["due"]["amount"]) == payable
    for text in renderings(document, used):
        shown = (label, spaced(totals["rounding"]), spaced(totals["total"]), spaced(totals["payable"]))
        assert [words for words in shown if words not in text] == []


@pytest.mark.parametrize("invoice", [english(), rounded(with_lines(english(), 5), 0)])
def test_nothing_is_said_of_rounding_where_there_is_none(invoice: Invoice) -> None:
    for text in renderings(invoice, template()):
        assert "rounding" not in text.lower()


def test_the_mail_asks_for_the_sum_payable() -> None:
    subject, plain, _ = EmailRenderer(template()).render(francs(english()))
    assert "511.00" in subject
    assert "510.99" not in subject
    assert "Total before rounding: CHF 510.99" in spaced(plain)


def test_the_payment_code_has_the_amount_that_is_due() -> None:
    view: dict[str, Any] = build_view(rounded(spanish(), 1))
    assert "EUR511.00" in view["payment"]["qr"]["payload"].split("\n")
    assert "511,00" in view["payment"]["text"]


def test_a_total_that_rounds_to_nothing_asks_for_no_payment() -> None:
    (first, _), (tax, _) = spanish().lines, spanish().taxes
    tiny = replace(
        spanish(),
        net_minor=2,
        tax_minor=0,
        total_minor=2,
        lines=(replace(first, net_minor=2, tax_minor=0),),
        taxes=(replace(tax, base_minor=2, tax_minor=0),),
    )
    view: dict[str, Any] = build_view(rounded(tiny, -2))
    assert view["due"]["is_payable"] is False
    assert view["due"]["label"] == "Nada que pagar"
    assert view["payment"]["qr"] is None


def test_a_sum_that_is_no_multiple_is_refused() -> None:
    with pytest.raises(BillingError, match=r"total \+ rounding differs"):
        build_view(rounded(spanish(), 2))


def test_a_rounded_document_survives_json_and_names_its_rounding() -> None:
    document = francs(spanish())
    assert invoice_from_json(invoice_to_json(document)) == document
    assert '"cash_rounding_minor": 1' in invoice_to_json(document)
    assert "rounding" not in invoice_to_json(spanish())
