"""Which charges stand on one document: those of a term, or of a payer where the plan row says so."""

from datetime import date
from typing import Any

import polars as pl
import pytest

from billing_assets.domain.runs import CatchUp
from billing_assets.frames.columns import DUE_SCHEMA
from billing_assets.frames.documents import by_document, document_key, payer_plan_ids, with_owners
from billing_assets.frames.invoices import draft_invoices
from billing_assets_tests.frames.rows import TAX_RULES, due, plan, plans, term

FLEET = plans(plan("monthly"), plan("fleet", frequency_code="monthly", payment_plan_id=2, bill_per="payer"))
BY_PAYER = frozenset({2})
DAYS = ("2024-01-01", "2025-01-01")
FIRST = date(2024, 1, 2)


def fleet(number: int, **values: Any) -> dict[str, Any]:
    row = {"plan_code": "fleet", "payer_id": 1, "policy_term_id": number, "policy_number": f"P-{number}"}
    return term(*DAYS, **{**row, **values})


def policies(charges: pl.DataFrame, catch_up: CatchUp = CatchUp.PER_PERIOD) -> list[list[int]]:
    """Return the terms of each document."""
    drafts = draft_invoices(charges, TAX_RULES, catch_up, BY_PAYER)
    terms = drafts.lines.group_by("draft_index", maintain_order=True).agg("policy_term_id")
    assert terms["draft_index"].to_list() == list(range(terms.height))
    return [list(each) for each in terms["policy_term_id"]]


def test_the_plan_rows_that_bill_by_payer_are_told_by_their_word() -> None:
    assert payer_plan_ids(FLEET) == BY_PAYER
    assert payer_plan_ids(plans(plan("monthly"))) == frozenset()


def test_terms_of_a_payer_share_a_document_and_others_have_their_own() -> None:
    rows = (fleet(1), term(*DAYS, policy_term_id=2, payer_id=1), fleet(3, payer_id=9), fleet(4))
    assert policies(due(*rows, plan_rows=FLEET, as_of=FIRST)) == [[2], [1, 4], [3]]


@pytest.mark.parametrize("other", [{"currency": "USD"}, {"place_code": "GB"}])
def test_another_currency_or_place_of_risk_is_a_document_of_its_own(other: dict[str, str]) -> None:
    assert sorted(policies(due(fleet(1), fleet(2, **other), fleet(3), plan_rows=FLEET, as_of=FIRST))) == [
        [1, 3],
        [2],
    ]


def test_a_plan_that_leaves_other_days_to_pay_has_documents_of_its_own() -> None:
    slow = plan(
        "slow", frequency_code="monthly", payment_plan_id=3, bill_per="payer", minimum_payment_days=30
    )
    charges = due(
        fleet(1), fleet(2, plan_code="slow"), plan_rows=pl.concat([FLEET, plans(slow)]), as_of=FIRST
    )
    ordered, key = by_document(charges, CatchUp.PER_PERIOD, frozenset({2, 3}))
    assert ordered.unique(key).height == 2


def test_due_dates_part_documents_unless_one_invoice_catches_all_up() -> None:
    charges = due(fleet(1), fleet(2), plan_rows=FLEET, as_of=date(2024, 3, 1))
    assert policies(charges) == [[1, 2]] * 3
    assert policies(charges, CatchUp.ONE_INVOICE) == [[1, 1, 1, 2, 2, 2]]


def test_a_line_that_cannot_be_taxed_fails_the_charges_of_its_term_alone() -> None:
    charges = due(
        fleet(1), fleet(2, line_of_business="surplus_lines"), fleet(3), plan_rows=FLEET, as_of=FIRST
    )
    rules = TAX_RULES.filter(pl.col("place_code") == "ES")
    left_out = rules.filter(pl.col("line_of_business") == "*", pl.col("valid_to").is_null()).with_columns(
        line_of_business=pl.lit("surplus_lines"),
        category_code=pl.lit("X"),
        tax_rule_id=pl.col("tax_rule_id") + 9_000,
    )
    drafts = draft_invoices(charges, pl.concat([rules, left_out.head(1)]), payer_plans=BY_PAYER)
    found = drafts.charges.sort("policy_term_id").select("outcome", "reason_code", "draft_index").rows()
    assert found == [("invoiced", None, 0), ("failed", "no_tax_rule", None), ("invoiced", None, 0)]
    assert drafts.charges.columns == [*DUE_SCHEMA, "draft_index"]


def test_without_such_plan_rows_charges_stay_as_they_are() -> None:
    charges = due(fleet(1), fleet(2), plan_rows=FLEET, as_of=FIRST)
    assert with_owners(charges, frozenset()) is charges
    assert by_document(charges, CatchUp.PER_PERIOD)[0] is charges
    assert document_key(CatchUp.PER_PERIOD) == ("policy_term_id", "due_date")
