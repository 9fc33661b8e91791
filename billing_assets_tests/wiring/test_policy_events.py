"""Two drains at once take and bill each event once; what waits for a run is no work."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text

from billing_assets.store.connection import Database
from billing_assets_tests.events import TODAY, change_event, event_desk, term_event
from billing_assets_tests.state import business_state

COUNT = 12


@pytest.mark.long
def test_two_drains_at_once_take_and_bill_each_event_once(database: Database, tmp_path: Path) -> None:
    numbers = [f"P{number:02d}" for number in range(COUNT)]
    url = database.engine.url.render_as_string(hide_password=False)
    with ExitStack() as stack:
        desks = [event_desk(database, tmp_path, stack)]
        other = Database(url)
        stack.callback(other.close)
        desks.append(event_desk(other, tmp_path, stack))
        desks[0].add([event for number in numbers for event in (term_event(number), change_event(number))])
        with ThreadPoolExecutor(2) as pool:
            results = list(pool.map(lambda desk: desk.drain(batch_events=5, billing_date=TODAY), desks))
        assert sum(int(result.facts["taken_count"]) for result in results) == COUNT * 2
        assert desks[0].work_count() == 0
        assert {row.state for row in desks[0].events(limit=99)} == {"done"}
        assert [result for result in desks[0].billing.audit() if result.offender_count] == []
    state = business_state(database)
    assert len(state["invoices"]) == COUNT
    assert len({row[3] for row in state["lines"]}) == COUNT


@pytest.mark.long
def test_while_a_run_is_under_way_or_interrupted_there_is_no_work(database: Database, tmp_path: Path) -> None:
    with ExitStack() as stack:
        desk = event_desk(database, tmp_path, stack)
        desk.add([term_event("A")])
        assert (desk.work_count(), desk.counts().takeable) == (1, 1)
        desk.drain(billing_date=TODAY)
        desk.add([term_event("B")])
        desk.billing.plan(desk.billing.order(date(2024, 3, 1)))
        with database.transaction() as connection:
            connection.execute(text("update billing_run set state = 'running' where run_kind = 'billing'"))
        assert (desk.work_count(), desk.counts().takeable) == (0, 1)
