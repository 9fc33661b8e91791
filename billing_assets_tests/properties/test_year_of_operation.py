"""A year of daily operation: holidays, two pauses and an outage later, all is billed, once.

The clock is an argument. The schedules fire as Dagster's ticks would let them, each run does its date, and in
the end the store holds what one undisturbed run of the last date makes of the same book.
"""

from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import text

from billing_assets.domain.activities import Activity
from billing_assets.domain.errors import BillingError
from billing_assets.domain.run_decisions import RunDecision, RunDecisionOrder
from billing_assets.domain.schedule_pauses import FiringState, Missed, PauseScope
from billing_assets.store.connection import Database
from billing_assets.store.schedule_firings import FiringFilter
from billing_assets.wiring.build import Billing
from billing_assets.wiring.pause_desk import PauseDesk
from billing_assets.wiring.schedule_desk import ScheduleDesk
from billing_assets_tests.books import billing_over, fill_book, seal
from billing_assets_tests.databases import analyse
from billing_assets_tests.scheduled import DAY, NIGHTLY, Clock

BEGIN = datetime(2024, 1, 31, 12, tzinfo=UTC)
LAST = date(2025, 1, 31)
OUTAGE = (date(2024, 6, 3), date(2024, 6, 8))
"""Nobody looks on these days."""
POLICY_COUNT = 20_000
ANALYSED = (5, 20, 100)
"""Before these runs the tables are counted, as a server does in the nights between."""
PAUSES = (
    (date(2024, 3, 27), date(2024, 4, 5), Missed.EACH),
    (date(2024, 8, 12), date(2024, 8, 26), Missed.ONE_RUN),
)
"""From, until, and how each is taken up."""

_BILLED = """
select policy_term_id, installment_number, charge_kind, period_from_date, period_to_date, net_minor::bigint
from invoice_line order by 1, 2, 3
"""


def operate(desk: ScheduleDesk, clock: Clock) -> int:
    """Let a year go by; return how many runs were made."""
    pauses, run_count = PauseDesk(desk), 0
    stopped: dict[date, int] = {}
    while (today := clock().date()) < LAST:
        for begin, until, _ in PAUSES:
            if today == begin:
                pause = pauses.pause(PauseScope.ACTIVITY, "invoice_run", reason="rates", by="ana")
                stopped[until] = pause.pause_id
        if today in stopped:
            choice = next(missed for _, until, missed in PAUSES if until == today)
            pauses.resume(stopped.pop(today), choice, reason="rates are there", by="ana")
        clock.pass_by(DAY)
        if OUTAGE[0] <= clock().date() < OUTAGE[1]:
            continue
        for firing in desk.look(Activity.INVOICE_RUN, clock()).firings:
            if run_count in ANALYSED:
                analyse(desk.database)
            bill(desk.billing, firing.nominal_date)
            desk.mark([(firing.firing_id, FiringState.DONE, f"run-{firing.firing_id}")])
            run_count += 1
    return run_count


def bill(billing: Billing, day: date) -> None:
    """Run a date; where a bound holds it, somebody looks at it and approves what it shows."""
    try:
        billing.invoice(billing.order(day))
    except BillingError as error:
        if error.code != "run_held":
            raise
        run_id = int(error.found.split()[1])
        billing.decide(
            RunDecisionOrder(
                run_id=run_id, decision=RunDecision.APPROVE, reason="a busy day", decided_by="bea"
            )
        )
        billing.invoice(billing.order(day))


def billed(database: Database) -> pl.DataFrame:
    """What was billed, line by line."""
    with database.transaction() as connection:
        return pl.read_database(text(_BILLED), connection, infer_schema_length=None)


def spread(database: Database) -> None:
    """Let the terms begin on as many days as a year has, and the book be as it is from before the first."""
    with database.transaction() as connection:
        connection.execute(text("reset role"))
        connection.execute(text("set local session_replication_role = replica"))
        for table, columns in _DATES.items():
            moved = ", ".join(f"{name} = {name} + (policy_id % 365)::int" for name in columns)
            connection.execute(text(f"update billing.{table} set {moved}"))
        connection.execute(text("set role billing_app"))


_DATES = {
    "policy_term": ("effective_date",),
    "policy_term_version": ("effective_date", "expiration_date", "anchor_date"),
}


@pytest.mark.slow
def test_a_year_with_pauses_and_an_outage_bills_each_period_once(
    fresh_database: Callable[[], Database], tmp_path: Path
) -> None:
    operated, undisturbed = fresh_database(), fresh_database()
    clock = Clock(BEGIN)
    with ExitStack() as stack:
        for each in (operated, undisturbed):
            fill_book(each, POLICY_COUNT)
            spread(each)
            seal(each)
            analyse(each)
        desk = ScheduleDesk(billing_over(operated, tmp_path / "a", stack), clock)
        desk.add("nightly", NIGHTLY, "the daily run", "ana")
        run_count = operate(desk, clock)
        other = billing_over(undisturbed, tmp_path / "b", stack)
        other.invoice(other.order(LAST))
        found = billed(operated)
        assert found.equals(billed(undisturbed))
        assert found.height > POLICY_COUNT
        assert found.select("policy_term_id", "installment_number", "charge_kind").is_unique().all()
        assert [each.check.check_id for each in desk.billing.audit() if each.offender_count] == []
        firings = desk.firings(FiringFilter(limit=1_000))
    states = {state: sum(each.state is state for each in firings) for state in FiringState}
    assert states[FiringState.DONE] == run_count
    assert states[FiringState.MERGED] > 0
    assert run_count + states[FiringState.MERGED] == len(firings)
    assert len({each.nominal_date for each in firings}) == len(firings) == (LAST - BEGIN.date()).days
