"""Every letter in every language: the same words to say, none missing, and JSON."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from billing_assets.documents.email import EmailRenderer
from billing_assets.documents.html import HtmlRenderer
from billing_assets.domain.letters import LetterKind
from billing_assets_tests.documents.letters import letter, seen, template_of

LANGUAGES = ["de", "en", "es", "fr"]


def texts_of(part: Any) -> list[str]:
    if isinstance(part, str):
        return [part]
    parts = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    return [text for each in parts for text in texts_of(each)]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", LetterKind)
def test_nothing_stays_a_placeholder(kind: LetterKind, language: str) -> None:
    view = seen(kind, letter(kind, language))
    assert json.loads(json.dumps(view)) == view
    assert view["language"] == language
    assert [text for text in texts_of({**view, "labels": {}}) if re.search(r"\{\w*\}", text)] == []


@pytest.mark.parametrize("kind", LetterKind)
def test_an_unknown_language_reads_english(kind: LetterKind) -> None:
    given = letter(kind)
    asked = replace(given, payer=replace(given.payer, language="tlh"))
    assert seen(kind, asked)["title"] == seen(kind, given)["title"]


@pytest.mark.parametrize("kind", LetterKind)
def test_the_page_and_the_mail_are_whole_and_show_a_hostile_name_as_text(kind: LetterKind) -> None:
    given = letter(kind)
    hostile = replace(given, payer=replace(given.payer, name="<b>{{7*7}}</b>"))
    page = HtmlRenderer(template_of(kind)).html(hostile)
    subject, text, html = EmailRenderer(template_of(kind)).render(hostile)
    assert "&lt;b&gt;{{7*7}}&lt;/b&gt;" in page
    assert "<b>{{" not in page + html
    assert "\n" not in subject
    assert text.count("\n\n\n") == 0
    for label in (section["heading"] for section in seen(kind, given)["sections"]):
        assert label in text
        assert label in html


def test_the_names_of_the_company_go_before_those_of_the_program() -> None:
    from billing_assets.domain.product_names import product_names_from

    given = letter("statement")
    named = product_names_from({"en": {"motor": "Alondra Auto"}})
    own = replace(given, creditor=replace(given.creditor, product_names=named))
    assert "Alondra Auto" in seen("statement", own)["subject"]
