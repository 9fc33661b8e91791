"""Catalogues speak every language alike, and know what to say to an unknown code."""

import re
from dataclasses import replace

import pytest

from billing_assets.documents.labels import choose, load_catalogues, region_of
from billing_assets.documents.templates import default_templates_dir, load_template
from billing_assets.domain.charges import CHARGE_KINDS
from billing_assets.domain.errors import BillingError
from billing_assets.domain.policies import LineOfBusiness
from billing_assets.domain.taxes import shipped_tax_rules
from billing_assets_tests.documents.samples import template

CATALOGUES = load_catalogues(template())


def test_every_language_has_the_same_keys_and_placeholders() -> None:
    english = CATALOGUES["en"]
    for catalogue in CATALOGUES.values():
        assert catalogue.text.keys() == english.text.keys()
        assert {table: set(words) for table, words in catalogue.names.items()} == {
            table: set(words) for table, words in english.names.items()
        }
        for key, words in catalogue.text.items():
            assert sorted(re.findall(r"\{\w+\}", words)) == sorted(
                re.findall(r"\{\w+\}", english.text[key])
            ), key


@pytest.mark.parametrize("language", ["de", "en", "es", "fr"])
def test_every_tax_and_charge_of_the_package_has_a_name(language: str) -> None:
    names = CATALOGUES[language].names
    assert {rule.tax_code for rule in shipped_tax_rules()} <= names["taxes"].keys()
    assert CHARGE_KINDS.keys() <= names["charge_kinds"].keys()


@pytest.mark.parametrize("language", ["de", "en", "es", "fr"])
@pytest.mark.parametrize("line", LineOfBusiness)
def test_every_line_of_business_has_a_name_on_documents_and_in_explanations(
    language: str, line: LineOfBusiness
) -> None:
    """A book that gives no product gives the line of business in its place."""
    explained = load_catalogues(load_template(default_templates_dir(), "explanation"))[language].names
    assert CATALOGUES[language].names["products"][line]
    assert explained["lines_of_business"][line]


def test_an_unknown_code_is_shown_and_not_lost() -> None:
    catalogue = CATALOGUES["en"]
    assert catalogue.name("taxes", "XX-NEW") == "XX-NEW"
    assert catalogue.name("charge_kinds", "key_replacement") == "Key replacement"
    assert catalogue.name("products", "MOTOR") == "Motor insurance"


def test_values_are_never_read_as_patterns() -> None:
    filled = CATALOGUES["en"].fill("mail_subject", number="{amount}", amount="{number.__class__}", date="x")
    assert filled == "Invoice {amount}: {number.__class__} due by x"


@pytest.mark.parametrize(
    ("tag", "language"), [("es", "es"), ("ES_mx", "es"), ("de-CH", "de"), ("pt", "en"), ("", "en")]
)
def test_an_unknown_language_falls_back_to_english(tag: str, language: str) -> None:
    assert choose(CATALOGUES, tag).language == language


def test_the_region_of_the_tag_goes_before_the_country() -> None:
    assert (region_of("en-US", "ES"), region_of("en", "GB"), region_of("zh-Hant", "TW")) == ("US", "GB", "TW")


def test_american_readers_get_american_spelling() -> None:
    assert "Installment" in CATALOGUES["en"].for_region("us").text["installment"]


def test_a_damaged_catalogue_is_refused() -> None:
    files = {**template().files, "invoice/labels.es.toml": b"[text\n"}
    with pytest.raises(BillingError, match="labels_unusable"):
        load_catalogues(replace(template(), files=files))


@pytest.mark.parametrize(("region", "word"), [("DE", "Beitrag"), ("AT", "Prämie"), ("CH", "Prämie")])
def test_german_has_the_words_of_the_country(region: str, word: str) -> None:
    words = CATALOGUES["de"].for_region(region)
    assert words.name("charge_kinds", "premium") == word
    assert words.text["title"].startswith("Beitrag" if region == "DE" else "Prämien")
