"""The e-mail: a subject that cannot grow headers, and two bodies that say the same."""

from dataclasses import replace

import pytest

from billing_assets.documents.email import EmailRenderer
from billing_assets.domain.invoices import Invoice
from billing_assets_tests.documents.samples import GOLDEN, english, spanish, template, with_payer

RENDERER = EmailRenderer(template())


@pytest.mark.parametrize(("language", "invoice"), [("en", english()), ("es", spanish())])
def test_the_message_is_the_golden_one(language: str, invoice: Invoice) -> None:
    subject, text, html = RENDERER.render(invoice)
    golden = GOLDEN / f"email.{language}.txt"
    assert f"{subject}\n\n{text}" == golden.read_text(encoding="utf-8")
    assert html == (GOLDEN / f"email.{language}.html").read_text(encoding="utf-8")


def test_text_and_html_carry_the_amount_the_date_and_the_account() -> None:
    _, text, html = RENDERER.render(spanish())
    for words in (
        "510,99\u00a0€",
        "1 de febrero de 2027",
        "ES91 2100 0418 4502 0005 1332",
        "ALO-2027-00000417",
    ):
        assert words in text
        assert words in html


def test_a_hostile_name_stays_text() -> None:
    subject, text, html = RENDERER.render(with_payer(english(), name="<b>{{7*7}}</b>\r\nBcc: x@example.com"))
    assert "\n" not in subject
    assert "Dear <b>{{7*7}}</b> Bcc: x@example.com," in text
    assert "Dear &lt;b&gt;{{7*7}}&lt;/b&gt; Bcc: x@example.com," in html


def test_a_number_with_line_breaks_cannot_begin_another_header() -> None:
    subject, _, _ = RENDERER.render(replace(english(), invoice_number="A\r\nBcc: x@example.com"))
    assert subject.startswith("Invoice A Bcc: x@example.com:")
    assert len(subject.splitlines()) == 1
