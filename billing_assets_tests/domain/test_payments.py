"""What an entry may say, and where a payment stands."""

from datetime import date

import pytest

from billing_assets.domain.payments import (
    PAYMENT_PROBLEMS,
    PaymentState,
    amount_of,
    day_of,
    key_of,
    one_line,
    payment_unknown,
    state_of,
)


@pytest.mark.parametrize(
    ("reversed_minor", "allocated", "has_owner", "state"),
    [
        (0, 0, False, PaymentState.SUSPENSE),
        (40, 0, False, PaymentState.SUSPENSE),
        (0, 0, True, PaymentState.ON_ACCOUNT),
        (0, 1, True, PaymentState.PART_ALLOCATED),
        (40, 60, True, PaymentState.ALLOCATED),
        (100, 0, True, PaymentState.REVERSED),
        (100, 0, False, PaymentState.REVERSED),
    ],
)
def test_the_state_follows_from_what_came_back_and_what_it_pays(
    reversed_minor: int, allocated: int, has_owner: bool, state: PaymentState
) -> None:
    assert state_of(100, reversed_minor, allocated, has_owner=has_owner) is state


@pytest.mark.parametrize(
    ("written", "currency", "code"),
    [
        ("", "EUR", "payment_amount_empty"),
        ("1.234,56", "EUR", "payment_amount_not_a_number"),
        ("1e309", "EUR", "payment_amount_not_a_number"),
        ("10.50", "JPY", "payment_amount_too_fine"),
        ("-1", "EUR", "payment_amount_not_positive"),
        ("0", "EUR", "payment_amount_not_positive"),
        ("99999999999999999", "EUR", "payment_amount_out_of_range"),
        ("1", "EURO", "payment_currency_unknown"),
    ],
)
def test_an_amount_that_cannot_be_is_told_by_a_known_code(written: str, currency: str, code: str) -> None:
    with pytest.raises(ValueError, match=f"^{code}$"):
        amount_of(written, currency)
    assert code in PAYMENT_PROBLEMS


@pytest.mark.parametrize("written", ["", "2023-02-29", "01/02/26", "20240301", "9999-12-31", "1800-01-01"])
def test_a_date_that_cannot_be_is_told(written: str) -> None:
    with pytest.raises(ValueError, match="payment_date_invalid"):
        day_of(written)


@pytest.mark.parametrize(
    ("written", "code"), [(" ", "empty"), ("a\tb", "malformed"), ("x" * 301, "malformed")]
)
def test_a_key_that_cannot_be_is_told(written: str, code: str) -> None:
    with pytest.raises(ValueError, match=f"payment_key_{code}"):
        key_of(written)


def test_texts_are_cut_to_one_line() -> None:
    assert one_line("a\x00b\r\n c", 4) == "a b "
    assert one_line(" x ", 9) == "x"
    assert day_of("2024-02-29") == date(2024, 2, 29)
    assert payment_unknown(3).found == "there is no payment 3"
