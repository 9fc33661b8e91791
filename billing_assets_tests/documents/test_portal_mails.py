"""Mails of the portal say what they are for in the payer's language, and no name can change them."""

from datetime import date

import pytest

from billing_assets.documents.portal_mails import NoticedDocument, SignInLink, notice_mail, sign_in_mail
from billing_assets.domain.portal_access import PORTAL_LANGUAGES

URL = "https://bills.example.com/my/sign-in/link?token=a&b"
DOCUMENT = NoticedDocument(
    document_kind="credit_note",
    document_number="CN-00000001",
    url=URL,
    last_date=date(2025, 4, 11),
    portal_url="https://bills.example.com/my/",
)


@pytest.mark.parametrize("language", PORTAL_LANGUAGES)
def test_both_mails_are_in_the_language_with_every_place_filled(language: str) -> None:
    link = SignInLink(payer_key="K1", payer_name="Ana Gil", url=URL)
    for mail in (sign_in_mail("Alondra", [link], 30, language), notice_mail("Alondra", DOCUMENT, language)):
        assert mail.language == language
        assert f'<html lang="{language}">' in mail.html
        for text in (mail.subject, mail.text, mail.html):
            assert "{" not in text
        assert URL in mail.text
        assert URL.replace("&", "&amp;") in mail.html
        assert "Alondra" in mail.subject


def test_the_day_and_the_kind_are_said_as_people_say_them() -> None:
    assert "11 April 2025" in notice_mail("Alondra", DOCUMENT, "en", "GB").text
    spanish = notice_mail("Alondra", DOCUMENT, "es").text
    assert "factura rectificativa CN-00000001" in spanish
    assert "11 de abril de 2025" in spanish


def test_a_name_is_text_and_cannot_begin_a_header_or_a_tag() -> None:
    name = "A\r\nBcc: b@example.com <script>{url}"
    mail = sign_in_mail(name, [SignInLink(payer_key="{x}", payer_name=name, url=URL)], 30, "en")
    assert "\n" not in mail.subject
    assert "\r" not in mail.subject
    assert "<script>" not in mail.html
    assert "{url}" in mail.text


def test_each_payer_of_an_address_has_a_link_of_their_own() -> None:
    links = [SignInLink(payer_key=f"K{n}", payer_name=f"Payer {n}", url=f"{URL}{n}") for n in (1, 2)]
    text = sign_in_mail("Alondra", links, 30, "en").text
    assert (
        text.index("customer K1") < text.index(f"{URL}1") < text.index("customer K2") < text.index(f"{URL}2")
    )
