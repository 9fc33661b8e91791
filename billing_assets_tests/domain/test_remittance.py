"""Which documents a text names."""

import pytest

from billing_assets.domain.creditor_references import creditor_reference
from billing_assets.domain.remittance import document_key, has_wrong_reference, keys_in

KEY = "INV00000001"
REFERENCE = creditor_reference("INV-00000001")


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("", ()),
        ("premium of march", ()),
        ("INV-00000001", (KEY,)),
        ("pay inv-00000001, thanks", (KEY,)),
        ("INV 00000001", (KEY,)),
        ("INV00000001/INV-00000002", (KEY, "INV00000002")),
        (REFERENCE, (KEY,)),
        (f"{REFERENCE[:4]} {REFERENCE[4:8]} {REFERENCE[8:12]} {REFERENCE[12:]} THANKS", (KEY,)),
        ("ALO-2027-00000417", ("ALO202700000417",)),
        ("600123456", ()),
    ],
)
def test_numbers_and_references_are_found(text: str, keys: tuple[str, ...]) -> None:
    assert keys_in(text) == keys


def test_a_reference_with_a_wrong_check_number_names_nothing() -> None:
    wrong = f"RF{(int(REFERENCE[2:4]) + 1) % 100:02d}{REFERENCE[4:]}"
    assert has_wrong_reference(wrong)
    assert not has_wrong_reference(REFERENCE)
    assert not has_wrong_reference("INV-00000001")


def test_a_long_number_is_known_by_its_last_signs() -> None:
    assert document_key("A-12345678901234567890-1") == "123456789012345678901"[-21:]
    assert len(document_key("X" * 40)) == 21
