"""A run whose changes bill or give back what no change should is held."""

from datetime import date
from pathlib import Path

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.wiring.build import Billing
from billing_assets_tests.changes import change_row, import_changes, queried

FEBRUARY, MARCH, JULY = date(2024, 2, 1), date(2024, 3, 1), date(2024, 7, 1)
YEARLY, MONTHLY = 1, 3


def test_a_premium_that_is_wrong_by_digits_holds_the_run_and_one_that_trebles_does_not(
    billing: Billing, tmp_path: Path
) -> None:
    rows = (
        change_row(YEARLY, 1, "endorsement", JULY, premium="1500.00"),
        change_row(MONTHLY, 1, "endorsement", JULY, premium="70000000.00"),
    )
    import_changes(billing, tmp_path, *rows)
    with pytest.raises(BillingError, match="1 policy has a bill of more than 3 times the last one"):
        billing.invoice(billing.order(date(2024, 7, 2)))
    assert queried(billing, "select count(*) from invoice_line where charge_kind = 'premium_change'") == [
        (0,)
    ]


def test_a_file_that_cancels_the_book_holds_the_run(billing: Billing, tmp_path: Path) -> None:
    rows = [change_row(policy, 1, "cancellation", MARCH, method="pro_rata") for policy in range(1, 13)]
    import_changes(billing, tmp_path, *rows)
    with pytest.raises(BillingError, match="credit notes of 12 terms in force, more than 20 of a thousand"):
        billing.invoice(billing.order(date(2024, 4, 2)))
    assert queried(billing, "select count(*) from invoice where document_kind = 'credit_note'") == [(0,)]
