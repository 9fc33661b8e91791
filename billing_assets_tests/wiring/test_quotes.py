"""A quote says what a term has earned beside what was billed of it."""

from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest

from billing_assets.domain.cancellation import CANCELLATION_METHODS
from billing_assets.domain.errors import BillingError
from billing_assets.store.connection import Database
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.quotes import quote_cancellation, quote_endorsement
from billing_assets_tests.books import add_term, billing_over, fill_book

DAY = date(2024, 8, 1)


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Desk:
    """One yearly term of 500.01 from 1 February 2024, billed whole; one taken over in its middle."""
    fill_book(database, 1)
    add_term(database, "OVER-1", effective=date(2024, 2, 1), plan="monthly", cut_over=date(2024, 5, 1))
    with ExitStack() as stack:
        billing = billing_over(database, tmp_path, stack)
        billing.invoice(billing.order(date(2024, 2, 1)))
        return Desk(billing)


def test_what_was_billed_beyond_the_earned_premium_is_to_be_given_back(desk: Desk) -> None:
    term, quotes = quote_cancellation(desk, "POL-00000001", DAY)
    assert [quote.method_code for quote in quotes] == list(CANCELLATION_METHODS)
    assert (term.premium_minor, term.billed_net_minor) == (50_001, 50_001)
    pro_rata = quotes[0]
    assert pro_rata.earned_minor == 24_864  # 500.01 x 182 / 366 = 248.638...
    assert pro_rata.balance_minor == -pro_rata.unearned_minor


def test_what_was_billed_before_the_cut_over_has_to_be_said(desk: Desk) -> None:
    _, (quote,) = quote_cancellation(desk, "OVER-1", DAY, ("pro_rata",))
    assert quote.balance_minor is None
    _, (quote,) = quote_cancellation(desk, "OVER-1", DAY, ("pro_rata",), "25.00")
    assert quote.balance_minor == quote.earned_minor - 25_00


def test_another_premium_is_charged_for_the_days_that_are_left(desk: Desk) -> None:
    term, quote = quote_endorsement(desk, "POL-00000001", DAY, "600.01")
    assert (quote.days_left, quote.term_days) == (184, 366)
    assert quote.change_minor == 50_27  # 100.00 x 184 / 366 = 50.273...
    assert quote.written_minor == term.premium_minor + 50_27
    assert quote_endorsement(desk, "POL-00000001", DAY, "400.01")[1].change_minor == -50_27


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("NONE-1", DAY), "policy_unknown"),
        (("POL-00000001", date(2030, 1, 1)), "term_unknown"),
        (("POL-00000001", DAY, (), "1,5"), "amount_invalid"),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused_with_what_to_do(
    desk: Desk, arguments: tuple[str, date], code: str
) -> None:
    with pytest.raises(BillingError) as refused:
        quote_cancellation(desk, *arguments)
    assert refused.value.code == code
