"""A run is read from its row as the steps wrote it."""

from datetime import date

from sqlalchemy import text

from billing_assets.domain.runs import CurrencyTotal, Outcome, RunState
from billing_assets.store.connection import Database
from billing_assets.store.run_rows import RUN, plan_values, run_of, total_of
from billing_assets_tests.books import fill_book

TOTAL = CurrencyTotal(outcome=Outcome.INVOICED, currency="EUR", charge_count=2, net_minor=-30)


def test_a_run_comes_back_with_its_totals_and_its_selection(database: Database) -> None:
    fill_book(database, 1)
    statement = """
        insert into billing_run (company_id, billing_date, sequence_number, issuing_date, state,
            book_batch_id, shard_count, due_count, plan_totals, planned_at, selection)
        values (1, '2025-02-03', 1, '2025-02-04', 'planned', 1, 2, :due, cast(:totals as jsonb), now(),
            '{"place_codes": ["ES"]}')
    """
    with database.transaction() as connection:
        connection.execute(text(statement), plan_values((TOTAL,)))
        run = run_of(connection.execute(text(RUN)).one())
    assert (run.billing_date, run.issuing_date) == (date(2025, 2, 3), date(2025, 2, 4))
    assert (run.state, run.due_count, run.plan_totals) == (RunState.PLANNED, 2, (TOTAL,))
    assert run.selection.place_codes == ("ES",)
    assert not run.is_approved


def test_a_total_is_read_from_a_text_however_long() -> None:
    assert total_of("zero", "EUR", 1, "9" * 30).net_minor == int("9" * 30)
