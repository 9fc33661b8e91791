"""However changes arrive, documents come to what is owed, as the reference says; none is below zero."""

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing_assets.domain.cancellation import CANCELLATION_METHODS
from billing_assets.domain.policy_changes import ChangeKind
from billing_assets_tests.changed_books import ChangedBook
from billing_assets_tests.frames.rows import due, nets, plan, plans, tax_rule, tax_rules, term
from billing_assets_tests.properties.strategies import DAY_COUNTS, STEADY
from billing_assets_tests.reference.changed_terms import PlannedInstallment, ReferenceChangedTerm
from billing_assets_tests.reference.policy_changes import PolicyChange, owed_parts

START, END = date(2024, 1, 1), date(2025, 1, 1)
RUNS = [date(2024, 1, 2) + timedelta(days=63 * number) for number in range(6)]
LAST = date(2025, 6, 3)
PLAN_CODES = ("yearly", "quarterly", "monthly")

Arrivals = list[tuple[int, PolicyChange]]


@st.composite
def changes(draw: st.DrawFn) -> list[PolicyChange]:
    """Up to five changes of a term, in the order of their numbers."""
    found = []
    for number in range(1, draw(st.integers(1, 5)) + 1):
        kind = draw(st.sampled_from([ChangeKind.ENDORSEMENT, *ChangeKind]))
        day = START + timedelta(days=draw(st.integers(0, 365)))
        is_endorsement, is_off = kind is ChangeKind.ENDORSEMENT, kind is ChangeKind.CANCELLATION
        found.append(
            PolicyChange(
                change_number=number,
                kind=kind,
                effective_date=day,
                premium_minor=draw(st.sampled_from([0, 1, 999_99]) | st.integers(0, 3000_00))
                if is_endorsement
                else 0,
                method_code=draw(st.sampled_from(sorted(CANCELLATION_METHODS))) if is_off else "",
            )
        )
    return found


@st.composite
def cases(draw: st.DrawFn) -> tuple[dict[str, Any], pl.DataFrame, str, list[PolicyChange]]:
    code, how = draw(st.sampled_from(PLAN_CODES)), draw(st.sampled_from(["now", "next", "spread"]))
    premium = draw(st.sampled_from([0, 1, 11, 1200_00]) | st.integers(0, 5000_00))
    arranged = draw(
        st.sampled_from([{}, {}, {"maximum_installment_count": 3}, {"down_payment_ppm": 400_000}])
    )
    row = plan(code, change_billing=how, day_count=draw(DAY_COUNTS), **arranged)
    return term(str(START), str(END), premium, plan_code=code), plans(row), how, draw(changes())


def book_of(row: dict[str, Any], plan_rows: pl.DataFrame) -> ChangedBook:
    return ChangedBook(term=row, plans=plan_rows, tax_rules=tax_rules(tax_rule(1)))


def reference_of(row: dict[str, Any], plan_rows: pl.DataFrame, how: str) -> ReferenceChangedTerm:
    planned = due(row, plan_rows=plan_rows).sort("installment_number")
    return ReferenceChangedTerm(
        premium_minor=row["premium_minor"],
        effective_date=START,
        expiration_date=END,
        change_billing=how,
        day_count=count_of(plan_rows),
        installments=[
            PlannedInstallment(
                number=each["installment_number"],
                planned_minor=each["net_minor"],
                billing_date=each["billing_date"],
                due_date=each["due_date"],
                period_from_date=each["period_from_date"],
                period_to_date=each["period_to_date"],
            )
            for each in planned.iter_rows(named=True)
        ],
    )


def arriving(found: list[PolicyChange], places: list[int]) -> Arrivals:
    """Let the changes arrive before the runs of those places."""
    return [(place % len(RUNS), change) for place, change in zip(places, found, strict=False)]


def count_of(plan_rows: pl.DataFrame) -> str:
    return str(plan_rows["day_count"].item())


def owed(row: dict[str, Any], plan_rows: pl.DataFrame, found: list[PolicyChange]) -> int:
    parts = owed_parts(row["premium_minor"], START, END, found, count_of(plan_rows))
    return max(0, sum(part[2] for part in parts))


@pytest.mark.long
@settings(STEADY, max_examples=4)
@given(cases(), st.lists(st.integers(0, 5), min_size=5, max_size=5))
def test_each_run_bills_and_gives_back_what_the_reference_does(
    case: tuple[dict[str, Any], pl.DataFrame, str, list[PolicyChange]], places: list[int]
) -> None:
    row, plan_rows, how, found = case
    book, slow = book_of(row, plan_rows), reference_of(row, plan_rows, how)
    arrivals = arriving(found, places)
    for number, day in enumerate([*RUNS, LAST]):
        known = [change for place, change in arrivals if place <= number]
        assert sorted(book.run(day, known)) == sorted(slow.run(day, known)), (number, day)


@pytest.mark.long
@settings(STEADY, max_examples=4)
@given(cases(), st.lists(st.integers(0, 5), min_size=5, max_size=5), st.randoms(use_true_random=False))
def test_the_order_in_which_changes_arrive_does_not_matter_to_the_end(
    case: tuple[dict[str, Any], pl.DataFrame, str, list[PolicyChange]], places: list[int], rng: Any
) -> None:
    row, plan_rows, _, found = case
    shuffled = rng.sample(found, len(found))
    for order in (found, shuffled):
        book = book_of(row, plan_rows)
        for number, day in enumerate([*RUNS, LAST]):
            book.run(day, [change for place, change in arriving(order, places) if place <= number])
        net, tax = book.documented
        assert net == owed(row, plan_rows, found)
        # The tax of each document and each credit is rounded by itself.
        assert abs(2 * (tax * 100 - net * 8)) <= 100 * (len(book.lines) + len(found) + 1)


@pytest.mark.long
@settings(STEADY, max_examples=4)
@given(cases(), st.lists(st.integers(0, 5), min_size=5, max_size=5))
def test_no_document_is_below_zero_and_a_second_run_finds_nothing(
    case: tuple[dict[str, Any], pl.DataFrame, str, list[PolicyChange]], places: list[int]
) -> None:
    row, plan_rows, _, found = case
    book = book_of(row, plan_rows)
    for number, day in enumerate(RUNS):
        known = [change for place, change in arriving(found, places) if place <= number]
        drafts = book.drafts(day, known)
        assert (drafts.invoices["net_minor"] >= 0).all()
        book.run(day, known)
        assert book.run(day, known) == []


@pytest.mark.long
@settings(STEADY, max_examples=4)
@given(cases(), st.integers(0, 365), st.integers(0, 3), st.integers(0, 2))
def test_cancelling_and_reinstating_without_a_lapse_changes_nothing(
    case: tuple[dict[str, Any], pl.DataFrame, str, list[PolicyChange]], days: int, first: int, later: int
) -> None:
    row, plan_rows, _, _ = case
    day = START + timedelta(days=days)
    off = PolicyChange(
        change_number=1, kind=ChangeKind.CANCELLATION, effective_date=day, method_code="short_rate_90"
    )
    on = PolicyChange(change_number=2, kind=ChangeKind.REINSTATEMENT, effective_date=day)
    book = book_of(row, plan_rows)
    for number, run_day in enumerate([*RUNS, LAST]):
        known = [change for place, change in ((first, off), (first + later, on)) if place <= number]
        book.run(run_day, known)
    assert book.documented[0] == row["premium_minor"] == sum(nets(due(row, plan_rows=plan_rows)))
