"""The parts that invoices and letters share."""

from dataclasses import replace
from datetime import date

import pytest

from billing_assets.documents.labels import catalogues_of
from billing_assets.documents.page_parts import (
    Reader,
    creditor_view,
    grouped_reference,
    paper_of,
    policy_fact,
    recipient_lines,
    subject_line,
    tax_row,
    transfer_box,
)
from billing_assets.domain.creditor_references import creditor_reference
from billing_assets_tests.documents.samples import english, spanish, template

WORDS = catalogues_of(template())["en"]
READER = Reader(WORDS, "en_GB", "EUR")


def test_a_letter_abroad_names_the_country_last_and_in_capitals() -> None:
    assert recipient_lines(english().payer, english().creditor)[-1] == "UNITED KINGDOM"
    assert recipient_lines(spanish().payer, spanish().creditor)[-1] == "41004 Sevilla"


@pytest.mark.parametrize(("country", "paper"), [("ES", "a4"), ("US", "us-letter")])
def test_the_paper_is_that_of_the_country(country: str, paper: str) -> None:
    assert paper_of(replace(english().creditor, country_code=country)) == paper


@pytest.mark.parametrize(
    ("country", "label"), [("ES", "NIF"), ("DE", "Insurance tax number"), ("JP", "Tax number")]
)
def test_a_tax_number_is_called_as_in_its_country(country: str, label: str) -> None:
    assert creditor_view(replace(english().creditor, country_code=country), WORDS)["tax_label"] == label


def test_one_policy_is_named_and_many_are_counted() -> None:
    assert policy_fact(["P-2", "P-2"], WORDS) == ("Policy number", "P-2")
    assert policy_fact(["P-1", "P-2"], WORDS) == ("Policies", "2 policies")
    assert subject_line([("P-1", "motor"), ("P-2", "home")], WORDS).endswith("2 policies")


def test_a_creditor_reference_is_printed_in_groups_and_goes_into_the_code_as_what_it_is() -> None:
    reference = creditor_reference("ALO-M-2027-00000044")
    box = transfer_box(
        english().creditor, READER, amount_minor=1, due_date=date(2027, 1, 1), reference=reference
    )
    assert box["rows"][-1] == {  # type: ignore[index]
        "label": "Payment reference",
        "value": grouped_reference(reference),
    }
    lines = box["qr"]["payload"].split("\n")  # type: ignore[index]
    assert lines[9:] == [reference]


def test_without_an_account_the_payer_is_asked_to_get_in_touch() -> None:
    creditor = replace(english().creditor, iban="", bic="")
    box = transfer_box(creditor, READER, amount_minor=1, due_date=date(2027, 1, 1), reference="R")
    assert (box["rows"], box["qr"]) == ([], None)
    assert str(box["text"]).startswith("Please contact us")


def test_only_euros_have_a_code() -> None:
    pounds = Reader(WORDS, "en_GB", "GBP")
    box = transfer_box(english().creditor, pounds, amount_minor=1, due_date=date(2027, 1, 1), reference="R")
    assert box["qr"] is None
    assert box["rows"]


def test_a_tax_has_its_rate_or_its_amount_or_is_exempt() -> None:
    tax = english().taxes[0]
    assert tax_row(tax, READER)["rate"] == "8%"
    assert tax_row(replace(tax, category_code="E"), READER)["rate"] == "Exempt"
    assert tax_row(replace(tax, amount_minor=100), READER)["rate"] == "1.00"
