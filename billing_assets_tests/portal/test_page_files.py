"""Files of pages: words of a package by key, and templates in which nothing may be missing."""

import pytest
from jinja2 import UndefinedError

from billing_assets.portal.page_files import environment_of, fill, words_in


def test_words_of_several_files_are_one_book() -> None:
    both = words_in("billing_assets.portal", "en.toml", "en_codes.toml")
    assert both == {
        **words_in("billing_assets.portal", "en.toml"),
        **words_in("billing_assets.portal", "en_codes.toml"),
    }


def test_a_key_that_a_language_lacks_raises() -> None:
    with pytest.raises(KeyError):
        fill({}, "runs.title")


def test_a_page_escapes_what_it_is_given_and_raises_where_it_is_given_nothing() -> None:
    environment = environment_of("billing_assets.portal.payer")
    assert environment.from_string("{{ name }}").render(name="<b>") == "&lt;b&gt;"
    with pytest.raises(UndefinedError):
        environment.from_string("{{ name }}").render()
