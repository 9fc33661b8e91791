"""When what failed is tried again, and what is tried with it: by hand-written rows, and by a slow replay."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_assets.domain.retries import (
    FailedCharge,
    RetryRule,
    RetryState,
    attempts_of,
    due_retries,
    retry_rule,
)

NIGHT = datetime(2025, 1, 31, 2, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
RULE = retry_rule("1,4,24", "billing operations")
FAILED = FailedCharge(
    policy_term_id=7,
    policy_term_version_id=70,
    installment_number=2,
    policy_number="P-7",
    reason_code="no_tax_rule",
    until_date=date(2025, 1, 31),
    failed_at=NIGHT,
    attempt_count=0,
    next_attempt_at=None,
    is_given_up=False,
    is_requested=False,
    owner="",
)
TRIED = replace(FAILED, attempt_count=1, next_attempt_at=NIGHT + 5 * HOUR)
GIVEN_UP = replace(FAILED, attempt_count=3, is_given_up=True)


@pytest.mark.parametrize(
    ("charge", "hours", "state"),
    [
        (FAILED, 0, RetryState.LATER),
        (FAILED, 1, RetryState.DUE),
        (TRIED, 4, RetryState.LATER),
        (TRIED, 5, RetryState.DUE),
        (replace(TRIED, failed_at=NIGHT + 100 * HOUR), 5, RetryState.DUE),
        (replace(FAILED, is_requested=True), 1, RetryState.REQUESTED),
        (replace(FAILED, owner="ana"), 1, RetryState.OWNED),
        (replace(TRIED, owner="ana", is_requested=True), 5, RetryState.OWNED),
        (GIVEN_UP, 9999, RetryState.GIVEN_UP),
        (replace(GIVEN_UP, owner="ana"), 9999, RetryState.GIVEN_UP),
        # It was billed at its last attempt, its invoice was credited, and it failed anew.
        (replace(FAILED, attempt_count=3), 24, RetryState.DUE),
        (replace(FAILED, attempt_count=3), 23, RetryState.LATER),
    ],
)
def test_what_is_done_with_a_failed_charge(charge: FailedCharge, hours: int, state: RetryState) -> None:
    assert charge.state(RULE, NIGHT + hours * HOUR) is state


def test_a_policy_is_retried_up_to_what_is_due_with_what_failed_before_that_and_nothing_beyond() -> None:
    january, march = FAILED, replace(FAILED, installment_number=4, until_date=date(2025, 3, 31))
    december = replace(TRIED, installment_number=1, until_date=date(2024, 12, 31))
    owned = replace(FAILED, installment_number=0, owner="ana", until_date=date(2025, 12, 31))
    rows = [january, replace(march, next_attempt_at=NIGHT + 9 * HOUR), december, owned]
    found = due_retries(rows, RULE, NIGHT + HOUR)
    assert found["P-7"].until_date == date(2025, 1, 31)
    assert [row.installment_number for row in found["P-7"].charges] == [2, 1]
    assert due_retries([december, owned], RULE, NIGHT + HOUR) == {}


def test_an_attempt_counts_whatever_it_came_to_and_the_last_gives_up() -> None:
    last = replace(FAILED, policy_term_id=8, attempt_count=2)
    standing = {each.key: replace(each, reason_code="no_plan_row") for each in (TRIED, last)}
    cleared = replace(FAILED, policy_term_id=9)
    found = attempts_of([TRIED, last, cleared], standing, RULE, at=NIGHT, runs={"P-7": 4})
    assert [(each.attempt_number, each.reason_code, each.is_given_up) for each in found] == [
        (2, "no_plan_row", False),
        (3, "no_plan_row", True),
        (1, None, False),
    ]
    assert [each.next_attempt_at for each in found] == [NIGHT + 24 * HOUR, None, None]


def instants_by_hand(rule: RetryRule, looks: list[datetime]) -> list[datetime]:
    """Return when something that always fails is tried, looked at at these instants: a plain reckoning."""
    tried: list[datetime] = []
    ready = NIGHT + rule.waits[0]
    for look in looks:
        if len(tried) < len(rule.waits) and look >= ready:
            tried.append(look)
            if len(tried) < len(rule.waits):
                ready = look + rule.waits[len(tried)]
    return tried


@given(
    st.lists(st.integers(1, 100), min_size=1, max_size=6),
    st.lists(st.integers(0, 600), max_size=40).map(sorted),
)
def test_however_often_one_looks_it_is_tried_as_a_plain_reckoning_says(
    hours: list[int], looks: list[int]
) -> None:
    rule = retry_rule(",".join(map(str, hours)), "ana")
    charge, tried = FAILED, []
    for at in (NIGHT + look * HOUR for look in looks):
        for retry in due_retries([charge], rule, at).values():
            tried.append(at)
            (attempt,) = attempts_of(retry.charges, {charge.key: charge}, rule, at=at, runs={"P-7": 1})
            charge = replace(
                charge,
                attempt_count=attempt.attempt_number,
                next_attempt_at=attempt.next_attempt_at,
                is_given_up=attempt.is_given_up,
            )
    assert tried == instants_by_hand(rule, [NIGHT + look * HOUR for look in looks])
    assert charge.is_given_up == (len(tried) == len(hours))
