"""Random changes of random terms, through file, store and runs, come to what the reference owes.

Plans, calendars, cut-overs and the order of arrival are random. In the end every document is explained, every
run replays without a difference, and an audit finds nothing.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import text

from billing_assets.domain.cancellation import CANCELLATION_METHODS
from billing_assets.domain.payment_plans import BillPer, ChangeBilling
from billing_assets.domain.policy_changes import ChangeKind
from billing_assets.domain.safety_bounds import SafetyBounds
from billing_assets.store.checks import run_checks
from billing_assets.store.companies import save_company
from billing_assets.store.connection import Database
from billing_assets.wiring.build import Billing
from billing_assets.wiring.desk import Desk
from billing_assets_tests.books import AT, COMPANY, billing_over
from billing_assets_tests.changes import change_row, import_changes, queried
from billing_assets_tests.reference.generate import (
    random_own_days,
    random_plans,
    random_policies,
    with_random_plan,
)
from billing_assets_tests.reference.installments import installments
from billing_assets_tests.reference.periods import plan_of
from billing_assets_tests.reference.policy import ReferencePolicy
from billing_assets_tests.reference.policy_changes import PolicyChange, owed_parts
from billing_assets_tests.reference.test_store_agreement import MAPPING, add_plans, close_days, csv_of
from billing_assets_tests.store.intake import import_text, with_company

CUT_OVER = date(2023, 3, 1)
RUN_DATES = [date(2023, 3, 1) + timedelta(days=83 * number) for number in range(14)]
EXPONENTS = {"EUR": 2, "GBP": 2, "USD": 2, "JPY": 0, "KWD": 3}
LONG_AFTER = date(2029, 6, 4)


@pytest.fixture
def billing(database: Database, tmp_path: Path) -> Iterator[Billing]:
    # So many random changes would exceed a bound; what they come to is held against the reference here.
    names = ("count_percent", "total_percent", "bill_times", "problem_per_mille", "credit_per_mille")
    unbound = SafetyBounds(**dict.fromkeys(names, 0))
    with ExitStack() as stack:
        with with_company(database).transaction() as connection:
            save_company(connection, replace(COMPANY, safety_bounds=unbound), AT)
        yield billing_over(database, tmp_path, stack)


def random_changes(rng: Random, policy: ReferencePolicy) -> list[PolicyChange]:
    days, found = (policy.expiration_date - policy.effective_date).days, []
    for number in range(1, rng.choice((1, 1, 2, 3, 4)) + 1):
        kind = rng.choice([ChangeKind.ENDORSEMENT, *ChangeKind])
        is_endorsement, is_off = kind is ChangeKind.ENDORSEMENT, kind is ChangeKind.CANCELLATION
        other = rng.choice((0, policy.premium_minor * 2 + 7, rng.randrange(2 * policy.premium_minor + 100)))
        found.append(
            PolicyChange(
                change_number=number,
                kind=kind,
                effective_date=policy.effective_date + timedelta(days=rng.randrange(days)),
                premium_minor=min(other, 10**13) if is_endorsement else 0,
                method_code=rng.choice(sorted(CANCELLATION_METHODS)) if is_off else "",
            )
        )
    return found


def row_of(policy: ReferencePolicy, change: PolicyChange) -> str:
    digits = EXPONENTS[policy.currency]
    whole, rest = divmod(change.premium_minor, 10**digits)
    premium = f"{whole}.{rest:0{digits}d}" if digits else str(whole)
    return change_row(
        policy.policy_number,
        change.change_number,
        change.kind.value,
        change.effective_date,
        premium=premium if change.kind is ChangeKind.ENDORSEMENT else "",
        method=change.method_code,
        effective=policy.effective_date,
    )


_DOCUMENTED = """
select p.policy_number, coalesce(sum(
    case when i.document_kind = 'credit_note' then -l.net_minor else l.net_minor end), 0)
from policy p join policy_term t using (policy_id)
left join invoice_line l on l.policy_term_id = t.policy_term_id
    and l.charge_kind in ('premium', 'premium_change')
left join invoice i using (invoice_id) group by 1
"""
_UNSETTLED = """
select distinct p.policy_number from due_charge d join policy_term t using (policy_term_id)
join policy p using (policy_id) where d.outcome in ('held', 'failed')
"""


def agree(billing: Billing, folder: Path, *, seed: int, count: int) -> None:
    rng, own = Random(seed), random_own_days(seed)
    plans = tuple(
        replace(plan, change_billing=rng.choice(list(ChangeBilling)), bill_per=rng.choice(list(BillPer)))
        for plan in random_plans(seed)
    )
    policies = [
        replace(with_random_plan(policy), cut_over_date=CUT_OVER, cover_to_date=None)
        for policy in random_policies(seed=seed, count=count)
    ]
    add_plans(billing.database, plans)
    close_days(billing, own)
    import_text(billing.database, folder, csv_of(policies), mapping=MAPPING, cut_over_date=CUT_OVER)
    changes = {policy.policy_number: random_changes(rng, policy) for policy in policies}
    arriving: dict[int, list[str]] = {}
    for policy in policies:
        for change in changes[policy.policy_number]:
            arriving.setdefault(rng.randrange(len(RUN_DATES)), []).append(row_of(policy, change))
    for number, day in enumerate([*RUN_DATES, LONG_AFTER]):
        if number in arriving:
            import_changes(billing, folder, *arriving[number], name=f"{number}.csv")
        billing.invoice(order(billing, day))
        billing.invoice(order(billing, day))
    documented: dict[str, Any] = dict(queried(billing, _DOCUMENTED))
    unsettled = {name for (name,) in queried(billing, _UNSETTLED)}
    assert len(unsettled) < count / 2
    for policy in policies:
        if policy.policy_number not in unsettled:
            expected = owed_here(policy, changes[policy.policy_number], plans, own)
            assert int(documented[policy.policy_number]) == expected, policy


def order(billing: Billing, day: date) -> Any:
    return replace(billing.order(date(2023, 3, 1)), billing_date=day, issuing_date=day)


def owed_here(policy: ReferencePolicy, found: list[PolicyChange], plans: Any, own: Any) -> int:
    """Return what is owed of a term, less what was planned before the cut-over."""
    ends = (policy.effective_date, policy.expiration_date)
    parts = owed_parts(policy.premium_minor, *ends, found, plan_of(policy, plans).day_count.value)
    here = sum(each.planned_minor for each in installments(policy, COMPANY.place_code, plans=plans, own=own))
    return max(0, sum(part[2] for part in parts)) - (policy.premium_minor - here)


def proved(billing: Billing) -> None:
    number = "document_number(s.prefix, i.invoice_number)"
    query = f"select {number} from invoice i join number_series s using (number_series_id) order by 1"
    desk = Desk(billing)
    for (each,) in queried(billing, query):
        desk.explain(each)
    replay = billing.replay(RUN_DATES[0], LONG_AFTER)
    assert replay.differences == ()
    with billing.database.transaction() as connection:
        checks = run_checks(connection, None, at=datetime.now(UTC) + timedelta(hours=1))
    assert [(each.check.check_id, each.examples) for each in checks if each.offender_count] == []
    with billing.database.transaction() as connection:
        lines = "select count(*) from invoice_line where charge_kind = 'premium_change'"
        assert connection.execute(text(lines)).scalar_one() > 0


@pytest.mark.long
def test_random_changes_of_25_terms_come_to_what_is_owed_and_are_proved(
    billing: Billing, tmp_path: Path
) -> None:
    agree(billing, tmp_path, seed=5, count=25)
    proved(billing)


@pytest.mark.slow
def test_random_changes_of_120_terms_come_to_what_is_owed_and_are_proved(
    billing: Billing, tmp_path: Path
) -> None:
    agree(billing, tmp_path, seed=61, count=120)
    proved(billing)
