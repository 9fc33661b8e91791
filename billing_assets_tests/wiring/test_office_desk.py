"""What pages show: which dates are comparable, and which runs may be decided on."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest

from billing_assets.store.connection import Database
from billing_assets.store.run_listings import RunFilter
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.office_desk import OfficeDesk, is_decidable
from billing_assets_tests.billed_store import as_owner, prepare_billed
from billing_assets_tests.books import billing_over

_EARLIER = """
insert into billing_run (company_id, billing_date, sequence_number, issuing_date, state, book_batch_id,
    shard_count, due_count, plan_totals, report, planned_at, finalised_at, held_reasons)
select company_id, day, 1, day, state, book_batch_id, 0, 0, '[]', report, planned_at, finalised_at, '[]'
from billing_run, unnest(array['2023-12-31', '2023-11-30', '2024-01-24', '2024-01-25']::date[]) as d (day)
where run_id = 1
"""


prepare = prepare_billed


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Iterator[OfficeDesk]:
    """The pages' desk over a small billed store."""
    with ExitStack() as stack:
        yield OfficeDesk(Desk(billing_over(database, tmp_path, stack)))


def test_comparable_are_the_same_weekday_and_the_same_day_of_the_month(office: OfficeDesk) -> None:
    """The last day of a shorter month stands for its 31st."""
    as_owner(office.desk.billing, _EARLIER)
    found = office.compared(office.run(1))
    assert [(row.billing_date, row.is_same_weekday, row.is_same_day) for row in found] == [
        (date(2023, 11, 30), False, True),
        (date(2023, 12, 31), False, True),
        (date(2024, 1, 24), True, False),
        (date(2024, 1, 31), False, False),
    ]


def test_the_day_holds_what_ended_and_what_was_invoiced(office: OfficeDesk) -> None:
    today = office.overview()
    assert [run.run_id for run in today.finished] == [1]
    assert [(row.day, row.currency) for row in today.amounts] == [(today.day, "EUR")]
    assert office.runs(RunFilter(limit=1))[0].run_id == 1
    assert not is_decidable(office.run(1))


def test_a_message_is_what_the_payer_gets(office: OfficeDesk) -> None:
    message = office.message("INV-00000001")
    assert "INV-00000001" in message.subject
    assert "INV-00000001" in message.words
    assert "</html>" in message.html
