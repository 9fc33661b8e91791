"""Creditor references have the check number of ISO 11649, and nothing else passes for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_assets.domain.creditor_references import creditor_reference, is_creditor_reference


@given(st.text(alphabet="ABCXYZabcz0123456789-/ ", max_size=40))
def test_what_is_made_is_right_and_one_wrong_digit_is_found(text: str) -> None:
    made = creditor_reference(text)
    if not made:
        return
    assert is_creditor_reference(made)
    assert len(made) <= 25
    wrong = made[:-1] + ("1" if made[-1] == "0" else "0")
    assert is_creditor_reference(wrong) == (wrong == made)


@pytest.mark.parametrize(
    "text", ["", "RF", "RF18", "rf18539007547034", "RF18 5390 0754 7034", "INV-00000042"]
)
def test_what_has_another_form_is_none(text: str) -> None:
    assert not is_creditor_reference(text)


def test_the_end_of_a_long_number_stays_because_numbers_differ_there() -> None:
    long = "VERY-LONG-PREFIX-OF-A-COMPANY-00000417"
    assert creditor_reference(long).endswith("OFACOMPANY00000417")
    assert creditor_reference(long) != creditor_reference(long.replace("417", "418"))
