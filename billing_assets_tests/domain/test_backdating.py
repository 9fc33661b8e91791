"""Documents carry the day of issue; a date long past needs a reason and a name."""

from datetime import date

import pytest

from billing_assets.domain.backdating import (
    REHEARSAL_APPROVER,
    Backdating,
    IssueOn,
    IssueRule,
    approved_backdating,
    require_recent,
)
from billing_assets.domain.errors import BillingError

TODAY = date(2026, 3, 2)
PAST = date(2025, 1, 10)
ORDINARY = IssueRule(issue_on=IssueOn.TODAY, today=TODAY, bound_days=31)
REHEARSAL = IssueRule(issue_on=IssueOn.BILLING_DATE, today=TODAY, bound_days=31)
APPROVED = Backdating(reason="the printer stood still", approved_by="Ana")
NOTHING = Backdating()


def test_a_missed_billing_date_is_caught_up_and_issued_today() -> None:
    assert ORDINARY.day_of(PAST) == TODAY
    assert approved_backdating(ORDINARY, PAST, TODAY, NOTHING) == NOTHING


def test_a_date_that_is_billed_early_is_issued_today_in_every_store() -> None:
    assert {rule.day_of(date(2026, 4, 1)) for rule in (ORDINARY, REHEARSAL)} == {TODAY}


@pytest.mark.parametrize(
    ("rule", "issuing_date"),
    [
        (ORDINARY, date(1990, 1, 1)),
        (ORDINARY, PAST),
        (ORDINARY, date(2026, 1, 29)),
        (REHEARSAL, date(1990, 1, 1)),
        (REHEARSAL, date(2024, 12, 9)),
    ],
)
def test_a_date_beyond_the_bound_needs_a_reason_and_a_name(rule: IssueRule, issuing_date: date) -> None:
    with pytest.raises(BillingError, match="--reason TEXT --approved-by NAME") as caught:
        approved_backdating(rule, PAST, issuing_date, NOTHING)
    assert caught.value.code == "backdating_unapproved"
    assert approved_backdating(rule, PAST, issuing_date, APPROVED) == APPROVED


def test_a_date_within_the_bound_needs_neither() -> None:
    assert approved_backdating(ORDINARY, PAST, date(2026, 1, 30), NOTHING) == NOTHING


@pytest.mark.parametrize("given", [NOTHING, APPROVED], ids=["unasked", "approved"])
@pytest.mark.parametrize("rule", [ORDINARY, REHEARSAL], ids=["ordinary", "rehearsal"])
def test_no_document_is_issued_after_today_whoever_approves_it(rule: IssueRule, given: Backdating) -> None:
    with pytest.raises(BillingError, match="2026-03-03 lies after today, 2026-03-02") as caught:
        approved_backdating(rule, PAST, date(2026, 3, 3), given)
    assert caught.value.code == "issue_date_ahead"
    assert approved_backdating(rule, TODAY, TODAY, NOTHING) == NOTHING


def test_a_rehearsal_of_the_past_says_so_on_its_runs() -> None:
    assert REHEARSAL.day_of(PAST) == PAST
    assert approved_backdating(REHEARSAL, PAST, PAST, NOTHING).approved_by == REHEARSAL_APPROVER
    assert approved_backdating(REHEARSAL, TODAY, TODAY, NOTHING) == NOTHING


@pytest.mark.parametrize(
    "given",
    [
        Backdating(reason="why", approved_by=""),
        Backdating(reason=" ", approved_by="Ana"),
        Backdating(reason="r" * 1001, approved_by="Ana"),
        Backdating(reason="why", approved_by="n" * 101),
    ],
)
def test_half_an_approval_is_none(given: Backdating) -> None:
    with pytest.raises(BillingError) as caught:
        approved_backdating(ORDINARY, PAST, PAST, given)
    assert caught.value.code == "backdating_incomplete"


def test_reason_and_name_are_kept_on_one_line() -> None:
    given = Backdating(reason=" the printer\n stood still ", approved_by="Ana\x00")
    assert approved_backdating(ORDINARY, PAST, PAST, given) == APPROVED


def test_a_business_date_long_past_is_refused_but_where_the_past_is_rehearsed() -> None:
    require_recent(ORDINARY, date(2026, 1, 30))
    require_recent(ORDINARY, date(2026, 4, 1))
    require_recent(REHEARSAL, PAST)
    with pytest.raises(BillingError, match="business_date_far_back"):
        require_recent(ORDINARY, date(2026, 1, 29))
