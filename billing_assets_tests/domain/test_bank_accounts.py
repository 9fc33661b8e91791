"""IBAN and BIC: what can be right passes, what cannot is refused."""

import pytest

from billing_assets.domain.bank_accounts import is_bic, is_iban


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("GB82WEST12345698765432", True),
        ("ES9121000418450200051332", True),
        ("NO9386011117947", True),
        ("GB82WEST12345698765433", False),
        ("gb82west12345698765432", False),
        ("GB82 WEST 1234 5698 7654 32", False),
        ("GB82WEST1234569876543\uff12", False),
        ("", False),
        ("GB82", False),
    ],
)
def test_an_iban_is_compact_and_has_a_right_check_number(text: str, *, expected: bool) -> None:
    assert is_iban(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("DEUTDEFF", True),
        ("DEUTDEFF500", True),
        ("deutdeff", False),
        ("DEUTDEFF5", False),
        ("DEUT1EFF", False),
        ("", False),
    ],
)
def test_a_bic_has_eight_or_eleven_characters(text: str, *, expected: bool) -> None:
    assert is_bic(text) is expected
