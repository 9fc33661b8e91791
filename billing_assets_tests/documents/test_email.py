"""The e-mail: a subject that cannot grow headers, and two bodies that say the same."""

from dataclasses import replace

import pytest

from billing_assets.documents.email import EmailRenderer
from billing_assets.documents.labels import catalogues_of
from billing_assets.documents.templates import default_templates_dir, load_template
from billing_assets.documents.views import sample_document
from billing_assets.domain.invoices import Invoice
from billing_assets.domain.mail_forms import MailForm, shows_link
from billing_assets_tests.documents.samples import GOLDEN, english, spanish, template, with_payer

RENDERER = EmailRenderer(template())


@pytest.mark.parametrize(("language", "invoice"), [("en", english()), ("es", spanish())])
def test_the_message_is_the_golden_one(language: str, invoice: Invoice) -> None:
    subject, text, html = RENDERER.render(invoice)
    golden = GOLDEN / f"email.{language}.txt"
    assert f"{subject}\n\n{text}" == golden.read_text(encoding="utf-8")
    assert html == (GOLDEN / f"email.{language}.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("language", ["de", "en", "es", "fr"])
@pytest.mark.parametrize("kind", ["invoice", "credit_note"])
def test_a_mail_speaks_of_a_pdf_exactly_where_it_carries_one(kind: str, language: str) -> None:
    folder = load_template(default_templates_dir(), kind)
    document = sample_document(folder, language)
    assert isinstance(document, Invoice)
    renderer = EmailRenderer(folder)
    for form in MailForm:
        # The reader sees the preheader of the HTML beside the subject, before anything else.
        bodies = renderer.render(document, form=form)[1:]
        assert shows_link(*bodies) is (form is MailForm.LINKED)
        for body in bodies:
            assert ("PDF" in body) is (form is MailForm.ATTACHED)
            assert document.invoice_number in body
    bare = {key: words for key, words in catalogues_of(folder)[language].text.items() if "_bare" in key}
    assert len(bare) == (4 if kind == "invoice" else 3)
    assert not any("PDF" in words for words in bare.values())


def _without_bare(content: bytes) -> bytes:
    return b"".join(line for line in content.splitlines(keepends=True) if b"_bare = " not in line)


def test_a_template_that_was_frozen_before_keeps_its_words() -> None:
    files = {name: _without_bare(content) for name, content in template().files.items()}
    frozen = EmailRenderer(replace(template(), files=files))
    assert frozen.render(english(), form=MailForm.BARE) == RENDERER.render(english())


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
