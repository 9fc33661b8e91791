"""A share is written in percent without anything lost, and with no digit too many."""

import pytest

from billing_assets.domain.money import PPM
from billing_assets.domain.payer_shares import MAX_PAYERS, PPM_PER_PERCENT, percent_text


@pytest.mark.parametrize(
    ("share_ppm", "text"), [(PPM, "100"), (1, "0.0001"), (125_000, "12.5"), (333_330, "33.333"), (0, "0")]
)
def test_a_share_is_written_exactly(share_ppm: int, text: str) -> None:
    assert percent_text(share_ppm) == text
    assert PPM_PER_PERCENT * 100 == PPM


def test_the_numbers_of_payers_fit_the_column_of_the_store() -> None:
    assert MAX_PAYERS == 10
