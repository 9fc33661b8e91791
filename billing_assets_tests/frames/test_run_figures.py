"""The figures of a run, the bills before them, policies that stand out, and a hash of all that is issued."""

from datetime import date
from typing import Any

import polars as pl
import pytest

from billing_assets.domain.taxes import shipped_tax_rules
from billing_assets.frames.columns import DUE_SCHEMA, FIGURE_SCHEMA
from billing_assets.frames.invoices import Drafts, draft_invoices
from billing_assets.frames.run_figures import (
    add_figures,
    add_reasons,
    before_of,
    compared_days,
    comparisons_of,
    figures_of,
    first_bills,
    largest_outliers,
    outliers_of,
    reasons_of,
    shown_figures,
    unbilled_terms,
)

PLANS = pl.DataFrame(
    {
        "payment_plan_id": [1],
        "plan_code": ["monthly"],
        "weights": [""],
        "down_payment_ppm": [0],
        "down_payment_minor": [0],
        "minimum_bill_minor": [0],
    }
)
MARCH, APRIL, MAY = date(2024, 3, 1), date(2024, 4, 1), date(2024, 5, 1)
CHARGE = {
    "policy_term_id": 7,
    "policy_number": "P-7",
    "product_code": "car",
    "place_code": "GB",
    "line_of_business": "motor",
    "charge_kind": "premium",
    "currency": "GBP",
    "net_minor": 10_000,
    "installment_number": 2,
    "installment_count": 12,
    "billing_date": APRIL,
    "due_date": APRIL,
    "period_from_date": APRIL,
    "period_to_date": MAY,
    "effective_date": MARCH,
    "outcome": "invoiced",
    "payment_plan_id": 1,
    "term_sha256": "t",
    "payer_sha256": "p",
    "plan_sha256": "s",
}
RULES = pl.DataFrame(shipped_tax_rules()).with_row_index("tax_rule_id")


def drafts(*changes: dict[str, Any]) -> Drafts:
    rows = [CHARGE | change for change in changes] or [CHARGE]
    return draft_invoices(pl.DataFrame(rows, schema=DUE_SCHEMA), RULES)


def figures(*changes: dict[str, Any], run_dates: tuple[date, date] | None = (MARCH, MARCH)) -> pl.DataFrame:
    return figures_of(drafts(*changes), PLANS, run_dates)


LAST_MONTH = {"billing_date": MARCH, "due_date": MARCH, "period_from_date": MARCH, "period_to_date": APRIL}


def test_figures_add_up_charges_of_one_key_over_all_parts() -> None:
    both = add_figures([figures({}, {"policy_term_id": 8}), figures({"policy_term_id": 9})])
    assert both.select("charge_count", "net_minor", "tax_minor").rows() == [(3, 30_000, 3_600)]


def test_an_installment_of_several_payers_counts_as_one_and_their_bills_together() -> None:
    """Else a policy that gets a second payer at its renewal would double the count, and halve the bill."""
    shared = (
        {"payer_number": 1, "payer_id": 31, "installment_number": 1, "net_minor": 6_000},
        {"payer_number": 2, "payer_id": 32, "installment_number": 1, "net_minor": 4_000},
    )
    assert figures(*shared).select("charge_count", "net_minor").row(0) == (1, 10_000)
    none = pl.DataFrame(schema={"policy_term_id": pl.Int64})
    last = pl.DataFrame({"policy_term_id": [CHARGE["policy_term_id"]]})
    bills = [first_bills(drafts(*rows), PLANS, none, last) for rows in ((), shared)]
    assert bills[1].height == 1
    assert bills[0]["period_days"].to_list() == bills[1]["period_days"].to_list() == [30]
    assert bills[0]["bill_minor"].to_list() == bills[1]["bill_minor"].to_list()


def test_the_lines_of_an_installment_count_as_one() -> None:
    """Else a policy whose premium is told by charges at its renewal would hold the run."""
    first, second = {"charge_number": 1, "net_minor": 9_000}, {"charge_number": 3, "net_minor": 1_000}
    lines = (first, {**second, "split_number": 1})
    assert figures(*lines).select("charge_count", "net_minor").row(0) == (1, 10_000)
    none = pl.DataFrame(schema={"policy_term_id": pl.Int64})
    last = pl.DataFrame({"policy_term_id": [CHARGE["policy_term_id"]]})
    bills = [first_bills(drafts(*rows), PLANS, none, last) for rows in ((), lines)]
    assert bills[0]["period_days"].to_list() == bills[1]["period_days"].to_list() == [30]


def test_a_charge_whose_bill_before_is_older_than_the_first_run_is_not_compared() -> None:
    assert figures()["is_comparable"].to_list() == [True]
    assert figures(run_dates=(date(2024, 3, 2), date(2024, 3, 2)))["is_comparable"].to_list() == [False]
    week = {"period_to_date": date(2024, 4, 8)}
    for day, is_comparable in ((25, True), (26, False)):
        run_dates = (date(2024, 3, day), date(2024, 3, day))
        assert figures(week, run_dates=run_dates)["is_comparable"].to_list() == [is_comparable]
    assert figures(run_dates=None)["is_comparable"].to_list() == [False]


def test_what_an_earlier_run_was_to_bill_is_caught_up_and_not_compared() -> None:
    assert figures(run_dates=(MARCH, APRIL))["is_comparable"].to_list() == [False]


@pytest.mark.parametrize(
    "other",
    [
        {"place_code": "ES"},
        {"payment_plan_id": 2},
        {"period_to_date": date(2024, 3, 31)},
        {"period_from_date": date(2024, 1, 1)},
    ],
)
def test_the_bill_before_is_of_the_same_plan_and_place_and_ends_where_the_new_period_begins(
    other: dict[str, Any],
) -> None:
    assert before_of(figures(), figures(LAST_MONTH)).height == 1
    assert before_of(figures(), figures(LAST_MONTH | other)).height == 0


def test_cover_that_ends_early_is_compared_as_the_whole_period_is() -> None:
    cut = {"policy_term_id": 8, "period_to_date": date(2024, 4, 8)}
    since = (date(2024, 3, 20), date(2024, 3, 20))
    assert figures(cut, run_dates=since)["is_comparable"].to_list() == [True]
    assert compared_days(figures(cut, run_dates=since)) == [APRIL]
    assert compared_days(figures({}, cut, run_dates=since)) == []


def test_a_run_is_compared_by_currency_and_what_ended_its_term_is_told_apart() -> None:
    ended = LAST_MONTH | {"policy_term_id": 8, "installment_number": 12}
    before = before_of(figures(), figures(LAST_MONTH, ended))
    (row,) = comparisons_of(figures(), before)
    assert (row.currency, row.charge_count, row.before_count, row.ended_count) == ("GBP", 1, 2, 1)
    assert (row.total_minor, row.before_minor, row.ended_minor) == (11_200, 22_400, 11_200)


def test_a_plan_that_has_no_bill_before_is_shown_and_not_compared() -> None:
    new = figures({}, {"payment_plan_id": 2, "policy_term_id": 8})
    before = before_of(new, figures(LAST_MONTH))
    (row,) = comparisons_of(new, before)
    assert row.charge_count == 1
    (shown,) = shown_figures(new, before)
    assert (shown["charge_count"], shown["total_minor"], shown["before_count"]) == (2, 22_400, 1)


def test_only_documents_of_terms_that_were_never_billed_and_follow_a_bill_are_looked_at() -> None:
    settled = pl.DataFrame(
        {"policy_term_id": [7], "installment_number": [1]}, schema_overrides={"x": pl.Int64}
    )
    priced = drafts({}, *({"policy_term_id": term, "policy_number": f"P-{term}"} for term in (8, 9)))
    assert unbilled_terms(priced, settled).to_list() == [8, 9]
    followed = pl.DataFrame({"policy_term_id": [7, 8]})
    found = first_bills(priced, PLANS, settled, followed)
    assert found.select("policy_number", "plan_code", "period_days", "bill_minor").rows() == [
        ("P-8", "monthly", 30, 11_200)
    ]


def bills(bill_minor: int, days: int = 30, plan: str = "monthly") -> pl.DataFrame:
    row = {
        "policy_term_id": 7,
        "policy_number": "P-7",
        "plan_code": plan,
        "currency": "GBP",
        "period_days": days,
        "bill_minor": bill_minor,
    }
    return pl.DataFrame([row])


def last(total_minor: int, days: int = 30, currency: str = "GBP") -> pl.DataFrame:
    row = {
        "policy_term_id": 7,
        "plan_code": "monthly",
        "currency": currency,
        "total_minor": total_minor,
        "period_days": days,
    }
    return pl.DataFrame([row])


def test_a_bill_of_exactly_three_times_the_last_does_not_stand_out_and_one_unit_more_does() -> None:
    assert outliers_of(bills(300), last(100), 3).height == 0
    assert outliers_of(bills(301), last(100), 3).rows() == [("P-7", "GBP", 100, 301)]


def test_the_short_period_before_a_whole_one_is_measured_by_its_days() -> None:
    assert outliers_of(bills(3_000), last(100, days=1), 3).height == 0
    assert outliers_of(bills(9_001), last(100, days=1), 3).height == 1


def test_another_plan_is_measured_by_the_bill_itself() -> None:
    assert outliers_of(bills(1_200, days=366, plan="yearly"), last(100), 3).height == 1


def test_a_bill_in_another_currency_is_not_compared() -> None:
    assert outliers_of(bills(9_999), last(1, currency="EUR"), 3).height == 0


def test_of_many_that_stand_out_those_that_grew_most_are_named() -> None:
    both = pl.concat([outliers_of(bills(301), last(100), 3), outliers_of(bills(900), last(100), 3)])
    assert largest_outliers(both, 1)["bill_minor"].to_list() == [900]


def test_charges_are_counted_by_outcome_and_reason() -> None:
    priced = drafts({}, {"policy_term_id": 8, "outcome": "held", "reason_code": "row_is_problem"})
    rows = add_reasons([reasons_of(priced), reasons_of(priced)]).rows()
    assert rows == [("held", "row_is_problem", "GBP", 2, 2, 20_000), ("invoiced", None, "GBP", 2, 2, 20_000)]


def test_an_installment_that_fails_with_its_lines_and_its_fee_is_one_problem() -> None:
    """Else a single policy of several charges is enough problems to hold a run."""
    failed = {"place_code": "DE", "line_of_business": "home"}
    lines = [{**failed, "charge_number": number + 1, "split_number": number} for number in range(3)]
    fee = {**failed, "charge_kind": "installment_fee", "net_minor": 100}
    (row,) = reasons_of(drafts(*lines, fee)).to_dicts()
    assert (row["outcome"], row["reason_code"]) == ("failed", "no_tax_rule")
    assert (row["charge_count"], row["due_installment_count"]) == (4, 1)


def test_an_installment_of_several_payers_is_one_problem_however_many_pay_it() -> None:
    """Else a single policy of ten payers is enough problems to hold a run."""
    unpriced = {"place_code": "DE", "line_of_business": "home"}
    failed = [{**unpriced, "payer_number": number, "payer_id": number} for number in range(1, 11)]
    billed = [
        {"policy_term_id": 8, "payer_number": number, "payer_id": number, "installment_number": installment}
        for number in (1, 2)
        for installment in (1, 2)
    ]
    rows = add_reasons([reasons_of(drafts(*failed, *billed, {"policy_term_id": 9}))])
    counts = rows.select("outcome", "charge_count", "due_installment_count").rows()
    assert counts == [("failed", 10, 1), ("invoiced", 5, 3)]


def test_no_figures_have_the_columns_of_figures() -> None:
    assert add_figures([]).schema == FIGURE_SCHEMA


def test_a_plan_that_arranges_its_installments_is_not_compared() -> None:
    """A down payment of 40 % is neither a bill beyond the last one nor a drop of the next."""
    arranged = PLANS.with_columns(down_payment_ppm=pl.lit(400_000))
    none = pl.DataFrame(schema={"policy_term_id": pl.Int64})
    followed = drafts().lines.select("policy_term_id")
    assert first_bills(drafts(), PLANS, none, followed).height == 1
    assert first_bills(drafts(), arranged, none, followed).is_empty()
    assert not figures_of(drafts(), arranged, None)["is_comparable"].any()
