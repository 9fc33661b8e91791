"""Names of products are read by language and code, or refused before they could spoil a document."""

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.domain.product_names import names_in, product_names_from, product_names_record

NAMES = {"es": {"SALUD": "Seguro de salud", "HOGAR": "Seguro de hogar"}, "en": {"SALUD": "Health"}}


def test_names_come_back_as_they_were_given_and_by_language() -> None:
    names = product_names_from(NAMES)
    assert product_names_record(names) == NAMES
    assert names_in(names, "en") == {"SALUD": "Health"}
    assert names_in(names, "fr") == {}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (["SALUD"], "under each language"),
        ({"es": "Seguro"}, "under each language"),
        ({False: {"A": "B"}}, "in quotes"),
        ({"es-ES": {"A": "B"}}, "where a language such as es belongs"),
        ({"es": {"A": ""}}, "empty name"),
        ({"es": {7: "B"}}, "put it in quotes"),
        ({"es": {"A": "x" * 51}}, "longer than 50"),
        ({"es": {"A": "a\nb"}}, "not printable"),
    ],
)
def test_what_is_no_list_of_names_is_refused(value: object, words: str) -> None:
    with pytest.raises(BillingError, match="company setting 'product_names'") as caught:
        product_names_from(value)
    assert caught.value.code == "company_invalid"
    assert words in caught.value.found
