"""Runs, requests and deliveries under holds: nothing is lost, and all of it comes once the hold is over."""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from billing_assets.domain.errors import BillingError
from billing_assets.domain.holds import BILLING_HOLD, HoldClock, HoldTerms
from billing_assets.domain.on_demand import RequestState
from billing_assets.domain.runs import Outcome
from billing_assets.steps import raise_invoices as raising
from billing_assets.store.connection import Database
from billing_assets.store.stuck_deliveries import list_stuck_deliveries
from billing_assets.wiring.build import Billing
from billing_assets.wiring.hold_desk import HoldDesk
from billing_assets.wiring.on_demand import OnDemandDesk
from billing_assets_tests.books import fill_book
from billing_assets_tests.steps.outbox import broken_invariants
from billing_assets_tests.steps.test_held_sending import deliver

FEBRUARY, MARCH, APRIL = date(2024, 2, 1), date(2024, 3, 1), date(2024, 4, 1)
LEAP_DAY = date(2024, 2, 29)
COUNT = 12
_OUTCOMES = """
select p.policy_number, v.place_code, d.outcome, coalesce(d.reason_code, '') as reason_code
from due_charge d join policy_term_version v using (policy_term_version_id) join policy p using (policy_id)
where d.run_id = :run order by 1
"""


def prepare(database: Database, _home: Path) -> None:
    """Twelve yearly terms from 1 February, half of Spain and half of England, of three plans."""
    fill_book(database, COUNT, places=(("ES", "EUR"), ("GB", "GBP")))


def hold(
    *clocks: HoldClock, place: str = "ES", first: date = FEBRUARY, last: date | None = LEAP_DAY
) -> HoldTerms:
    return HoldTerms(
        clocks=clocks or (HoldClock.BILL,), place_codes=(place,), from_date=first, until_date=last
    )


def stop(billing: Billing, terms: HoldTerms) -> int:
    return HoldDesk(billing).set(terms, reason="after the storm", by="ana").hold_id


def lift(billing: Billing, hold_id: int) -> None:
    HoldDesk(billing).lift(hold_id, reason="it is over", by="ana")


def run(billing: Billing, day: date, issuing: date | None = None) -> Counter[tuple[str, str, str]]:
    """Bill a date; return how many charges of each place had which outcome and reason."""
    facts = billing.invoice(billing.order(day, issuing_date=issuing)).facts
    if "run_id" not in facts:
        return Counter()
    with billing.database.transaction() as connection:
        rows = connection.execute(text(_OUTCOMES), {"run": facts["run_id"]}).all()
    return Counter((row.place_code, row.outcome, row.reason_code) for row in rows)


def billed(billing: Billing) -> list[tuple[object, ...]]:
    query = "select policy_term_id, installment_number, net_minor, tax_minor from invoice_line order by 1, 2"
    with billing.database.transaction() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def test_what_falls_due_under_a_hold_is_held_with_its_reason_and_the_rest_is_billed(
    billing: Billing,
) -> None:
    stop(billing, hold())
    found = run(billing, FEBRUARY)
    assert found["ES", "held", BILLING_HOLD] > 0
    assert found["GB", "invoiced", ""] > 0
    assert {place for place, outcome, _ in found if outcome == "invoiced"} == {"GB"}
    assert run(billing, FEBRUARY) == Counter()
    assert broken_invariants(billing) == []


def test_the_first_run_after_it_bills_what_was_held_to_the_cent(
    billing: Billing, database: Database, tmp_path: Path
) -> None:
    stop(billing, hold())
    for day in (FEBRUARY, LEAP_DAY, MARCH, APRIL):
        run(billing, day)
    held = billed(billing)
    assert broken_invariants(billing) == []
    with billing.database.transaction() as connection:
        late = connection.execute(
            text("select min(due_date - issue_date) from invoice where issue_date = date '2024-03-01'")
        ).scalar_one()
    assert late >= 14
    assert len({row[:2] for row in held}) == len(held)
    assert {row[0] for row in held} == set(range(1, COUNT + 1))


def test_what_a_lifted_hold_has_held_comes_with_the_next_date(billing: Billing) -> None:
    hold_id = stop(billing, hold())
    first = run(billing, FEBRUARY)
    lift(billing, hold_id)
    # A date tells of a term but once.
    assert run(billing, FEBRUARY) == Counter()
    again = run(billing, FEBRUARY + timedelta(days=1))
    assert again["ES", "invoiced", ""] == first["ES", "held", BILLING_HOLD]
    assert {place for place, _, _ in again} == {"ES"}
    assert broken_invariants(billing) == []


@pytest.mark.parametrize(
    ("day", "issuing", "is_held"),
    [
        (FEBRUARY, FEBRUARY, True),
        (LEAP_DAY, MARCH, True),
        (MARCH, MARCH, False),
        (FEBRUARY - timedelta(days=1), FEBRUARY, True),
        (FEBRUARY - timedelta(days=1), FEBRUARY - timedelta(days=1), False),
    ],
)
def test_a_hold_stops_a_run_by_its_date_and_by_the_day_of_its_documents(
    billing: Billing, day: date, issuing: date, is_held: bool
) -> None:
    stop(billing, hold())
    found = run(billing, day, issuing)
    assert ("ES", "held", BILLING_HOLD) in found if is_held else ("ES", "invoiced", "") in found
    assert broken_invariants(billing) == []


def test_a_plan_that_was_shown_before_the_hold_issues_nothing_more_of_it(billing: Billing) -> None:
    planned = billing.plan(billing.order(FEBRUARY))
    stop(billing, hold())
    found = run(billing, FEBRUARY)
    assert found["ES", "invoiced", ""] == 0
    assert {total.outcome for total in planned.totals} == {Outcome.INVOICED}


def test_a_policy_under_a_hold_is_refused_on_demand_with_the_reason(billing: Billing) -> None:
    stop(billing, hold())
    desk = OnDemandDesk(billing)
    held = desk.invoice(number_of(billing, "ES"), MARCH, billing_date=FEBRUARY)
    assert (held.state, held.reason_code) == (RequestState.FAILED, BILLING_HOLD)
    free = desk.invoice(number_of(billing, "GB"), MARCH, billing_date=FEBRUARY)
    assert desk.numbers_of(free)
    assert desk.invoice(number_of(billing, "ES"), MARCH, billing_date=MARCH).state is RequestState.DONE
    assert broken_invariants(billing) == []


def number_of(billing: Billing, place: str) -> str:
    query = """select policy_number from policy join policy_term_version using (policy_id)
        where place_code = :place order by 1 limit 1"""
    with billing.database.transaction() as connection:
        return str(connection.execute(text(query), {"place": place}).scalar_one())


def test_runs_under_a_hold_replay_as_they_were(billing: Billing) -> None:
    hold_id = stop(billing, hold())
    run(billing, FEBRUARY)
    lift(billing, hold_id)
    run(billing, MARCH)
    found = billing.replay(FEBRUARY, MARCH)
    assert (found.result.facts["run_count"], found.differences) == (2, ())


def test_a_message_under_a_hold_waits_and_leaves_once_it_is_over(billing: Billing) -> None:
    run(billing, FEBRUARY)
    billing.print(FEBRUARY)
    stop(billing, hold(HoldClock.SEND))
    sent, waiting = deliver(billing, FEBRUARY, FEBRUARY)
    assert sent > 0
    assert waiting > 0
    assert deliver(billing, FEBRUARY, LEAP_DAY) == (0, waiting)
    assert deliver(billing, FEBRUARY, MARCH) == (waiting, 0)
    assert deliver(billing, FEBRUARY, MARCH) == (0, 0)
    assert broken_invariants(billing) == []


@pytest.mark.parametrize("last", [LEAP_DAY, None])
def test_what_a_hold_kept_from_leaving_leaves_with_the_deliveries_of_the_next_date(
    billing: Billing, monkeypatch: pytest.MonkeyPatch, last: date | None
) -> None:
    monkeypatch.setattr(billing.documents, "clock", lambda: datetime.combine(FEBRUARY, time(12), tzinfo=UTC))
    run(billing, FEBRUARY)
    billing.print(FEBRUARY)
    hold_id = stop(billing, hold(HoldClock.SEND, last=last))
    _, waiting = deliver(billing, FEBRUARY, FEBRUARY)
    assert deliver(billing, LEAP_DAY, LEAP_DAY) == (0, 0)
    if last is None:
        lift(billing, hold_id)
    assert deliver(billing, MARCH, MARCH) == (waiting, 0)
    assert broken_invariants(billing) == []


def test_a_message_under_a_hold_that_is_lifted_leaves_at_once(billing: Billing) -> None:
    run(billing, FEBRUARY)
    billing.print(FEBRUARY)
    hold_id = stop(billing, hold(HoldClock.SEND, last=None))
    _, waiting = deliver(billing, FEBRUARY, FEBRUARY)
    lift(billing, hold_id)
    assert deliver(billing, FEBRUARY, FEBRUARY) == (waiting, 0)


def test_what_waits_by_a_hold_is_not_stuck(billing: Billing) -> None:
    run(billing, FEBRUARY)
    billing.print(FEBRUARY)
    hold_id = stop(billing, hold(HoldClock.SEND, last=None))
    deliver(billing, FEBRUARY, FEBRUARY)

    def stuck() -> int:
        with billing.database.transaction() as connection:
            later = datetime.now(UTC) + timedelta(hours=9)
            return sum(each.delivery_count for each in list_stuck_deliveries(connection, 1, later, MARCH))

    assert stuck() == 0
    lift(billing, hold_id)
    assert stuck() > 0


def test_a_hold_waits_for_a_run_that_is_under_way(billing: Billing) -> None:
    told: list[str] = []
    desk = HoldDesk(billing)

    class EnoughError(Exception):
        pass

    def progress(stage: str, _done: int, _total: int) -> None:
        told.append(stage)
        raise EnoughError

    with billing.runs.lock_runs(1, lambda *_: None), pytest.raises(EnoughError):
        desk.set(hold(), reason="after the storm", by="ana", progress=progress)
    assert "waiting" in told[0]
    assert desk.holds() == []


def test_the_same_words_of_nobody_are_refused(billing: Billing) -> None:
    with pytest.raises(BillingError, match="--why"):
        HoldDesk(billing).set(hold(), reason=" ", by="ana")


def test_a_run_that_goes_on_after_its_hold_was_lifted_bills_with_nothing_to_find(
    billing: Billing, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold_id = stop(billing, hold())

    class DiedError(Exception):
        pass

    def die(*_: object) -> int:
        raise DiedError

    with monkeypatch.context() as broken:
        broken.setattr(raising, "_bill_shards", die)
        with pytest.raises(DiedError):
            run(billing, FEBRUARY)
    lift(billing, hold_id)
    assert run(billing, FEBRUARY)["ES", "invoiced", ""] > 0
    assert broken_invariants(billing) == []
