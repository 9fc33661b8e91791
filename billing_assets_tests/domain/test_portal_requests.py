"""What a payer may ask for: a statement of theirs, a receipt, one document or several of them."""

from dataclasses import replace
from datetime import date

import pytest

from billing_assets.domain.document_requests import DocumentWish, WantedDocument, check_wanted
from billing_assets.domain.errors import BillingError
from billing_assets.domain.portal_requests import TypedWish, own_key, too_many_requests, wanted_from

TODAY = date(2025, 3, 31)
STATEMENT = TypedWish(kind="statement", from_date="2024-04-01", until_date="2025-03-31")


def code_of(typed: TypedWish, currencies: tuple[str, ...] = ("EUR",)) -> str:
    with pytest.raises(BillingError) as caught:
        wanted_from(typed, TODAY, currencies)
    return caught.value.code


@pytest.mark.parametrize(
    "typed",
    [
        STATEMENT,
        TypedWish(kind="payment_receipt", payment="7"),
        TypedWish(kind="document_cover", documents=("A-1",)),
        TypedWish(kind="invoice_copy", documents=("A-1", "A-2")),
    ],
)
def test_what_is_wanted_is_what_a_request_may_say(typed: TypedWish) -> None:
    check_wanted(wanted_from(typed, TODAY, ["EUR"]))


def test_a_statement_ends_today_and_is_of_the_only_currency() -> None:
    wanted = wanted_from(replace(STATEMENT, until_date="2026-01-01"), TODAY, ["EUR"])
    assert (wanted.until_date, wanted.currency) == (TODAY, "EUR")


@pytest.mark.parametrize(
    ("from_date", "until_date"),
    [
        ("2025-03-02", "2025-03-01"),
        ("2025-04-01", "2025-04-02"),
        ("2015-01-01", "2025-03-01"),
        ("", "2025-03-01"),
        ("01/03/2025", "2025-03-01"),
        ("0001-01-01", "9999-12-31"),
    ],
)
def test_a_period_that_is_none_is_refused(from_date: str, until_date: str) -> None:
    assert code_of(replace(STATEMENT, from_date=from_date, until_date=until_date)) == "portal_period_invalid"


def test_a_choice_that_is_none_is_refused() -> None:
    assert code_of(STATEMENT, ("EUR", "USD")) == "portal_choice_invalid"
    assert code_of(STATEMENT, ()) == "portal_choice_invalid"
    assert code_of(replace(STATEMENT, currency="USD")) == "portal_choice_invalid"
    for payment in ("", "x", "-1", "²", "9" * 19):
        assert code_of(TypedWish(kind="payment_receipt", payment=payment)) == "portal_choice_invalid"
    too_many = tuple(f"A-{number}" for number in range(21))
    for documents in ((" ",), too_many):
        assert code_of(TypedWish(kind="document_cover", documents=documents)) == "portal_choice_invalid"
    assert code_of(TypedWish(kind="")) == "portal_choice_invalid"


def test_a_key_is_of_payer_form_wish_and_language() -> None:
    one, two = (
        WantedDocument(document_kind=DocumentWish.INVOICE_COPY, document_numbers=(number,))
        for number in ("A-1", "A-2")
    )
    keys = {
        own_key(payer, form, wanted, language)
        for payer in (1, 2)
        for form in ("a", "b")
        for wanted in (one, two)
        for language in ("en", "de")
    }
    assert len(keys) == 16
    assert own_key(1, "a", one, "en") in keys
    assert max(map(len, keys)) < 300
    assert too_many_requests().todo
