"""A term is released once nothing that stands billed of it differs from the book; the story is in its step.

`steps/test_replace_invoice` tells it from the change in the book to the last installment.
"""

from datetime import UTC, date, datetime

from billing_assets.domain.runs import RunState
from billing_assets.steps.run_ports import Run
from billing_assets.store.connection import Database
from billing_assets.store.replaced_terms import release_answered
from billing_assets_tests.books import fill_book

AT = datetime(2024, 3, 1, tzinfo=UTC)


def test_a_run_that_replaced_nothing_releases_nothing(database: Database) -> None:
    fill_book(database, 2)
    run = Run(
        run_id=1,
        company_id=1,
        billing_date=date(2024, 3, 1),
        sequence_number=1,
        issuing_date=date(2024, 3, 1),
        state=RunState.FINALISED,
        book_batch_id=1,
        due_count=0,
        plan_totals=(),
    )
    with database.transaction() as connection:
        assert release_answered(connection, run, [1, 2], note="n", closed_by="ana", at=AT) == 0
