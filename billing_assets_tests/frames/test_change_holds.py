"""Who is held because of changes: prices that contain tax, and premiums of several charges."""

from datetime import date

import polars as pl

from billing_assets.frames.change_balances import ChangeBook
from billing_assets.frames.change_holds import with_change_holds
from billing_assets.frames.columns import (
    ANSWERED_SCHEMA,
    CHANGE_SCHEMA,
    CHARGE_LINE_SCHEMA,
    CHARGED_TAX_SCHEMA,
    DOCUMENTED_LINE_SCHEMA,
    SETTLED_SCHEMA,
    TERM_SCHEMA,
)
from billing_assets_tests.frames.rows import tax_rule, tax_rules, term
from billing_assets_tests.frames.test_change_charges import DEARER, PART, billed_until, monthly
from billing_assets_tests.frames.test_payer_shares import shares


def test_a_price_that_contains_its_tax_holds_the_term_before_anything_was_billed_too() -> None:
    found = monthly("now", tax_rule(1, is_inclusive=True))
    held = [("held", "price_contains_tax", 100_00), ("held", "price_contains_tax", PART)]
    charges = found.drafts(date(2024, 1, 2), [DEARER]).charges
    assert charges.select("outcome", "reason_code", "net_minor").rows() == held
    billed_until(found, 12)
    late = found.drafts(date(2025, 1, 2), [DEARER]).charges
    assert late.select("outcome", "reason_code", "net_minor").rows() == held[1:]


def test_a_tax_that_the_rows_of_the_line_put_on_top_holds_nothing() -> None:
    found = monthly("now", tax_rule(1, is_inclusive=True), tax_rule(2, line_of_business="motor"))
    billed_until(found, 3)
    assert found.run(date(2024, 3, 15), [DEARER])[-1] == ("change", 1, PART)


def test_a_term_of_several_charges_or_payers_is_held_once_it_has_a_change_and_no_other() -> None:
    """A hold that it has already stays: that is the reason to look at first."""
    change = {"policy_term_id": 0, "change_number": 1, "change_kind": "endorsement", "premium_minor": 1}
    rows = [change | {"policy_term_id": each, "change_date": date(2024, 3, 1)} for each in (1, 2, 4)]
    book = ChangeBook(
        changes=pl.DataFrame(rows, schema=CHANGE_SCHEMA),
        lines=pl.DataFrame(schema=DOCUMENTED_LINE_SCHEMA),
        taxes=pl.DataFrame(schema=CHARGED_TAX_SCHEMA),
        zeros=pl.DataFrame(schema=SETTLED_SCHEMA),
        answered=pl.DataFrame(schema=ANSWERED_SCHEMA),
    )
    line = {"premium_minor": 60_00, "line_of_business": "motor", "currency": "EUR"}
    lines = [
        line | {"policy_term_id": each, "charge_number": number} for each in (1, 3, 4) for number in (1, 2)
    ]
    holds = {4: "changed_after_billing"}
    terms = [
        term("2024-01-01", "2025-01-01") | {"policy_term_id": each, "hold_code": holds.get(each)}
        for each in (1, 2, 3, 4)
    ]
    held = with_change_holds(
        pl.DataFrame(terms, schema=TERM_SCHEMA),
        book,
        tax_rules(tax_rule(1)),
        pl.DataFrame(lines, schema=CHARGE_LINE_SCHEMA),
        shares(500_000, 500_000, term_id=2),
    )
    codes = ["several_charges", "several_payers", None, "changed_after_billing"]
    assert held["hold_code"].to_list() == codes
