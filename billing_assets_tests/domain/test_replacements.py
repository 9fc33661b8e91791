"""What a replacement cannot do is said with what to do instead, and each kind of change has its words."""

from datetime import date

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.domain.replacements import (
    CHANGE_WORDS,
    Change,
    invoice_reversed,
    replaced_meanwhile,
    replacement_not_due,
    replacement_of_credit,
    replacement_unchanged,
    replacement_unsupported,
    run_waiting,
)


def test_every_kind_of_change_has_its_words() -> None:
    assert list(CHANGE_WORDS) == list(Change)


def test_a_reversed_invoice_leads_to_what_stands_in_its_place_or_says_that_nothing_does() -> None:
    assert invoice_reversed("INV-1", "INV-2").todo == "regenerate INV-2"
    assert "given back in full" in invoice_reversed("INV-1", "").found


@pytest.mark.parametrize(
    "error",
    [
        replacement_unchanged("INV-1"),
        replacement_not_due("P-1", 3, "it is held"),
        replacement_unsupported("INV-1", "policy P-1 has several payers"),
        replacement_of_credit("CRN-1"),
        replaced_meanwhile("INV-1"),
        run_waiting(date(2025, 1, 31)),
    ],
)
def test_each_refusal_says_what_to_do(error: BillingError) -> None:
    assert error.todo
    assert str(error)
