"""Events come in by their versions, each once, a bad one at its own cost, and their policies are billed."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from billing_assets.domain.policy_events import EventCounts, EventKind, PolicyEvent
from billing_assets.steps.drain_policy_events import EventOrder, drain_policy_events
from billing_assets.store.connection import Database
from billing_assets.wiring.policy_events import EventDesk
from billing_assets_tests.books import AT, fill_book
from billing_assets_tests.events import TODAY, change_event, drained, event_desk, outcomes, term_event
from billing_assets_tests.state import book_state, business_state


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Iterator[EventDesk]:
    """The desk of a company without a book."""
    with ExitStack() as stack:
        yield event_desk(database, tmp_path, stack)


def invoices(desk: EventDesk) -> list[tuple[object, ...]]:
    return business_state(desk.billing.database)["invoices"]


def terms(desk: EventDesk) -> list[tuple[object, ...]]:
    """Policy, premium and hold of the terms as they are now."""
    rows = book_state(desk.billing.database)["terms"]
    return [(row[0], row[5], row[6]) for row in rows if not row[8]]


def test_a_new_policy_has_its_first_invoice_ahead_of_its_date_or_all_that_is_due(desk: EventDesk) -> None:
    back = {"effective_date": "2023-11-01", "expiration_date": "2024-11-01"}
    facts = drained(desk, [term_event("A"), term_event("B", 1, **back)])
    assert (facts["event_count"], facts["taken_count"], facts["request_done_count"]) == (2, 2, 2)
    assert facts["run_count"] == 1
    numbers = {row.record_key[0]: len(row.invoice_numbers) for row in desk.events()}
    assert numbers == {"A": 1, "B": 3}
    assert [result for result in desk.billing.audit() if result.offender_count] == []
    assert desk.drain(billing_date=TODAY).facts["event_count"] == 0


def test_a_renewal_is_billed_by_its_dates_and_not_at_once(desk: EventDesk) -> None:
    drained(desk, [term_event("A")])
    coming = {"effective_date": "2025-02-01", "expiration_date": "2026-02-01"}
    facts = drained(desk, [term_event("A", 2, **coming)])
    assert facts["taken_count"] == facts["request_done_count"] == 1
    assert len(invoices(desk)) == 1


def test_the_same_events_again_under_any_key_and_older_ones_change_nothing(desk: EventDesk) -> None:
    first = [term_event("A", 3), term_event("B"), change_event("A", 4)]
    drained(desk, first)
    before = (business_state(desk.billing.database), book_state(desk.billing.database))
    assert desk.add(first) == 0
    late = term_event("A", 2, premium="999.00")
    facts = drained(desk, [*first, replace(first[0], event_key="again"), late])
    assert (facts["repeated_count"], facts["stale_count"], facts["taken_count"]) == (1, 1, 0)
    assert outcomes(desk)["again"] == ("done", "repeated")
    assert outcomes(desk)[late.event_key] == ("done", "stale")
    assert (business_state(desk.billing.database), book_state(desk.billing.database)) == before


@pytest.mark.long
def test_bad_events_become_problems_and_cost_only_themselves(desk: EventDesk) -> None:
    nested = PolicyEvent(
        event_key="n", event_kind=EventKind.POLICY, version=1, body={"policy_number": "N", "premum": "1"}
    )
    bad = [
        term_event("A", premium="12,50"),
        term_event("B", key="b"),
        term_event("B", key="b", premium="7.00"),
        term_event("C", key="c1"),
        term_event("C", key="c2", premium="7.00"),
        nested,
        change_event("", key="x"),
    ]
    facts = drained(desk, [*bad, term_event("D")])
    assert (facts["taken_count"], facts["refused_count"]) == (3, 5)
    codes = sorted(row[2] for row in book_state(desk.billing.database)["problems"])  # type: ignore[type-var]
    assert codes == [
        "amount_not_a_number",
        "event_key_reused",
        "event_malformed",
        "event_version_reused",
        "key_empty",
    ]
    # Of two that say different things nobody knows which is right: the term is held until somebody says.
    assert {row[0] for row in terms(desk)} == {"B", "C", "D"}
    assert len(invoices(desk)) == 1
    refused = desk.events(state="refused")
    assert all(row.problem_id for row in refused)
    drained(desk, [term_event("B", 2), term_event("C", 2), term_event("A", 2)])
    assert len(invoices(desk)) == 4


def test_a_version_that_is_refused_leaves_the_one_before_it_and_holds_its_term(desk: EventDesk) -> None:
    drained(desk, [term_event("A"), term_event("A", 2, premium="x")])
    assert [row[0] for row in terms(desk)] == ["A"]
    assert invoices(desk) == []
    drained(desk, [term_event("A", 3)])
    assert len(invoices(desk)) == 1


@pytest.mark.long
def test_a_change_waits_for_its_term_and_comes_in_with_it(desk: EventDesk) -> None:
    facts = drained(desk, [change_event("A", 2)])
    assert (facts["event_count"], facts["awaiting_count"]) == (0, 1)
    assert desk.inbox.counts() == EventCounts(takeable=0, awaiting=1)
    assert desk.work_count() == 0
    assert outcomes(desk)["A 2"] == ("open", "awaits_term")
    facts = drained(desk, [term_event("A")])
    assert (facts["taken_count"], facts["awaiting_count"]) == (2, 0)
    assert len(invoices(desk)) == 1
    with desk.billing.database.transaction() as connection:
        assert connection.exec_driver_sql("select count(*) from policy_change").scalar_one() == 1


def test_policies_that_say_different_things_of_one_payer_come_in_one_after_the_other(desk: EventDesk) -> None:
    names = ("Ann", "Anne", "Ann")
    events = [term_event(f"P{n}", payer_key="K", payer_name=name) for n, name in enumerate(names)]
    facts = drained(desk, events)
    assert (facts["taken_count"], facts["refused_count"]) == (3, 0)
    assert len(invoices(desk)) == 3


def test_batches_take_all_that_was_there(desk: EventDesk) -> None:
    desk.add([term_event(f"P{number}") for number in range(7)])
    facts = desk.drain(batch_events=3, billing_date=TODAY).facts
    assert (facts["taken_count"], facts["run_count"]) == (7, 1)


def test_what_was_taken_and_not_billed_is_billed_by_a_later_drain(desk: EventDesk) -> None:
    desk.add([term_event("A")])
    order = EventOrder(company_code="alondra", as_of_date=TODAY)
    drain_policy_events(order, inbox=desk.inbox, clock=lambda: AT)
    assert (desk.counts(), desk.work_count()) == (EventCounts(takeable=0, awaiting=0), 1)
    facts = desk.drain(billing_date=TODAY).facts
    assert (facts["event_count"], facts["request_done_count"], desk.work_count()) == (0, 1, 0)
    assert len(invoices(desk)) == 1


def test_a_policy_of_a_book_is_billed_by_its_dates_though_an_event_tells_of_it(desk: EventDesk) -> None:
    """An address may change months before anything is due."""
    fill_book(desk.billing.database, 1)
    plan = {"effective_date": "2024-02-01", "expiration_date": "2025-02-01", "payer_key": "K1"}
    facts = drained(desk, [term_event("POL-00000001", 1, **plan)])
    assert facts["taken_count"] == 1
    assert invoices(desk) == []
