"""What a hold would touch is what it then holds, to the cent."""

from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import text

from billing_assets.domain.holds import HoldClock, HoldTerms, hold_from
from billing_assets.steps.crews import NothingKept, ThreadCrew
from billing_assets.steps.simulate_hold import LOOKED_AHEAD, HoldSimulation, simulate_hold
from billing_assets.store.connection import Database
from billing_assets.store.run_overview import volumes_of
from billing_assets.wiring.build import Billing
from billing_assets.wiring.hold_desk import HoldDesk
from billing_assets_tests.books import fill_book
from billing_assets_tests.changes import change_row, import_changes

FEBRUARY, LAST, AFTER = date(2024, 2, 1), date(2024, 3, 14), date(2024, 3, 15)
SUNDAY = date(2024, 3, 17)


def prepare(database: Database, _home: Path) -> None:
    """Thirty policies of several plans and two places."""
    fill_book(database, 30, places=(("ES", "EUR"), ("GB", "GBP")))


def hold(*places: str, last: date | None = LAST, first: date = FEBRUARY) -> HoldTerms:
    return HoldTerms(clocks=(HoldClock.BILL,), place_codes=places, from_date=first, until_date=last)


def simulated(billing: Billing, terms: HoldTerms) -> HoldSimulation:
    store = billing.runs
    return simulate_hold("alondra", terms, store=store, crew=ThreadCrew(store, NothingKept()))


def figures(simulation: HoldSimulation) -> list[tuple[str, int, int]]:
    return [(row.currency, row.invoice_count, row.total_minor) for row in simulation.totals]


def test_what_it_says_is_what_comes_with_the_first_run_after_the_hold(billing: Billing) -> None:
    # The run of the day after bills what is due on that day too.
    found = simulated(billing, hold("ES", last=AFTER))
    assert {row.currency for row in found.totals} == {"EUR"}
    HoldDesk(billing).set(hold("ES"), reason="after the storm", by="ana")
    days = [FEBRUARY + timedelta(days=number) for number in range(LOOKED_AHEAD)]
    for day in days[: (LAST - FEBRUARY).days + 1]:
        billing.invoice(billing.order(day))
    billing.invoice(billing.order(AFTER))
    with billing.database.transaction() as connection:
        billed = volumes_of(connection, 1, days)
    spanish = [row for row in billed if row.currency == "EUR"]
    assert [(row.currency, row.invoice_count, row.total_minor) for row in spanish] == figures(found)
    assert {row.billing_date for row in spanish} == {AFTER}


def test_policies_are_counted_once_and_only_of_the_place(billing: Billing) -> None:
    spain, both = simulated(billing, hold("ES")), simulated(billing, hold())
    assert (spain.policy_count, spain.term_count) == (15, 15)
    assert (both.policy_count, both.term_count) == (30, 30)
    assert 0 < spain.billed_policy_count <= 15
    assert len(both.totals) == 2


def test_a_hold_before_the_terms_begin_touches_no_policy_in_force(billing: Billing) -> None:
    found = simulated(billing, hold("ES", first=date(2023, 1, 1), last=date(2023, 1, 31)))
    assert (found.policy_count, found.billed_policy_count, found.days) == (0, 0, ())


def test_without_an_end_its_first_sixty_days_are_looked_at(billing: Billing) -> None:
    found = simulated(billing, hold("ES", last=None))
    assert found.to_date == FEBRUARY + timedelta(days=LOOKED_AHEAD)


def test_nothing_is_written(billing: Billing) -> None:
    simulated(billing, hold("ES"))
    assert HoldDesk(billing).holds(with_lifted=True) == []
    assert billing.audit()


def test_the_furthest_hold_that_may_be_set_can_be_looked_at(billing: Billing) -> None:
    texts = {"clocks": "bill", "from_date": "1950-01-01", "until_date": "2199-12-31"}
    assert simulated(billing, hold_from(texts)).billed_policy_count == 30
    assert simulated(billing, hold_from({**texts, "from_date": "2199-12-31", "until_date": ""})).days


def test_changes_count_where_the_last_day_is_closed(billing: Billing, tmp_path: Path) -> None:
    billing.invoice(billing.order(FEBRUARY))
    rows = [change_row(policy, 1, "endorsement", AFTER, premium="900.00") for policy in range(1, 31)]
    friday, sunday = (simulated(billing, hold("ES", last=day)) for day in (AFTER, SUNDAY))
    import_changes(billing, tmp_path, *rows)
    dearer, over = (simulated(billing, hold("ES", last=day)) for day in (AFTER, SUNDAY))
    more = dearer.totals[0].total_minor - friday.totals[0].total_minor
    assert more > 0
    assert over.totals[0].total_minor - sunday.totals[0].total_minor == more


def test_what_waits_in_a_run_for_its_approval_counts(billing: Billing) -> None:
    found = simulated(billing, hold("ES"))
    billing.plan(billing.order(FEBRUARY))
    with billing.database.transaction() as connection:
        connection.execute(text("update billing_run set state = 'held'"))
    assert figures(simulated(billing, hold("ES"))) == figures(found)
