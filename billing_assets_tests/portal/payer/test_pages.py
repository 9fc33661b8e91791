"""Words of the portal: the same keys in every language, none missing and none left over."""

import re
from importlib import resources

import pytest

from billing_assets.domain.audit_acts import Act
from billing_assets.domain.delivery_channels import DeliveryChannel
from billing_assets.domain.document_requests import MOST_DOCUMENTS, DocumentWish, RequestState
from billing_assets.domain.payments import SourceKind
from billing_assets.domain.portal_access import PORTAL_LANGUAGES
from billing_assets.domain.portal_accounts import Standing
from billing_assets.domain.portal_requests import MOST_OWN_REQUESTS
from billing_assets.portal.payer.documents import OF_FORMS
from billing_assets.portal.payer.pages import words_of

_FOLDER = resources.files("billing_assets.portal.payer")


def test_every_language_says_the_same_things_with_the_same_places() -> None:
    english = words_of("en")
    for language in PORTAL_LANGUAGES:
        words = words_of(language)
        assert words.keys() == english.keys()
        for key, text in words.items():
            assert re.findall(r"{\w+}", text) or not re.findall(r"{\w+}", english[key]), (language, key)
            assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", english[key])), (language, key)


@pytest.mark.parametrize("language", [code for code in PORTAL_LANGUAGES if code != "en"])
def test_a_language_is_no_copy_of_english(language: str) -> None:
    same = [key for key, text in words_of(language).items() if text == words_of("en")[key]]
    assert len(same) < 20, same


def test_every_code_that_a_page_shows_has_its_words() -> None:
    words = words_of("en")
    for table, codes in (
        ("standing", Standing),
        ("channel", DeliveryChannel),
        ("source", SourceKind),
        ("wish", DocumentWish),
        ("request_state", RequestState),
    ):
        assert {f"{table}.{code.value}" for code in codes} <= words.keys(), table
    assert Act.SET_PREFERENCE.value == "set_preference"


@pytest.mark.parametrize("language", PORTAL_LANGUAGES)
def test_words_about_limits_name_them(language: str) -> None:
    words = words_of(language)
    assert str(MOST_OWN_REQUESTS) in words["error.portal_requests_full"]
    assert str(MOST_DOCUMENTS) in words["error.portal_choice_invalid"]
    assert {f"error.{code}" for code in OF_FORMS} <= words.keys()


def test_every_key_that_a_template_names_is_there_and_every_word_is_used() -> None:
    templates = "".join(path.read_text("utf-8") for path in _FOLDER.joinpath("html").iterdir())
    named = set(re.findall(r't\("([a-z_.]+)"[,)]', templates))
    families = {"languages", "menu", "standing", "document_kind", "channel", "source", "use", "error"}
    families |= {"wish", "request_state"}
    words = words_of("en")
    assert named <= words.keys()
    unused = {key for key in words if key not in named and key.split(".")[0] not in families}
    assert {key for key in unused if not key.startswith("details.place_")} == set()
