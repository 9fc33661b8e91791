"""Pages: languages, words, and the part of a page that htmx asks for."""

import re
from importlib import resources

import pytest
from fastapi.testclient import TestClient

from billing_assets.portal.pages import LANGUAGES, words_of


def test_every_language_has_the_same_words() -> None:
    first, *others = (words_of(language) for language in LANGUAGES)
    holes = re.compile(r"\{\w+\}")
    for words in others:
        assert words.keys() == first.keys()
        assert {key: sorted(holes.findall(text)) for key, text in words.items()} == {
            key: sorted(holes.findall(text)) for key, text in first.items()
        }


def test_every_key_that_a_page_names_has_its_words() -> None:
    folder = resources.files("billing_assets.portal").joinpath("html")
    for template in folder.iterdir():
        named = re.findall(r'\bt\("([a-z_]+\.[a-z_]+)"[,)]', template.read_text("utf-8"))
        assert set(named) <= words_of(LANGUAGES[0]).keys(), template.name


@pytest.mark.parametrize(
    ("headers", "query", "language"),
    [
        ({"accept-language": "es-MX,es;q=0.9,en;q=0.8"}, "", "es"),
        ({"accept-language": "fr,ja"}, "", "en"),
        ({"accept-language": "en"}, "?language=es", "es"),
        ({"accept-language": "en", "cookie": "language=es"}, "", "es"),
    ],
)
def test_the_language_is_the_one_asked_for(
    stranger: TestClient, headers: dict[str, str], query: str, language: str
) -> None:
    assert f'<html lang="{language}">' in stranger.get(f"/sign-in{query}", headers=headers).text
