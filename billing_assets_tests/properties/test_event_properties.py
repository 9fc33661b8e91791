"""In whatever order events come, however often, the book and what is billed of it are the same in the end.

Each order is told of a policy of its own, all of them in one store and one drain, which costs as much as one.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from billing_assets.domain.policy_events import PolicyEvent
from billing_assets.wiring.policy_events import EventDesk
from billing_assets_tests.databases import copied_database
from billing_assets_tests.events import TODAY, change_event, event_desk, term_event

FIRST = {"effective_date": "2023-08-01", "expiration_date": "2024-08-01"}
LATER = {"effective_date": "2024-08-01", "expiration_date": "2025-08-01"}
UP = {"effective_date": "2023-08-01", "change_date": "2023-11-01"}
DOWN = {**UP, "change_date": "2023-12-01", "change_number": "2", "premium": "900.00"}
NUMBERS = count(1)
STATE = text("""
    select (select array_agg(v.premium_minor || ' ' || coalesce(v.hold_code, '') order by v.effective_date)
            from policy_term_version v where v.policy_id = p.policy_id and superseded_batch_id is null),
        (select array_agg(change_kind || change_number order by change_number)
            from policy_change c where c.policy_id = p.policy_id),
        (select sum(l.net_minor * case when l.credited_invoice_id is null then 1 else -1 end)
            from invoice_line l join policy_term t using (policy_term_id) where t.policy_id = p.policy_id),
        (select count(*) from problem q where q.policy_number = p.policy_number and q.is_open)
    from policy p where policy_number = :policy
""")
# Places of five events, told in this order, some of them twice or more.
ORDERS = st.lists(
    st.tuples(st.permutations(range(5)), st.lists(st.integers(0, 4), max_size=3)).map(
        lambda order: [*order[0], *order[1]]
    ),
    min_size=6,
    max_size=6,
)


@pytest.fixture(scope="module")
def desk(
    server_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[EventDesk]:
    """The desk of a company without a book; each example tells of other policies."""
    name = f"{template_database}_events"
    with copied_database(server_url, template_database, name) as database, ExitStack() as stack:
        yield event_desk(database, tmp_path_factory.mktemp("home"), stack)


def told_of(policy: str) -> list[PolicyEvent]:
    """Return the events of a policy: a term, two changes of it, a renewal."""
    return [
        term_event(policy, 2, **FIRST),
        change_event(policy, 3, **UP),
        change_event(policy, 4, **DOWN),
        term_event(policy, 5, **LATER),
    ]


def states(desk: EventDesk, policies: Sequence[str]) -> list[tuple[object, ...]]:
    with desk.billing.database.transaction() as connection:
        return [tuple(row) for each in policies for row in connection.execute(STATE, {"policy": each}).all()]


@pytest.mark.long
@settings(max_examples=2)
@given(orders=ORDERS)
def test_open_together_they_end_alike_in_any_order(desk: EventDesk, orders: list[list[int]]) -> None:
    """Also where the term is told of twice, otherwise each time."""
    policies = [f"A{next(NUMBERS)}" for _ in orders]
    for policy, order in zip(policies, orders, strict=True):
        events = [term_event(policy, 1, **FIRST, premium="700.00"), *told_of(policy)]
        desk.add([events[place] for place in order])
    desk.drain(billing_date=TODAY)
    found = states(desk, policies)
    assert len(found) == len(policies)
    assert len(set(map(str, found))) == 1
    assert found[0][0] == ["120000 ", "120000 "]


@pytest.mark.long
@settings(max_examples=1)
@given(orders=ORDERS)
def test_with_drains_between_them_as_much_is_billed_in_any_order(
    desk: EventDesk, orders: list[list[int]]
) -> None:
    policies = [f"B{next(NUMBERS)}" for _ in orders]
    for first in (0, 2, 4):
        last = first + 2 if first < 4 else None
        for policy, order in zip(policies, orders, strict=True):
            events = told_of(policy)
            desk.add([events[place % 4] for place in order[first:last]])
        desk.drain(billing_date=TODAY)
    found = states(desk, policies)
    assert len(found) == len(policies)
    assert len(set(map(str, found))) == 1
    assert [result for result in desk.billing.audit() if result.offender_count] == []
