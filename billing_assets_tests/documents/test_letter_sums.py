"""A letter whose parts do not come to its sums is refused, and the message names no person."""

from dataclasses import replace

import pytest

from billing_assets.documents.letter_sums import check_letter
from billing_assets.domain.errors import BillingError
from billing_assets.domain.letters import LetterKind, Statement
from billing_assets_tests.documents.letters import letter

_SUMS = [
    ("statement", "closing_minor"),
    ("statement", "opening_minor"),
    ("reminder", "total_minor"),
    ("late_fee_invoice", "net_minor"),
    ("late_fee_invoice", "tax_minor"),
    ("late_fee_invoice", "total_minor"),
    ("notice_of_cancellation", "total_minor"),
    ("cancellation_confirmation", "balance_minor"),
    ("cancellation_confirmation", "earned_tax_minor"),
    ("refund_advice", "refund_minor"),
    ("payment_receipt", "on_account_minor"),
]


@pytest.mark.parametrize("kind", LetterKind)
def test_the_samples_add_up(kind: LetterKind) -> None:
    check_letter(letter(kind))


@pytest.mark.parametrize(("kind", "field"), _SUMS)
def test_a_cent_that_is_wrong_is_found(kind: str, field: str) -> None:
    given = letter(kind)
    with pytest.raises(BillingError, match="document_does_not_add_up") as refused:
        check_letter(replace(given, **{field: getattr(given, field) + 1}))
    assert given.payer.name not in str(refused.value)
    assert given.document_number in str(refused.value)
    assert " is " in refused.value.found


def test_a_balance_of_which_nothing_is_open_is_refused() -> None:
    given = letter("statement")
    assert isinstance(given, Statement)
    with pytest.raises(BillingError, match=f"open items is 0 and must be {given.closing_minor}"):
        check_letter(replace(given, ageing=(), open_items=()))
    check_letter(replace(given, ageing=(), on_account_minor=-given.closing_minor))
