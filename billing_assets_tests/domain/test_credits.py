"""What is asked of a credit has a reason and a name, and what cannot be given back is said line by line."""

import pytest

from billing_assets.domain.credits import LineLeft, approved_credit, credit_exceeds_invoice
from billing_assets.domain.errors import BillingError


def test_reason_and_name_are_kept_on_one_line() -> None:
    assert approved_credit("sold\nthe  car\x00", " ana ") == ("sold the car", "ana")


@pytest.mark.parametrize(
    ("reason", "name"), [("", "ana"), (" ", "ana"), ("sold", ""), ("x" * 1_001, "ana"), ("sold", "x" * 101)]
)
def test_a_credit_without_a_usable_reason_or_name_is_refused(reason: str, name: str) -> None:
    with pytest.raises(BillingError, match="credit_unapproved"):
        approved_credit(reason, name)


def test_of_many_lines_the_first_few_are_named_and_the_others_counted() -> None:
    left = [
        LineLeft(invoice_number="INV-00000042", line_number=n, currency="JPY", net_minor=n, tax_minor=0)
        for n in range(1, 9)
    ]
    found = credit_exceeds_invoice(left).found
    assert "line 5 of INV-00000042 has 5 JPY net left" in found
    assert found.endswith("; and 3 more")
