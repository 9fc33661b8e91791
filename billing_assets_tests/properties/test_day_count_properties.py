"""However a plan counts days, a term comes to its premium and nothing below 0, as the reference says."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_assets.domain.payment_plans import PaymentPlan
from billing_assets.domain.plan_records import PLAN_FIELDS, plan_from
from billing_assets.domain.term_days import TermDayCount
from billing_assets_tests.frames.rows import due, nets, plan, plans
from billing_assets_tests.properties.strategies import STEADY, arrangements, term_rows
from billing_assets_tests.reference.installments import installments
from billing_assets_tests.reference.policy import ReferencePolicy

NAMED = st.sampled_from([count for count in TermDayCount if count is not TermDayCount.ACTUAL_TERM])


def policy(row: dict[str, Any]) -> ReferencePolicy:
    names = [name for name in ReferencePolicy.__slots__ if name in row]
    return ReferencePolicy(**{name: row[name] for name in names})


def plan_of(row: dict[str, Any]) -> PaymentPlan:
    texts = {name: str(row[name]) for name in PLAN_FIELDS if row.get(name) is not None}
    found, faults = plan_from({**texts, "source": "a test"})
    assert found is not None, faults
    return found


@pytest.mark.long
@STEADY
@given(row=term_rows(), count=NAMED, arranged=arrangements(), cut=st.none() | st.integers(-5, 805))
def test_installments_come_to_the_premium_and_are_those_of_the_reference(
    row: dict[str, Any], count: TermDayCount, arranged: dict[str, Any], cut: int | None
) -> None:
    named = plan(row["plan_code"], day_count=count.value, **arranged)
    cover = {"cover_to_date": None if cut is None else row["effective_date"] + timedelta(days=cut)}
    whole, found = nets(due(row, plan_rows=plans(named))), due({**row, **cover}, plan_rows=plans(named))
    assert sum(whole) == row["premium_minor"]
    assert min([*whole, *nets(found)]) >= 0
    slow = installments(policy({**row, **cover}), "ES", plans=(plan_of(named),))
    assert nets(found) == [each.net_minor for each in slow]


@pytest.mark.long
@STEADY
@given(row=term_rows(), count=NAMED, cuts=st.tuples(st.integers(0, 805), st.integers(0, 805)))
def test_no_day_of_cover_makes_a_term_cheaper(
    row: dict[str, Any], count: TermDayCount, cuts: tuple[int, int]
) -> None:
    named = plans(plan(row["plan_code"], day_count=count.value))
    days: list[date] = [row["effective_date"] + timedelta(days=cut) for cut in sorted(cuts)]
    less, more = (sum(nets(due({**row, "cover_to_date": day}, plan_rows=named))) for day in days)
    assert less <= more <= row["premium_minor"]
