"""Policies whose changes stand out, and what a run gives back beside its terms in force."""

from datetime import date
from typing import Any

import polars as pl

from billing_assets.frames.change_figures import add_credit_sums, change_outliers, credit_sums
from billing_assets.frames.columns import DOCUMENTED_LINE_SCHEMA, DUE_SCHEMA
from billing_assets.frames.invoices import Drafts, draft_invoices
from billing_assets.frames.plan_hashes import NO_DRAFTS
from billing_assets_tests.frames.rows import term, terms
from billing_assets_tests.frames.test_run_figures import CHARGE, RULES

TERMS = terms(term("2024-01-01", "2025-01-01"))
PREMIUM = int(TERMS["premium_minor"][0])
UNTAXED = {"policy_term_id": 1, "charge_kind": "premium_change", "place_code": "KW"}


def drafts(**changes: Any) -> Drafts:
    return draft_invoices(pl.DataFrame([CHARGE | UNTAXED | changes], schema=DUE_SCHEMA), RULES)


def documented(net_minor: int, credited_minor: int = 0) -> pl.DataFrame:
    line = {"policy_term_id": 1, "net_minor": net_minor, "credited_net_minor": credited_minor}
    return pl.DataFrame([line], schema=DOCUMENTED_LINE_SCHEMA)


def test_a_change_of_three_times_the_premium_does_not_stand_out_and_one_unit_more_does() -> None:
    found = change_outliers(drafts(net_minor=3 * PREMIUM), TERMS, documented(0), 3)
    assert found.is_empty()
    (row,) = change_outliers(drafts(net_minor=3 * PREMIUM + 1), TERMS, documented(0), 3).to_dicts()
    assert (row["policy_number"], row["last_minor"], row["bill_minor"]) == ("P-7", PREMIUM, 3 * PREMIUM + 1)


def test_a_term_that_has_grown_by_documents_is_measured_by_what_is_left_of_them() -> None:
    bill = drafts(net_minor=6 * PREMIUM)
    assert change_outliers(bill, TERMS, documented(2 * PREMIUM), 3).is_empty()
    assert change_outliers(bill, TERMS, documented(3 * PREMIUM, 2 * PREMIUM), 3).height == 1


def test_a_bill_without_a_change_is_none_of_them() -> None:
    bill = drafts(net_minor=9 * PREMIUM, charge_kind="premium")
    assert change_outliers(bill, TERMS, documented(0), 3).is_empty()


def test_only_terms_in_force_on_the_day_count_beside_credits() -> None:
    assert credit_sums(NO_DRAFTS, TERMS, date(2024, 12, 31))["term_count"].to_list() == [1]
    assert credit_sums(NO_DRAFTS, TERMS, date(2025, 1, 1)).is_empty()


def test_sums_of_shards_are_added_by_currency() -> None:
    shard = credit_sums(NO_DRAFTS, TERMS, date(2024, 5, 1))
    (row,) = add_credit_sums([shard, shard]).to_dicts()
    assert (row["term_count"], row["premium_minor"], row["credit_count"]) == (2, 2 * PREMIUM, 0)
