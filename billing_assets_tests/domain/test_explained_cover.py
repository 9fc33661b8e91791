"""What cover comes to in a part is worked out from the method, the days and the lapses beside it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from billing_assets.domain.changed_terms import OwedPart, owed_parts
from billing_assets.domain.explained_cover import explain_lapsed_in_period, explain_part
from billing_assets.domain.explained_words import Subject
from billing_assets.domain.explanations import Explained
from billing_assets.domain.invoice_sources import LineSource
from billing_assets.domain.policy_changes import ChangeKind, TermChange
from billing_assets.domain.sample_invoice import SAMPLE
from billing_assets.domain.term_days import TermDayCount

START, END = date(2024, 1, 1), date(2025, 1, 1)


def source_of(
    premium_minor: int = 365_00,
    start: date = START,
    end: date = END,
    count: TermDayCount = TermDayCount.ACTUAL_TERM,
) -> LineSource:
    line = SAMPLE.lines[0]
    term = replace(line.term, effective_date=start, expiration_date=end, premium_minor=premium_minor)
    return replace(line, term=term, plan=replace(line.plan, day_count=count))


def change(number: int, kind: ChangeKind, day: date, method: str = "", premium: int = 0) -> TermChange:
    return TermChange(
        policy_term_id=7,
        policy_id=3,
        change_number=number,
        change_kind=kind,
        change_date=day,
        premium_minor=premium,
        method_code=method,
    )


def off(day: date, method: str, number: int = 1) -> TermChange:
    return change(number, ChangeKind.CANCELLATION, day, method)


def parts_of(source: LineSource, changes: Sequence[TermChange]) -> tuple[OwedPart, ...]:
    return owed_parts(source.term.premium_minor, source.days, changes)


def first_of(source: LineSource, *changes: TermChange) -> dict[Subject, Explained]:
    part = next(each for each in parts_of(source, changes) if each.change_number == 0)
    return {each.subject: each for each in explain_part(source, part, changes)}


def test_days_in_force_and_the_rows_that_decide_stand_beside_what_is_earned() -> None:
    found = first_of(source_of(366_00), off(date(2024, 4, 10), "pro_rata"))
    earned = found[Subject.EARNED]
    assert (earned.values["days_in_force"], earned.values["days"]) == (100, 366)
    assert (earned.result, found[Subject.UNEARNED].result) == (100_00, 266_00)
    assert [(row.kind, row.code, row.row_id) for row in earned.rules] == [
        ("policy_change", "P-1", 1),
        ("cancellation_method", "pro_rata", 0),
    ]
    assert "art. 22" in earned.rules[1].source


def test_a_method_with_a_count_of_its_own_names_it_and_others_go_by_the_plan() -> None:
    source = source_of(365_00, count=TermDayCount.ACTUAL_365_FIXED)
    own = first_of(source, off(date(2024, 4, 10), "pro_rata_30_360"))[Subject.EARNED]
    plan = first_of(source, off(date(2024, 4, 10), "pro_rata"))[Subject.EARNED]
    assert [own.values[name] for name in ("day_count", "days_in_force", "days")] == ["thirty_360", 99, 360]
    assert [plan.values[name] for name in ("day_count", "days")] == ["actual_365_fixed", 365]


def test_a_part_of_the_return_is_rounded_once_and_not_by_way_of_what_is_earned() -> None:
    found = first_of(source_of(100_00), off(date(2024, 4, 10), "short_rate_90"))
    assert Subject.EARNED not in found
    unearned = found[Subject.UNEARNED]
    assert (unearned.values["return_ppm"], unearned.result) == (900_000, 65_41)


def test_a_scale_says_its_day_or_month_its_row_and_what_is_earned_at_least() -> None:
    by_days = first_of(source_of(100_00), off(date(2024, 1, 11), "short_rate_table"))[Subject.EARNED]
    names = ("days_in_force", "days", "scaled_day", "scale_limit", "scale_ppm", "minimum_ppm")
    assert [by_days.values[name] for name in names] == [10, 366, 10, 10, 100_000, 250_000]
    assert by_days.result == 25_00
    by_months = first_of(source_of(100_00), off(date(2024, 4, 2), "recoverable_scale"))[Subject.EARNED]
    assert [by_months.values[name] for name in ("months_begun", "scale_limit", "scale_ppm")] == [
        4,
        4,
        300_000,
    ]


def test_beyond_the_last_row_of_a_scale_all_is_earned() -> None:
    two_years = source_of(100_00, end=date(2026, 1, 1))
    earned = first_of(two_years, off(date(2025, 6, 1), "recoverable_scale"))[Subject.EARNED]
    assert "scale_limit" not in earned.values
    assert (earned.values["months_begun"], earned.result) == (17, 100_00)


def test_days_without_cover_before_a_cancellation_are_left_out_and_their_changes_named() -> None:
    found = first_of(
        source_of(366_00),
        off(date(2024, 2, 1), "pro_rata", number=1),
        change(2, ChangeKind.REINSTATEMENT, date(2024, 2, 11)),
        off(date(2024, 4, 10), "pro_rata", number=3),
    )
    earned = found[Subject.EARNED]
    assert (earned.values["lapsed_days"], earned.values["days_in_force"], earned.result) == (10, 90, 90_00)
    assert [row.row_id for row in earned.rules if row.kind == "policy_change"] == [3, 1, 2]


def test_a_lapse_that_has_ended_costs_its_days() -> None:
    source = source_of(366_00)
    changes = (
        off(date(2024, 2, 1), "pro_rata", number=1),
        change(2, ChangeKind.REINSTATEMENT, date(2024, 2, 11)),
    )
    lapsed = first_of(source, *changes)[Subject.LAPSED]
    assert (lapsed.values["lapsed_days"], lapsed.result) == (10, 10_00)
    (inside,) = explain_lapsed_in_period(source, changes, date(2024, 2, 6), date(2024, 3, 1))
    assert (inside.values["lapsed_days"], inside.result) == (5, 5_00)
