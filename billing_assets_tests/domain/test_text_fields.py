"""Fields of text: what each reader takes, and what it says of what it does not take."""

from collections.abc import Callable

import pytest

from billing_assets.domain.business_days import LeadUnit
from billing_assets.domain.text_fields import BadTextError, code, frequency, is_whole, number, word


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (code, "ten_pay-2", "ten_pay-2"),
        (frequency, "own_dates", "own_dates"),
        (number(0, 60), "060", 60),
        (word(LeadUnit), "business", LeadUnit.BUSINESS),
    ],
)
def test_a_text_becomes_its_value(read: Callable[[str], object], text: str, value: object) -> None:
    assert read(text) == value


@pytest.mark.parametrize(
    ("read", "text", "words"),
    [
        (code, "2nd", "a letter first"),
        (code, "x" * 41, "at most 40"),
        (frequency, "sometimes", "choose from one_off"),
        (number(0, 60), "61", "from 0 to 60"),
        (number(0, 60), "-1", "from 0 to 60"),
        (word(LeadUnit), "weeks", "choose from calendar, business"),
    ],
)
def test_any_other_text_is_refused_with_what_to_write(
    read: Callable[[str], object], text: str, words: str
) -> None:
    with pytest.raises(BadTextError, match=words):
        read(text)


def test_a_whole_number_fits_a_column() -> None:
    assert is_whole("9" * 18)
    assert not is_whole("9" * 19)
