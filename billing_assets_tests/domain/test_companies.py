"""A company is read from plain settings, or refused naming the setting."""

import json
from typing import Any

import pytest
import yaml

from billing_assets.domain.companies import company_from, company_record
from billing_assets.domain.errors import BillingError
from billing_assets.domain.numbering import document_number, split_document_number
from billing_assets_tests.house.tree import ROOT

RECORD: dict[str, Any] = {
    "company_code": "demo",
    "name": "Seguros Mirasol, S.A.",
    "address_lines": ["Calle Fingida 12", "28999 Madrid"],
    "country_code": "ES",
    "place_code": "ES",
    "time_zone": "Europe/Madrid",
    "email": "facturas@example.com",
    "message_domain": "billing.example.com",
}


def refused(**changes: object) -> str:
    with pytest.raises(BillingError) as caught:
        company_from({**RECORD, **changes})
    assert caught.value.code == "company_invalid"
    return caught.value.found


def test_what_is_not_given_has_its_default() -> None:
    company = company_from(RECORD)
    assert (company.invoice_prefix, company.email_attachment, company.phone) == ("INV-", "pdf", "")
    assert company.address_lines == ("Calle Fingida 12", "28999 Madrid")


def test_a_record_survives_json_and_comes_back_the_same() -> None:
    company = company_from({**RECORD, "product_names": {"es": {"SALUD": "Seguro de salud"}}})
    assert company_record(company)["product_names"] == {"es": {"SALUD": "Seguro de salud"}}
    assert company_from(json.loads(json.dumps(company_record(company)))) == company


def test_the_shipped_example_is_a_company() -> None:
    text = (ROOT / "examples" / "company.yaml").read_text(encoding="utf-8")
    assert company_from(yaml.safe_load(text)).company_code == "demo"


def test_a_record_without_product_names_is_what_it_was_before_there_were_any() -> None:
    """Else every company would get a new version with the upgrade."""
    assert "product_names" not in company_record(company_from(RECORD))


def test_channels_that_law_demands_survive_json_and_are_left_out_where_there_are_none() -> None:
    rules = {"invoice": ["email", "print_post"], "notice_of_cancellation": ["print_post"]}
    company = company_from({**RECORD, "required_channels": rules})
    record = json.loads(json.dumps(company_record(company)))
    assert record["required_channels"] == rules
    assert company_from(record) == company
    assert "required_channels" not in company_record(company_from(RECORD))
    assert "'pigeon'" not in refused(required_channels={"invoice": ["pigeon"]})


@pytest.mark.parametrize("name", ["phone", "invoice_prefix", "iban", "email_attachment"])
def test_a_setting_left_empty_in_yaml_is_not_given(name: str) -> None:
    """It must not be printed as the word None."""
    assert company_from({**RECORD, name: None}) == company_from(RECORD)


@pytest.mark.parametrize("name", sorted(RECORD))
@pytest.mark.parametrize("value", [None, ""])
def test_a_required_setting_without_value_is_missing(name: str, value: str | None) -> None:
    assert refused(**{name: value}) == f"company setting '{name}' is missing"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("colour", "red", "'colour' is not known"),
        ("address_lines", "Calle 1", "list of one to five lines"),
        ("address_lines", ["x"] * 6, "list of one to five lines"),
        ("address_lines", ["x", None], "has an empty line"),
        ("address_lines", ["x", " "], "has an empty line"),
        ("address_lines", ["x", False], "a line that YAML reads as no text"),
        ("company_code", "Demo", "lower case"),
        ("company_code", "a" * 33, "lower case"),
        ("company_code", "../x", "lower case"),
        ("place_code", "XX", "'place_code' must be one of DE, ES"),
        ("iban", "DE89370400440532013001", "'iban' is not an IBAN without spaces"),
        ("iban", "DE89 3704 0044 0532 0130 00", "'iban' is not an IBAN without spaces"),
        ("bic", "Deutsche Bank", "'bic' is not a BIC"),
        ("time_zone", "Europe/Madird", "'time_zone' is not an IANA time zone"),
        ("time_zone", "../../etc/passwd", "'time_zone' is not an IANA time zone"),
        ("country_code", "Spain", "'country_code' is not a country of ISO 3166"),
        ("country_code", "es", "'country_code' is not a country of ISO 3166"),
        ("email", "Facturas <facturas@example.com>", "'email' is not one bare e-mail address"),
        ("email", "facturas", "'email' is not one bare e-mail address"),
        ("email", "niño@example.com", "'email' is not one bare e-mail address"),
        ("message_domain", "bad domain@example.com", "'message_domain' is not a domain"),
        ("message_domain", "localhost", "'message_domain' is not a domain"),
        ("message_domain", "bücher.example", "'message_domain' is not a domain"),
        ("name", "Seguros\r\nBcc: x", "'name' has a line break or a control character"),
        ("phone", "+34\x1b[31m", "'phone' has a line break or a control character"),
        ("address_lines", ["Calle 1", "28001\x1b[2J"], "has a line break or a control character"),
        ("email_attachment", "docx", "must be one of pdf, link, none"),
        ("email_pdf_limit_kb", "0", "must be a whole number of kilobytes, such as 5000"),
        ("email_pdf_limit_kb", "2.5", "must be a whole number of kilobytes, such as 5000"),
        ("invoice_prefix", "", "'invoice_prefix' is one to twenty"),
        ("invoice_prefix", "INV2024", "must end in a character that is not a digit"),
        ("invoice_prefix", "A B-", "'invoice_prefix' is one to twenty"),
        ("invoice_prefix", "IÑV-", "'invoice_prefix' is one to twenty"),
        ("invoice_prefix", "a" * 21, "'invoice_prefix' is one to twenty"),
        ("invoice_prefix", "crn-", "'invoice_prefix' and 'credit_note_prefix' are the same"),
        ("credit_note_prefix", "INV-", "'invoice_prefix' and 'credit_note_prefix' are the same"),
        ("credit_note_prefix", "CRN1", "must end in a character that is not a digit"),
        ("credit_note_prefix", "A B-", "'credit_note_prefix' is one to twenty"),
    ],
)
def test_a_wrong_setting_is_refused_by_name(name: str, value: object, words: str) -> None:
    assert words in refused(**{name: value})


def test_what_yaml_reads_as_a_truth_value_is_told_and_not_taken_for_missing() -> None:
    words = "company setting 'place_code' is read by YAML as false, not as text: put it in quotes"
    assert refused(place_code=False) == words
    assert "'phone' is read by YAML as true" in refused(phone=True)


def test_an_unknown_setting_suggests_the_nearest() -> None:
    words = "company setting 'invoice_prefx' is not known (did you mean 'invoice_prefix'?)"
    assert refused(invoice_prefx="A-") == words


def test_every_wrong_setting_is_named_at_once() -> None:
    found = refused(colour="red", email=None)
    assert found == "company setting 'colour' is not known; company setting 'email' is missing"
    found = refused(country_code="Spain", time_zone="Madrid", invoice_prefix="")
    assert [found.count(f"'{name}'") for name in ("country_code", "time_zone", "invoice_prefix")] == [1] * 3


@pytest.mark.parametrize("prefix", ["INV-", "F2024/", "R"])
def test_a_number_with_an_accepted_prefix_can_be_split_again(prefix: str) -> None:
    company = company_from({**RECORD, "invoice_prefix": prefix})
    printed = document_number(company.invoice_prefix, 20_240_001)
    assert split_document_number(printed) == (prefix, 20_240_001)


def test_the_currencies_that_are_rounded_have_a_row_and_stand_once() -> None:
    company = company_from({**RECORD, "cash_rounding": ["SEK", "CHF"]})
    assert company.cash_rounding == ("CHF", "SEK")
    assert company_from(json.loads(json.dumps(company_record(company)))) == company
    assert "cash_rounding" not in company_record(company_from(RECORD))
    assert refused(cash_rounding=["CHF", "EUR"]) == (
        "company setting 'cash_rounding' names 'EUR': choose from CHF, CZK, HUF, NOK, SEK"
    )
    assert "names a currency twice" in refused(cash_rounding=["CHF", "CHF"])
    assert "must be a list" in refused(cash_rounding="CHF")


def test_a_declared_base_of_rates_is_a_currency_and_is_recorded_only_where_there_is_one() -> None:
    company = company_from({**RECORD, "rate_base_currency": "EUR"})
    assert company_from(company_record(company)).rate_base_currency == "EUR"
    assert "rate_base_currency" not in company_record(company_from(RECORD))
    assert "is not a currency" in refused(rate_base_currency="XXX1")
