"""Which installments a run has to answer for, and the outcome that is known before any price."""

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from billing_assets.domain.calendar_rule import ClosedDays, Purpose
from billing_assets.frames.columns import DUE_SCHEMA
from billing_assets.frames.due_charges import due_charges
from billing_assets_tests.frames.rows import (
    ALL_PLANS,
    LONG_AFTER,
    NOTHING_SETTLED,
    due,
    nets,
    plan,
    plans,
    settled_by,
    term,
    terms,
)

YEAR = term("2024-01-01", "2025-01-01")


def numbers(charges: pl.DataFrame) -> list[int]:
    return charges["installment_number"].to_list()


def outcomes(charges: pl.DataFrame) -> list[tuple[int, str, str | None, int]]:
    return charges.select("installment_number", "outcome", "reason_code", "net_minor").rows()


def test_an_installment_is_due_from_its_billing_date_on() -> None:
    """1 April 2024 is a Monday; 14 days before is Monday 18 March."""
    settled = settled_by(due(YEAR, as_of=date(2024, 3, 15)))
    assert numbers(due(YEAR, settled=settled, as_of=date(2024, 3, 15))) == []
    (row,) = due(YEAR, settled=settled, as_of=date(2024, 3, 18)).to_dicts()
    assert (row["installment_number"], row["billing_date"], row["due_date"]) == (
        4,
        date(2024, 3, 18),
        date(2024, 4, 1),
    )


@pytest.mark.parametrize("day", ["2024-01-06", "2024-01-07", "2024-08-15"])
def test_on_a_closed_day_of_the_company_nothing_is_due(day: str) -> None:
    found = due(YEAR, as_of=date.fromisoformat(day))
    assert found.height == 0
    assert found.schema == DUE_SCHEMA


def test_on_a_closed_day_only_plans_that_hold_the_sending_have_something_due() -> None:
    """The installments of 1 June 2024, a Saturday, without a lead; that of a plan without a row waits too."""
    values = {"lead_days": 0, "due_roll": "none", "generate_roll": "following"}
    rules = plans(
        plan("hold", **values, holiday_behaviour="hold_sending", payment_plan_id=1),
        plan("open", **values, payment_plan_id=2),
    )
    book = [
        {**term("2024-06-01", "2025-06-01", plan_code=code), "policy_number": code, "policy_term_id": number}
        for number, code in enumerate(("hold", "open", "none"))
    ]
    saturday, monday = date(2024, 6, 1), date(2024, 6, 3)
    found = due(*book, plan_rows=rules, as_of=saturday)
    assert found.select("policy_number", "billing_date").rows() == [("hold", saturday)]
    later = due(*book, plan_rows=rules, as_of=monday, settled=settled_by(found))
    assert later.select("policy_number", "billing_date", "outcome").rows() == [
        ("none", monday, "failed"),
        ("open", monday, "invoiced"),
    ]


def test_a_day_that_the_company_has_closed_is_closed_beside_those_of_its_calendar() -> None:
    monday = date(2024, 3, 18)
    closed = ClosedDays(by_purpose={Purpose.GENERATE: frozenset({monday})})
    assert due(YEAR, as_of=monday, closed=closed).is_empty()
    assert numbers(due(YEAR, as_of=monday)) == numbers(due(YEAR, as_of=date(2024, 3, 19), closed=closed))


def test_a_lead_in_open_days_passes_over_closed_ones() -> None:
    """Five open days before Monday 3 June are Monday 27 May; a day of the company makes it Friday."""
    rules = plans(plan("monthly", lead_days=5, lead_unit="business"))
    begun = term("2024-06-01", "2024-07-01")
    closed = ClosedDays(by_purpose={Purpose.GENERATE: frozenset({date(2024, 5, 30)})})
    dates = [
        due(begun, plan_rows=rules, closed=days)["billing_date"].item() for days in (ClosedDays(), closed)
    ]
    assert dates == [date(2024, 5, 27), date(2024, 5, 24)]


def test_an_empty_book_has_nothing_due() -> None:
    assert due(as_of=date(2024, 1, 2)).schema == DUE_SCHEMA


def test_a_missed_installment_is_caught_up() -> None:
    assert numbers(due(YEAR, as_of=date(2024, 5, 6))) == [1, 2, 3, 4, 5]


def test_what_is_settled_is_not_due_again() -> None:
    everything = due(YEAR)
    assert due(YEAR, settled=settled_by(everything)).height == 0
    some = everything.filter(pl.col("installment_number").is_in([1, 5]))
    assert numbers(due(YEAR, settled=settled_by(some))) == [2, 3, 4, 6, 7, 8, 9, 10, 11, 12]


@pytest.mark.parametrize(
    ("cut_over", "expected"),
    [("2024-01-01", 12), ("2024-01-02", 11), ("2024-12-01", 1), ("2024-12-02", 0), ("2030-01-01", 0)],
)
@pytest.mark.parametrize("premium_minor", [1200_00, 0])
def test_installments_before_the_cut_over_are_neither_billed_nor_recorded(
    cut_over: str, expected: int, premium_minor: int
) -> None:
    row = term("2024-01-01", "2025-01-01", premium_minor, cut_over_date=date.fromisoformat(cut_over))
    assert due(row).height == expected


def test_a_term_without_cover_before_the_cut_over_is_not_recorded_either() -> None:
    row = term("2024-01-01", "2025-01-01", cover_to_date=date(2024, 1, 1), cut_over_date=date(2024, 1, 2))
    assert due(row).height == 0


def test_the_cut_over_looks_at_the_nominal_due_date() -> None:
    """1 June 2024 is a Saturday and rolls to Monday: billed elsewhere before the 2nd."""
    row = term("2024-06-01", "2024-08-01", cut_over_date=date(2024, 6, 2))
    assert numbers(due(row)) == [2]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"premium_minor": 0}, [(number, "zero", "zero_premium", 0) for number in range(1, 5)]),
        (
            {"premium_minor": 1},
            [(number, "zero", "rounds_to_zero", 0) for number in (1, 2, 3)] + [(4, "invoiced", None, 1)],
        ),
        ({"cover_to_date": date(2024, 1, 1)}, [(1, "zero", "no_cover", 0)]),
        ({"cover_to_date": date(2023, 1, 1), "premium_minor": 0}, [(1, "zero", "no_cover", 0)]),
        (
            {"cover_to_date": date(2024, 4, 2), "premium_minor": 0},
            [(1, "zero", "zero_premium", 0), (2, "zero", "zero_premium", 0)],
        ),
        (
            {"hold_code": "changed_after_billing", "cover_to_date": date(2024, 1, 1)},
            [(1, "held", "changed_after_billing", 0)],
        ),
        (
            {
                "hold_code": "changed_after_billing",
                "cover_to_date": date(2024, 2, 1),
                "premium_minor": 400_00,
            },
            [(1, "held", "changed_after_billing", 34_07)],
        ),
    ],
)
def test_an_outcome_that_is_known_before_any_price(
    values: dict[str, Any], expected: list[tuple[int, str, str | None, int]]
) -> None:
    row = {**term("2024-01-01", "2025-01-01", plan_code="quarterly"), **values}
    assert outcomes(due(row)) == expected


def test_what_is_held_is_due_again_and_again() -> None:
    row = {**YEAR, "hold_code": "changed_after_billing"}
    once = due(row, as_of=date(2024, 1, 2))
    assert due(row, settled=settled_by(once), as_of=date(2024, 1, 2)).equals(once)


def test_rows_come_sorted_by_policy_due_date_and_installment_whatever_the_input() -> None:
    book = [
        term("2024-01-01", "2024-07-01", policy_number=number, policy_term_id=key)
        for key, number in enumerate(["P-2", "P-1", "P-3"], start=1)
    ]
    found = due(*book)
    assert found.equals(due(*reversed(book)))
    assert found["policy_number"].to_list() == ["P-1"] * 6 + ["P-2"] * 6 + ["P-3"] * 6
    assert numbers(found) == [1, 2, 3, 4, 5, 6] * 3


@pytest.mark.long
@pytest.mark.parametrize("lead_days", [0, 14, 400])
@pytest.mark.parametrize("due_days", [0, 45, 400])
@pytest.mark.parametrize("roll", ["none", "preceding", "following", "modified_following"])
def test_each_installment_is_due_on_its_billing_date_and_not_a_day_before(
    lead_days: int, due_days: int, roll: str
) -> None:
    """Whatever the lead, the due days and the rolls, the horizon of a run cuts nothing off."""
    rows = plans(plan(lead_days=lead_days, due_days=due_days, due_roll=roll, generate_roll=roll))
    everything = due(YEAR, plan_rows=rows)
    assert everything.height == 12
    for number, billing_date in everything.select("installment_number", "billing_date").iter_rows():
        run_date = billing_date
        while (caught := due(YEAR, plan_rows=rows, as_of=run_date)).is_empty():
            run_date += timedelta(days=1)
        assert (run_date - billing_date).days <= 4
        assert numbers(caught) == list(range(1, number + 1))


@pytest.mark.parametrize("plan_code", ["quarterly", "half_yearly", "yearly"])
def test_a_first_period_of_one_day_hides_no_second_one(plan_code: str) -> None:
    row = term("2024-01-01", "2025-01-01", plan_code=plan_code, anchor_date=date(2024, 1, 2))
    first, second, *_ = due(row).iter_rows(named=True)
    assert second["period_from_date"] == date(2024, 1, 2)
    assert numbers(due(row, as_of=second["billing_date"]))[:2] == [1, 2]
    assert first["billing_date"] == second["billing_date"]


@pytest.mark.long
@pytest.mark.parametrize(("plan_code", "years"), [("monthly", 40), ("yearly", 60), ("weekly", 30)])
def test_in_a_long_term_each_run_sees_its_installment_on_the_day(plan_code: str, years: int) -> None:
    """A bound on the number of periods that is a little short would bill later and later."""
    row = term("1995-01-31", f"{1995 + years}-01-31", plan_code=plan_code)
    everything = due(row)
    for run_date in everything["billing_date"].gather_every(97).to_list():
        expected = everything.filter(pl.col("billing_date") <= run_date)
        assert due(row, as_of=run_date).equals(expected)
    last = everything["billing_date"].max()
    assert isinstance(last, date)
    assert due(row, as_of=last).equals(everything)


def test_an_installment_is_seen_where_both_rolls_go_back_over_the_longest_closings() -> None:
    """6 May 2019, the tenth closed day of Golden Week, goes back 10 days; 25 August 2018 in Kuwait 6 days."""
    row = term("2019-05-06", "2020-05-06", place_code="JP")
    rows = plans(plan(lead_days=244, due_roll="preceding", generate_roll="preceding"))
    found = due_charges(terms(row), rows, NOTHING_SETTLED, date(2018, 8, 19), "KW")
    assert found.select("due_date", "billing_date").rows() == [(date(2019, 4, 26), date(2018, 8, 19))]


# ------------------------------------------------------------------------------- terms without a plan row

LATE_PLAN = plans(plan(valid_from=date(2024, 2, 1)))


def test_a_term_without_a_plan_row_fails_from_its_first_day_on() -> None:
    assert due(YEAR, plan_rows=LATE_PLAN, as_of=date(2023, 12, 29)).height == 0
    (row,) = due(YEAR, plan_rows=LATE_PLAN, as_of=date(2024, 1, 2)).to_dicts()
    assert (row["installment_number"], row["outcome"], row["reason_code"], row["net_minor"]) == (
        0,
        "failed",
        "no_plan_row",
        0,
    )
    assert (row["period_from_date"], row["period_to_date"]) == (date(2024, 1, 1), date(2025, 1, 1))


def test_it_does_not_vanish_where_the_term_began_before_the_cut_over() -> None:
    """Its later installments are ours to bill, whatever was billed elsewhere."""
    row = {**YEAR, "cut_over_date": date(2024, 1, 15)}
    assert outcomes(due(row, plan_rows=LATE_PLAN)) == [(0, "failed", "no_plan_row", 0)]
    ended = {**YEAR, "cut_over_date": date(2025, 1, 1)}
    assert due(ended, plan_rows=LATE_PLAN).height == 0


def test_it_is_answered_once_where_its_failure_counts_as_settled() -> None:
    """The store settles what failed for the rest of the same billing date."""
    failed = due(YEAR, plan_rows=LATE_PLAN, as_of=date(2024, 1, 2))
    settled = failed.select("policy_term_id", "installment_number")
    assert due(YEAR, plan_rows=LATE_PLAN, settled=settled, as_of=date(2024, 1, 2)).height == 0


def test_it_does_not_vanish_where_installments_were_billed_before_the_row_was_closed() -> None:
    billed = settled_by(due(YEAR, as_of=date(2024, 1, 2)))
    assert billed.height == 1
    found = due(YEAR, plan_rows=LATE_PLAN, settled=billed, as_of=date(2024, 1, 3))
    assert outcomes(found) == [(0, "failed", "no_plan_row", 0)]


def test_a_held_term_without_a_plan_row_is_held() -> None:
    row = {**YEAR, "hold_code": "changed_after_billing"}
    assert outcomes(due(row, plan_rows=LATE_PLAN)) == [(0, "held", "changed_after_billing", 0)]


def test_it_stands_beside_the_charges_of_other_terms() -> None:
    other = term("2024-03-01", "2025-03-01", policy_number="P-0", policy_term_id=2)
    found = due(YEAR, other, plan_rows=LATE_PLAN)
    assert found["outcome"].to_list() == ["invoiced"] * 12 + ["failed"]


# ---------------------------------------------------------------------------------------------- long books


def test_a_monthly_term_of_sixty_years_is_billed_to_the_cent() -> None:
    found = due(term("2000-02-29", "2060-02-29", 720_07, plan_code="monthly"))
    assert found.height == 720
    assert sum(nets(found)) == 720_07


def test_a_place_that_no_calendar_knows_is_an_error_and_not_a_silence() -> None:
    with pytest.raises(Exception, match="calendar_unknown"):
        due_charges(terms({**YEAR, "place_code": "XX"}), ALL_PLANS, NOTHING_SETTLED, LONG_AFTER, "ES")


def test_few_terms_have_the_same_charges_whether_their_schedules_are_kept_or_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    days = (date(2024, 6, 3), date(2024, 6, 3), date(2024, 12, 2))
    calls = [due(YEAR, as_of=day) for day in days]
    monkeypatch.setattr("billing_assets.frames.due_charges._FEW_TERMS", -1)
    anew = [due(YEAR, as_of=day) for day in days]
    assert all(kept.equals(each) for kept, each in zip(calls, anew, strict=True))
