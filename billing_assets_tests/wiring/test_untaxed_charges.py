"""Of the charges of an invoice that failed the one without a tax row is named, with line and place."""

from datetime import date
from typing import Any

from billing_assets.store.charge_listings import ChargeRow
from billing_assets.wiring.untaxed_charges import with_tax_advice
from billing_assets_tests.frames.rows import TAX_RULES

VALUES: dict[str, Any] = {
    "payer_key": "K",
    "policy_number": "P",
    "installment_number": 1,
    "charge_kind": "premium",
    "outcome": "failed",
    "reason_code": "no_tax_rule",
    "period_from_date": date(2025, 1, 15),
    "period_to_date": date(2025, 2, 15),
    "due_date": date(2025, 1, 15),
    "currency": "EUR",
    "net_minor": 10_00,
    "invoice_number": "",
    "line_of_business": "home",
    "place_code": "DE",
    "effective_date": date(2025, 1, 15),
}
BARE = ChargeRow(**VALUES)
TAXED = ChargeRow(
    **{**VALUES, "line_of_business": "home_contents", "charge_code": "goods", "charge_name": "Goods"}
)
HELD = ChargeRow(**{**VALUES, "outcome": "held", "reason_code": "row_is_problem"})


def test_the_charge_without_a_tax_row_is_told_from_those_beside_it() -> None:
    held, taxed, bare = with_tax_advice([HELD, TAXED, BARE], TAX_RULES)
    assert held == HELD
    assert taxed.advice.startswith("Goods (goods), home_contents in DE, has a tax rule now")
    assert bare.advice == (
        "no tax rule covers premium, home in DE on 2025-01-15: add a dated row, or name a line of business "
        "that has one; 'billing rules taxes --place DE' lists them"
    )


def test_charges_that_failed_for_another_reason_are_left_as_they_are() -> None:
    assert with_tax_advice([HELD], TAX_RULES) == [HELD]
