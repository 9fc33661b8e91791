"""Pages: languages, words, and the part of a page that htmx asks for."""

import re

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
