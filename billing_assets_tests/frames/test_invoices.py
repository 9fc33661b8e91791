"""Charges become documents: grouped, priced, or failed as a whole with the reason."""

from datetime import date

import polars as pl
import pytest

from billing_assets.domain.money import MAX_AMOUNT_MINOR
from billing_assets.domain.runs import CatchUp
from billing_assets.frames import invoices
from billing_assets.frames.columns import DUE_SCHEMA
from billing_assets.frames.invoices import Drafts, draft_invoices
from billing_assets.frames.plan_hashes import drafts_sha256
from billing_assets_tests.frames.rows import TAX_RULES, due, plan, plans, term

WEEKEND = due(
    term("2024-05-31", "2024-06-10", 10_70, plan_code="daily"), plan_rows=plans(plan("daily", lead_days=0))
)


def test_charges_of_one_term_with_one_due_date_share_a_document() -> None:
    """Friday stands alone; Saturday, Sunday and Monday are due on Monday."""
    drafts = draft_invoices(WEEKEND, TAX_RULES)
    lines = drafts.lines.select("draft_index", "line_number", "installment_number", "tax_minor").rows()
    assert lines[:4] == [(0, 1, 1, 9), (1, 1, 2, 9), (1, 2, 3, 8), (1, 3, 4, 9)]
    heads = drafts.invoices.select("net_minor", "tax_minor", "total_minor", "tax_point_date").rows()
    assert heads[:2] == [(1_07, 9, 1_16, date(2024, 5, 31)), (3_21, 26, 3_47, date(2024, 6, 1))]
    assert drafts.charges["draft_index"].to_list()[:4] == [0, 1, 1, 1]


def test_two_terms_due_on_one_day_are_two_documents() -> None:
    both = due(
        term("2024-01-01", "2025-01-01", plan_code="yearly"),
        term("2024-01-01", "2025-01-01", plan_code="yearly", policy_term_id=2),
    )
    assert draft_invoices(both, TAX_RULES).invoices.height == 2


def test_a_line_without_a_tax_row_fails_its_document_and_no_other() -> None:
    late = TAX_RULES.filter(pl.col("place_code") == "ES").with_columns(valid_from=pl.lit(date(2024, 6, 3)))
    late = late.filter(pl.col("valid_to").is_null())
    drafts = draft_invoices(WEEKEND, late)
    charges = drafts.charges.select("installment_number", "outcome", "reason_code", "draft_index").rows()
    assert charges[:5] == [
        (1, "failed", "no_tax_rule", None),
        (2, "failed", "no_tax_rule", None),
        (3, "failed", "no_tax_rule", None),
        (4, "failed", "no_tax_rule", None),
        (5, "invoiced", None, 0),
    ]
    assert drafts.invoices["draft_index"].to_list() == list(range(drafts.invoices.height))


def test_leaving_failed_documents_out_comes_to_what_pricing_the_rest_anew_comes_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    places = ("ES", "GB", "ES", "GB", "ES", "ES")
    terms = (
        term("2024-01-01", "2025-01-01", 1_000_07 + number, policy_term_id=number, place_code=place)
        for number, place in enumerate(places, start=1)
    )
    spanish = TAX_RULES.filter(pl.col("place_code") == "ES")
    charges = due(*terms)
    left_out = draft_invoices(charges, spanish)
    monkeypatch.setattr(invoices, "_without_failed", lambda *_frames: None)
    anew = draft_invoices(charges, spanish)
    assert set(left_out.charges["outcome"]) == {"failed", "invoiced"}
    assert drafts_sha256(left_out) == drafts_sha256(anew)
    assert left_out.invoices.equals(anew.invoices)
    assert left_out.bodies.equals(anew.bodies)
    assert left_out.charges.equals(anew.charges)


def test_a_charge_beyond_any_credible_amount_fails() -> None:
    charges = due(
        term("2024-01-01", "2025-01-01", MAX_AMOUNT_MINOR + 1, plan_code="yearly"),
        term("2024-01-01", "2025-01-01", MAX_AMOUNT_MINOR, plan_code="yearly", policy_term_id=2),
    )
    drafts = draft_invoices(charges, TAX_RULES)
    assert drafts.charges.select("outcome", "reason_code").rows() == [
        ("failed", "amount_out_of_range"),
        ("invoiced", None),
    ]


def test_zero_and_held_charges_stand_on_no_document_and_stay_in_the_accounts() -> None:
    charges = due(
        term("2024-01-01", "2025-01-01", 0, plan_code="yearly"),
        term(
            "2024-01-01",
            "2025-01-01",
            plan_code="yearly",
            policy_term_id=2,
            hold_code="changed_after_billing",
        ),
    )
    drafts = draft_invoices(charges, TAX_RULES)
    assert (drafts.invoices.height, drafts.lines.height, drafts.taxes.height) == (0, 0, 0)
    assert drafts.charges.select(*DUE_SCHEMA).equals(charges)


def test_taxes_and_lines_add_up_to_the_document() -> None:
    drafts = draft_invoices(due(term("2024-01-31", "2025-01-31", 999_99)), TAX_RULES)
    by_document = pl.col("draft_index")
    sums = drafts.lines.group_by(by_document).agg(pl.col("net_minor", "tax_minor").sum()).sort(by_document)
    assert sums.equals(drafts.invoices.select("draft_index", "net_minor", "tax_minor").sort(by_document))
    taxes = drafts.taxes.group_by(by_document).agg(pl.col("tax_minor").sum()).sort(by_document)
    assert taxes["tax_minor"].to_list() == drafts.invoices["tax_minor"].to_list()


def test_nothing_due_makes_nothing() -> None:
    drafts = draft_invoices(pl.DataFrame(schema=DUE_SCHEMA), TAX_RULES)
    assert (drafts.invoices.height, drafts.charges.height) == (0, 0)


def of_payers(catch_up: CatchUp = CatchUp.PER_PERIOD) -> Drafts:
    """Three months of a monthly term that two payers share; a second term has one payer."""
    charges = due(term("2024-01-01", "2025-01-01"), term("2024-01-01", "2025-01-01", policy_term_id=2))
    some = charges.filter(pl.col("installment_number") <= 3, pl.col("policy_term_id") == 1)
    shared = [
        some.with_columns(
            pl.lit(value, pl.Int64).alias(name)
            for name, value in (("payer_number", number), ("payer_id", 30 + number), ("net_minor", net))
        )
        for number, net in ((1, 60_00), (2, 40_00))
    ]
    alone = charges.filter(pl.col("installment_number") == 1, pl.col("policy_term_id") == 2)
    every = pl.concat([*shared, alone]).sort("due_date", "policy_term_id", "payer_number")
    return draft_invoices(every, TAX_RULES, catch_up)


def test_each_payer_has_documents_of_their_own() -> None:
    heads = of_payers().invoices.select("payer_id", "net_minor").rows()
    assert heads == [
        (31, 60_00),
        (32, 40_00),
        (1, 100_00),
        (31, 60_00),
        (32, 40_00),
        (31, 60_00),
        (32, 40_00),
    ]


def test_a_catch_up_on_one_invoice_makes_one_for_each_payer() -> None:
    heads = of_payers(CatchUp.ONE_INVOICE).invoices.select("payer_id", "net_minor").rows()
    assert sorted(heads) == [(1, 100_00), (31, 180_00), (32, 120_00)]


@pytest.mark.parametrize("payer", [1, 2])
def test_a_line_without_a_tax_row_fails_the_documents_of_all_payers(payer: int) -> None:
    """Billed to one of them alone, the installment would count as settled."""
    is_odd = (pl.col("payer_number") == payer) & (pl.col("installment_number") == 2)
    odd = (
        of_payers()
        .charges.drop("draft_index")
        .with_columns(place_code=pl.when(is_odd).then(pl.lit("XX")).otherwise("place_code"))
    )
    drafts = draft_invoices(odd, TAX_RULES)
    failed = drafts.charges.filter(pl.col("outcome") == "failed")
    assert failed.select("policy_term_id", "installment_number", "payer_number", "reason_code").rows() == [
        (1, 2, 1, "no_tax_rule"),
        (1, 2, 2, "no_tax_rule"),
    ]
    assert drafts.invoices.height == 5
