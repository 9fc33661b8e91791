"""Changes of a policy are replayed in effective order, whatever the order in which they become known."""

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_assets.domain.cancellation import CANCELLATION_METHODS
from billing_assets.domain.policy_changes import ChangeKind
from billing_assets.domain.term_days import TermDayCount
from billing_assets.frames.columns import CHANGE_SCHEMA
from billing_assets.frames.policy_changes import premium_parts
from billing_assets_tests.reference.policy_changes import PolicyChange, owed_parts

START, END = date(2023, 1, 1), date(2024, 1, 1)
Parts = list[tuple[int, int, int]]


def parts(
    changes: Sequence[PolicyChange],
    *,
    premium_minor: int = 365_00,
    start: date = START,
    end: date = END,
    count: str = "actual_term",
) -> Parts:
    """Return (change number, part, owed) of one term, beside another that must not matter."""
    term = {"policy_term_id": 7, "effective_date": start, "expiration_date": end, "day_count": count}
    terms = pl.DataFrame(
        [
            {**term, "premium_minor": premium_minor},
            {**term, "policy_term_id": 8, "premium_minor": 999},
        ]
    )
    frame = pl.DataFrame(
        [
            (
                7,
                each.change_number,
                each.kind.value,
                each.effective_date,
                "EUR",
                each.premium_minor,
                each.method_code,
            )
            for each in changes
        ],
        schema=CHANGE_SCHEMA,
        orient="row",
    )
    found = premium_parts(terms, frame, CANCELLATION_METHODS.values())
    assert found.filter(policy_term_id=8).select("part_minor", "owed_minor").rows() == [(999, 999)]
    of_term = found.filter(policy_term_id=7).select("change_number", "part_minor", "owed_minor")
    return sorted(of_term.rows())


def endorsed(number: int, day: date, premium_minor: int) -> PolicyChange:
    return PolicyChange(
        change_number=number, kind=ChangeKind.ENDORSEMENT, effective_date=day, premium_minor=premium_minor
    )


def cancelled(number: int, day: date, method_code: str = "pro_rata") -> PolicyChange:
    return PolicyChange(
        change_number=number, kind=ChangeKind.CANCELLATION, effective_date=day, method_code=method_code
    )


def reinstated(number: int, day: date) -> PolicyChange:
    return PolicyChange(change_number=number, kind=ChangeKind.REINSTATEMENT, effective_date=day)


def test_an_endorsement_is_charged_for_the_days_that_are_left() -> None:
    assert parts([endorsed(1, date(2023, 12, 22), 730_00)]) == [(0, 365_00, 365_00), (1, 10_00, 10_00)]


def test_one_that_comes_later_and_takes_effect_earlier_changes_what_follows_it() -> None:
    later = endorsed(1, date(2023, 12, 22), 730_00)
    assert parts([later, endorsed(2, date(2023, 12, 12), 1_095_00)]) == [
        (0, 365_00, 365_00),
        (1, -10_00, -10_00),
        (2, 40_00, 40_00),
    ]


def test_a_lapse_gives_the_days_without_cover_back() -> None:
    changes = [cancelled(1, date(2023, 3, 1)), reinstated(2, date(2023, 3, 11))]
    assert parts(changes) == [(0, 365_00, 355_00)]


def test_a_term_cancelled_after_a_lapse_has_earned_the_days_in_force() -> None:
    changes = [
        cancelled(1, date(2023, 3, 1)),
        reinstated(2, date(2023, 3, 11)),
        cancelled(3, date(2023, 4, 11)),
    ]
    assert parts(changes) == [(0, 365_00, 90_00)]


def test_what_is_cancelled_already_cannot_be_cancelled_again_and_what_is_in_force_not_be_reinstated() -> None:
    once = [cancelled(1, date(2023, 3, 1))]
    assert parts([*once, cancelled(2, date(2023, 6, 1))]) == parts(once)
    assert parts([reinstated(1, date(2023, 6, 1))]) == parts([])


def test_days_that_lapsed_are_not_in_force_where_a_cancellation_comes_after_the_term() -> None:
    """The whole term of one day lapsed; a cancellation after its end finds nothing earned."""
    changes = [cancelled(1, START), reinstated(2, date(2023, 1, 2)), cancelled(3, date(2023, 1, 3))]
    assert parts(changes, end=date(2023, 1, 2)) == [(0, 365_00, 0)]


def test_a_part_that_gives_premium_back_is_given_back_less_after_a_cancellation() -> None:
    changes = [endorsed(1, date(2023, 7, 2), 0), cancelled(2, date(2023, 10, 1), "short_rate_90")]
    (_, (number, part, owed)) = parts(changes)
    assert number == 1
    assert part < owed < 0


CHANGES = st.lists(
    st.tuples(
        st.sampled_from(ChangeKind),
        st.integers(-20, 420),
        st.integers(0, 10**9),
        st.sampled_from(sorted(CANCELLATION_METHODS)),
    ),
    max_size=8,
).map(
    lambda rows: [
        PolicyChange(
            change_number=number,
            kind=kind,
            effective_date=START + timedelta(days=days),
            premium_minor=premium if kind is ChangeKind.ENDORSEMENT else 0,
            method_code=method if kind is ChangeKind.CANCELLATION else "",
        )
        for number, (kind, days, premium, method) in enumerate(rows, start=1)
    ]
)


@pytest.mark.long
@given(CHANGES, st.integers(0, 10**9), st.integers(1, 400), st.sampled_from(list(TermDayCount)))
def test_any_changes_agree_with_the_reference(
    changes: list[PolicyChange], premium_minor: int, days: int, count: TermDayCount
) -> None:
    end = START + timedelta(days=days)
    found = parts(changes, premium_minor=premium_minor, end=end, count=count.value)
    assert found == sorted(owed_parts(premium_minor, START, end, changes, count.value))


@pytest.mark.long
@given(CHANGES, st.randoms(use_true_random=False))
def test_the_order_in_which_changes_become_known_does_not_matter(
    changes: list[PolicyChange], random: Random
) -> None:
    shuffled = list(changes)
    random.shuffle(shuffled)
    assert parts(shuffled) == parts(changes)


@pytest.mark.long
@given(CHANGES, st.integers(-20, 420), st.sampled_from(sorted(CANCELLATION_METHODS)))
def test_cancelling_and_reinstating_without_a_lapse_changes_nothing(
    changes: list[PolicyChange], days: int, method_code: str
) -> None:
    in_force = [change for change in changes if change.kind is ChangeKind.ENDORSEMENT]
    day = START + timedelta(days=days)
    undone = [cancelled(101, day, method_code), reinstated(102, day)]
    assert parts([*in_force, *undone]) == parts(in_force)


@given(CHANGES)
def test_no_more_is_owed_of_a_part_than_the_part(changes: list[PolicyChange]) -> None:
    for _, part, owed in parts(changes):
        assert abs(owed) <= abs(part)
        assert part * owed >= 0
