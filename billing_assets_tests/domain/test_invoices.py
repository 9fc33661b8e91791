"""An issued invoice cannot be changed."""

from dataclasses import FrozenInstanceError
from datetime import date

import pytest

from billing_assets.domain.invoices import DocumentKind, InvoiceLine


def test_a_line_is_frozen() -> None:
    line = InvoiceLine(
        line_number=1,
        policy_number="P-1",
        product_code="home",
        charge_kind="premium",
        installment_number=1,
        installment_count=12,
        period_from_date=date(2024, 1, 1),
        period_to_date=date(2024, 2, 1),
        net_minor=100,
        tax_minor=8,
    )
    with pytest.raises(FrozenInstanceError):
        line.net_minor = 99  # type: ignore[misc]


def test_a_document_kind_is_stored_by_its_word() -> None:
    assert [kind.value for kind in DocumentKind] == ["invoice", "credit_note"]


def test_what_is_given_back_counts_below_zero_in_a_sum() -> None:
    assert [kind.sign for kind in DocumentKind] == [1, -1]
