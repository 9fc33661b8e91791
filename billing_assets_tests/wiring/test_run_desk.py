"""A run that somebody asks for in the office: looked at without a trace, then started once, by name."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from billing_assets.domain.access import Actor, ActorKind
from billing_assets.domain.errors import BillingError
from billing_assets.domain.selections import EVERYTHING, Selection
from billing_assets.store.connection import Database
from billing_assets.wiring.acting import acting_as
from billing_assets.wiring.build import Billing, today_of
from billing_assets.wiring.run_desk import RunDesk
from billing_assets.wiring.run_starter import RunStarter
from billing_assets_tests.books import billing_over
from billing_assets_tests.changes import broken, queried
from billing_assets_tests.selected import MIXTURES, fill_mixed_book

JANUARY = date(2025, 1, 2)
MOTOR = Selection(product_codes=("motor",))


def prepare(database: Database, home: Path) -> None:
    fill_mixed_book(database, home)


@pytest.fixture
def billing(database: Database, tmp_path: Path) -> Iterator[Billing]:
    with ExitStack() as stack:
        ana = Actor(kind=ActorKind.LOGIN, name="ana")
        yield acting_as(billing_over(database, tmp_path, stack), ana)


@pytest.fixture
def desk(billing: Billing) -> RunDesk:
    return RunDesk(billing, RunStarter())


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(BillingError) as caught:
        act()
    return caught.value.code


def test_a_preview_counts_as_a_dry_run_does_and_writes_nothing(desk: RunDesk, billing: Billing) -> None:
    order = desk.order(JANUARY, MOTOR)
    found = desk.preview(order)
    assert found.due_count == len(MIXTURES) // 2
    assert found.totals == billing.plan(order, is_dry_run=True).totals
    # Policies of a payer share a bill.
    assert 0 < found.invoice_count <= found.due_count
    assert queried(billing, "select count(*) from billing_run") == [(0,)]


@pytest.mark.long
def test_a_run_is_started_once_as_it_was_shown_and_the_log_says_by_whom(
    desk: RunDesk, billing: Billing
) -> None:
    order = desk.order(JANUARY, MOTOR)
    shown = desk.preview(order)
    desk.start(order, is_quiet=True)
    desk.starter.wait()
    issued = queried(billing, "select count(*) from invoice")[0][0]
    assert issued == shown.invoice_count
    assert queried(billing, "select asked_by, state, selection from billing_run") == [
        ("ana", "finalised", {"product_codes": ["motor"]})
    ]
    log = "select act, actor_name, subject_kind, subject_id, after from audit_entry where act = 'start_run'"
    after = {"product_codes": ["motor"], "is_delivered": False}
    [(act, name, kind, subject, said)] = queried(billing, log)
    assert (act, name, kind, subject) == ("start_run", "ana", "day", "2025-01-02")
    assert said == after
    # Pressed twice, and then the whole date: nothing twice.
    desk.start(desk.order(JANUARY, MOTOR), is_quiet=True)
    desk.starter.wait()
    assert desk.preview(desk.order(JANUARY, MOTOR)).due_count == 0
    rest = desk.preview(desk.order(JANUARY, EVERYTHING))
    assert rest.due_count == len(MIXTURES) // 2
    assert queried(billing, "select count(*) from invoice")[0][0] == issued
    assert broken(billing) == {}


def test_what_cannot_be_begun_is_refused_before_anybody_waits_for_it(desk: RunDesk, billing: Billing) -> None:
    assert refusal(lambda: desk.order(JANUARY, Selection(product_codes=("boat",)))) == "selection_unknown"
    assert refusal(lambda: desk.order(JANUARY, MOTOR, "summer")) == "template_name_inactive"
    late = today_of(billing.runs.issuer(billing.company_code()).company) + timedelta(days=400)
    assert refusal(lambda: desk.order(late, MOTOR)) == "date_too_far"
    planned = replace(billing.order(JANUARY), selection=MOTOR)
    run_id = billing.plan(planned).facts["run_id"]
    assert refusal(lambda: desk.order(JANUARY, EVERYTHING)) == "run_of_other_selection"
    billing.runs.start(int(run_id))
    assert refusal(lambda: desk.order(JANUARY + timedelta(days=40), MOTOR)) == "run_under_way"
    # The very run that was interrupted is what is gone on with.
    assert desk.order(JANUARY, MOTOR).selection == MOTOR
