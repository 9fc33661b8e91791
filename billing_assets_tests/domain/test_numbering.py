"""Document numbers are printed and read back."""

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.domain.numbering import document_file_name, document_number, split_document_number


@pytest.mark.parametrize(
    ("prefix", "number", "text"),
    [
        ("INV-", 1, "INV-00000001"),
        ("INV-", 99_999_999, "INV-99999999"),
        ("INV-", 100_000_000, "INV-100000000"),
        ("A1/B", 7, "A1/B00000007"),
    ],
)
def test_a_number_is_padded_to_eight_digits_and_read_back(prefix: str, number: int, text: str) -> None:
    assert document_number(prefix, number) == text
    assert split_document_number(f"  {text}\n") == (prefix, number)


@pytest.mark.parametrize("text", ["", "INV-", "INV-1234567", "00000042", "INV-0000004x", "INV-0000004\uff12"])
def test_what_is_no_document_number_is_refused(text: str) -> None:
    with pytest.raises(BillingError, match="number_malformed"):
        split_document_number(text)


def test_the_refusal_repeats_forty_characters_at_most() -> None:
    with pytest.raises(BillingError) as caught:
        split_document_number("x" * 500)
    assert caught.value.found == f"'{'x' * 40}' is not a document number"


@pytest.mark.parametrize(
    ("number", "name"),
    [
        ("INV-00000001", "INV-00000001.pdf"),
        ("2025/00000001", "2025-00000001.pdf"),
        ("../..\\x:00000001", "x-00000001.pdf"),
        ("Ñ\r\n", "document.pdf"),
    ],
)
def test_a_file_name_is_plain_whatever_the_number_holds(number: str, name: str) -> None:
    assert document_file_name(number, "pdf") == name
