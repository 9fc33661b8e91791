"""Planning counts before anything is issued, and can be done again until a run has begun."""

from collections.abc import Generator, Sequence
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text

from billing_assets.steps import plan_due_charges as planning
from billing_assets.steps import price_plan
from billing_assets.steps.calendar_ports import ClosedDayOrder
from billing_assets.steps.crews import Result, ShardJob, ThreadCrew
from billing_assets.steps.plan_due_charges import cut_shards, plan_due_charges
from billing_assets.steps.run_ports import BookPosition, Shard
from billing_assets.store.connection import Database
from billing_assets.wiring.build import Billing
from billing_assets.wiring.desk import Desk
from billing_assets_tests.books import add_term, change_premium, fill_book
from billing_assets_tests.changes import change_row, import_changes

FEBRUARY = date(2024, 2, 1)


def prepare(database: Database, home: Path) -> None:
    fill_book(database, 30)


def runs(billing: Billing) -> list[tuple[object, ...]]:
    query = (
        "select sequence_number, state, issuing_date, due_count, shard_count from billing_run order by run_id"
    )
    with billing.database.transaction() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def test_a_plan_counts_and_is_recorded_once(billing: Billing) -> None:
    first = billing.plan(billing.order(FEBRUARY))
    again = billing.plan(billing.order(FEBRUARY))
    assert first.facts["due_count"] == 30
    assert (again.facts, again.totals) == (first.facts, first.totals)
    assert runs(billing) == [(1, "planned", FEBRUARY, 30, 1)]


def test_a_plan_with_another_issuing_date_replaces_the_first_and_the_run_uses_it(billing: Billing) -> None:
    billing.plan(billing.order(FEBRUARY))
    billing.invoice(billing.order(FEBRUARY, date(2024, 2, 9)))
    assert runs(billing) == [(1, "finalised", date(2024, 2, 9), 30, 1)]
    with billing.database.transaction() as connection:
        dates = connection.execute(text("select distinct issue_date from invoice")).scalars().all()
    assert dates == [date(2024, 2, 9)]


class NoCrew:
    """A crew that must not be needed."""

    def work(self, _job: ShardJob[Result], shards: Sequence[Shard]) -> Generator[Result]:
        yield from ()
        raise AssertionError(f"{len(shards)} shards were priced")


def is_priced(billing: Billing) -> bool:
    try:
        plan_due_charges(billing.order(FEBRUARY), store=billing.runs, crew=NoCrew(), is_dry_run=True)
    except AssertionError:
        return True
    return False


def test_a_date_whose_run_was_the_last_is_priced_again_only_where_something_has_changed(
    billing: Billing,
) -> None:
    assert is_priced(billing)
    billing.invoice(billing.order(FEBRUARY))
    assert not is_priced(billing)
    assert billing.invoice(billing.order(FEBRUARY)).facts == {"due_count": 0, "invoice_count": 0}
    billing.close_day(
        ClosedDayOrder(
            day=date(2024, 5, 7), is_closed=True, purpose=None, note="the office moves", recorded_by="ana"
        )
    )
    assert is_priced(billing)


def test_a_run_of_another_date_or_a_correction_has_the_date_priced_again(billing: Billing) -> None:
    for billed in (FEBRUARY, date(2024, 3, 1)):
        billing.invoice(billing.order(billed))
    assert is_priced(billing)


def test_an_earlier_plan_that_was_billed_later_has_the_date_priced_again(billing: Billing) -> None:
    billing.plan(billing.order(date(2024, 3, 1)))
    billing.invoice(billing.order(FEBRUARY))
    assert not is_priced(billing)
    billing.invoice(billing.order(date(2024, 3, 1)))
    assert is_priced(billing)


def test_a_problem_that_a_person_closes_has_the_date_priced_again(billing: Billing, tmp_path: Path) -> None:
    import_changes(billing, tmp_path, change_row(1, 1, "endorsement", date(2024, 7, 1), premium="7o0.00"))
    billing.invoice(billing.order(FEBRUARY))
    assert not is_priced(billing)
    Desk(billing).close_problem(1, note="seen", closed_by="Ann")
    assert is_priced(billing)


@pytest.mark.parametrize(("version", "another"), [("program_sha256", str), ("HOLIDAYS_VERSION", "another")])
def test_another_program_or_list_of_holidays_has_the_date_priced_again(
    billing: Billing, monkeypatch: pytest.MonkeyPatch, version: str, another: object
) -> None:
    billing.invoice(billing.order(FEBRUARY))
    assert not is_priced(billing)
    monkeypatch.setattr(price_plan, version, another)
    assert is_priced(billing)


def test_a_new_book_has_the_date_priced_again(billing: Billing) -> None:
    billing.invoice(billing.order(FEBRUARY))
    change_premium(billing.database, policy_id=3, premium_minor=1_000)
    assert is_priced(billing)


def test_a_run_that_was_taken_up_again_does_not_stand_for_its_date(billing: Billing) -> None:
    planned = billing.plan(billing.order(FEBRUARY))
    billing.runs.start(int(planned.facts["run_id"]))
    billing.invoice(billing.order(FEBRUARY))
    assert is_priced(billing)


def test_a_plan_that_another_date_has_billed_since_is_made_anew(billing: Billing) -> None:
    billing.plan(billing.order(FEBRUARY))
    billing.invoice(billing.order(date(2024, 2, 8)))
    result = billing.invoice(billing.order(FEBRUARY))
    assert result.facts["invoice_count"] == 0
    assert [row[:2] for row in runs(billing)] == [(1, "finalised"), (1, "finalised")]


def test_a_late_plan_of_a_finalised_date_never_stays_open(billing: Billing) -> None:
    billing.invoice(billing.order(FEBRUARY))
    add_term(billing.database, "LATE-1", effective=FEBRUARY)
    assert billing.plan(billing.order(FEBRUARY)).facts["due_count"] == 1
    billing.invoice(billing.order(date(2024, 2, 8)))
    billing.invoice(billing.order(FEBRUARY))
    assert {row[1] for row in runs(billing)} == {"finalised"}


def test_a_begun_run_is_reported_with_its_plan(billing: Billing) -> None:
    planned = billing.plan(billing.order(FEBRUARY))
    billing.runs.start(int(planned.facts["run_id"]))
    add_term(billing.database, "NEW-1", effective=FEBRUARY)
    assert billing.plan(billing.order(FEBRUARY)).facts == planned.facts


def test_progress_counts_the_shards(billing: Billing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "SHARD_TERMS", 10)
    told: list[tuple[str, int, int]] = []
    order = billing.order(FEBRUARY)
    plan_due_charges(
        order, store=billing.runs, crew=ThreadCrew(billing.runs), progress=lambda *step: told.append(step)
    )
    assert told == [("planning", done, 4) for done in (1, 2, 3, 4)]


def test_a_stop_while_planning_leaves_nothing_and_ends_at_once(
    billing: Billing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "SHARD_TERMS", 1)

    def stop(stage: str, done: int, _total: int) -> None:
        if stage == "planning" and done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        plan_due_charges(
            billing.order(FEBRUARY), store=billing.runs, crew=ThreadCrew(billing.runs), progress=stop
        )
    assert runs(billing) == []


def test_a_book_without_policies_is_one_empty_shard() -> None:
    (shard,) = cut_shards(BookPosition(batch_id=0, policy_borders=(1,)))
    assert shard.from_policy_id == shard.to_policy_id


def test_shards_join_without_gap_or_overlap() -> None:
    shards = cut_shards(BookPosition(batch_id=1, policy_borders=(3, 10, 11, 40)))
    assert [(s.from_policy_id, s.to_policy_id) for s in shards] == [(3, 10), (10, 11), (11, 40)]
