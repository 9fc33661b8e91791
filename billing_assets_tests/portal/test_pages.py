"""Pages: languages, words, and the part of a page that htmx asks for."""

import re
from importlib import resources
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

import billing_assets
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


REFUSING = (
    *(
        "portal/*.py",
        "wiring/worklists.py",
        "wiring/*desk.py",
        "domain/decisions.py",
        "domain/run_decisions.py",
    ),
    *("domain/access.py", "domain/office_users.py", "domain/holds.py", "domain/schedule_pauses.py"),
    *("domain/activity_schedules.py", "store/run_decisions.py", "store/problem_listings.py"),
)
"""Where what the pages do may be refused."""

NOT_OF_PAGES = {
    *("place_unclear", "place_unknown", "rule_invalid", "sender_missing"),
    *("credential_refused", "scope_not_given", "request_folder_unset"),
}
"""Refusals of commands, and of the API, that the pages have not."""


def test_what_a_page_may_be_refused_has_words_in_every_language() -> None:
    words, root = words_of(LANGUAGES[0]), Path(billing_assets.__file__).parent
    codes = {
        code
        for pattern in REFUSING
        for path in root.glob(pattern)
        for code in re.findall(r'BillingError\(\s*"([a-z_]+)"', path.read_text("utf-8"))
    }
    assert len(codes) > 30
    tables = ("error", "refused", "schedule_error")
    unsaid = {code for code in codes if not any(f"{table}.{code}" in words for table in tables)}
    assert unsaid - NOT_OF_PAGES == set()


def test_a_refusal_is_told_in_the_language_of_the_reader(viewer: TestClient) -> None:
    told = viewer.get("/runs/99999", headers={"accept-language": "es"}).text
    assert "No existe esa ejecución." in told
    assert "there is no run 99999" in told
    assert "There is no such run." in viewer.get("/runs/99999", headers={"accept-language": "en"}).text
