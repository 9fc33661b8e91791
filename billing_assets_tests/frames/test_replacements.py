"""A replacement bills the installments of an invoice and no other, and says what it has otherwise."""

import polars as pl
import pytest

from billing_assets.domain.replacements import Change
from billing_assets.frames.invoices import Drafts
from billing_assets.frames.replacements import answered_terms, changes_of, installments_of, not_settled

LINE = {
    "policy_term_id": 7,
    "charge_kind": "premium",
    "installment_number": 1,
    "installment_count": 12,
    "charge_number": 0,
    "period_from_date": "2024-01-01",
    "period_to_date": "2024-02-01",
    "net_minor": 100,
    "tax_minor": 8,
    "contained_tax_minor": 0,
    "term_sha256": "t",
    "plan_sha256": "p",
}
TAX = {
    "tax_code": "ES-IPS",
    "category_code": "S",
    "rate_ppm": 80_000,
    "amount_minor": 0,
    "exemption_reason": "",
    "base_minor": 100,
    "tax_minor": 8,
}


def drafts(lines: list[dict[str, object]], taxes: list[dict[str, object]]) -> Drafts:
    frame = pl.DataFrame(lines)
    return Drafts(invoices=frame, lines=frame, taxes=pl.DataFrame(taxes), charges=frame.clear())


@pytest.mark.parametrize(
    ("line", "tax", "changes"),
    [
        ({}, {}, ()),
        ({"net_minor": 101}, {}, (Change.LINES,)),
        ({"period_to_date": "2024-01-20"}, {}, (Change.LINES,)),
        ({}, {"rate_ppm": 60_000}, (Change.TAXES,)),
        ({"term_sha256": "u"}, {}, (Change.POLICY,)),
        ({"plan_sha256": "q"}, {}, (Change.PLAN,)),
    ],
)
def test_what_differs_is_named_and_nothing_else(
    line: dict[str, object], tax: dict[str, object], changes: tuple[Change, ...]
) -> None:
    old = pl.DataFrame([LINE]), pl.DataFrame([TAX])
    assert changes_of(*old, drafts([{**LINE, **line}], [{**TAX, **tax}])) == changes


def test_a_line_more_is_a_change_and_their_order_is_none() -> None:
    fee = {**LINE, "charge_kind": "policy_fee"}
    old = pl.DataFrame([LINE, fee]), pl.DataFrame([TAX])
    assert changes_of(*old, drafts([fee, LINE], [TAX])) == ()
    assert changes_of(*old, drafts([LINE], [TAX])) == (Change.LINES,)


def test_only_the_installments_of_the_invoice_are_not_settled() -> None:
    billed = pl.DataFrame({"policy_term_id": [7, 7, 8], "installment_number": [1, 2, 1]})
    mine = installments_of(pl.DataFrame({"policy_term_id": [7, 7], "installment_number": [2, 2]}))
    assert not_settled(billed, mine).rows() == [(7, 1), (8, 1)]


def test_a_hold_for_another_reason_stays() -> None:
    codes = ["changed_after_billing", "billed_under_another_term", None]
    terms = answered_terms(pl.DataFrame({"hold_code": codes}))
    assert terms["hold_code"].to_list() == [None, "billed_under_another_term", None]
