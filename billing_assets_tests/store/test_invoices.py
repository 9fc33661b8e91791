"""Numbers have no gap whoever writes and fails, and a book is read as of its batch."""

import random
import threading
from datetime import date

import polars as pl
import pytest
from sqlalchemy import text

from billing_assets.domain.runs import RunOrder
from billing_assets.steps.run_ports import Run, RunBasis, Shard
from billing_assets.store.connection import Database
from billing_assets.store.invoices import ShardTransaction, read_shard_book
from billing_assets.store.runs import SqlRunStore
from billing_assets_tests.books import AT, fill_book, plan_of

FEBRUARY = date(2024, 2, 1)
EVERYTHING = Shard(shard_number=0, from_policy_id=1, to_policy_id=1_000_000)
WRITERS = 8


def open_run(database: Database, shard_count: int) -> tuple[Run, tuple[Shard, ...]]:
    shards = tuple(Shard(shard_number=n, from_policy_id=n, to_policy_id=n + 1) for n in range(shard_count))
    store = SqlRunStore(database, lambda: AT)
    order = RunOrder(company_code="alondra", billing_date=FEBRUARY, issuing_date=FEBRUARY)
    return store.record_plan(1, order, RunBasis(batch_id=1), shards, plan_of()), shards


def heads(run: Run, ids: pl.Series, series_id: int, first_number: int, issue_date: date) -> pl.DataFrame:
    count = len(ids)
    return pl.DataFrame(
        {
            "invoice_id": ids,
            "invoice_number": range(first_number, first_number + count),
            "snapshot_sha256": ["00" * 32] * count,
        }
    ).with_columns(
        company_id=pl.lit(1),
        run_id=pl.lit(run.run_id),
        number_series_id=pl.lit(series_id),
        document_kind=pl.lit("invoice"),
        issue_date=pl.lit(issue_date),
        due_date=pl.lit(issue_date),
        tax_point_date=pl.lit(issue_date),
        currency=pl.lit("EUR"),
        net_minor=pl.lit(100),
        tax_minor=pl.lit(8),
        total_minor=pl.lit(108),
        payer_id=pl.lit(1),
        payer_version_id=pl.lit(1),
        company_version_id=pl.lit(1),
        template_version_id=pl.lit(1),
    )


@pytest.mark.long
def test_eight_writers_of_whom_some_roll_back_leave_no_gap(database: Database) -> None:
    fill_book(database, 1)
    run, shards = open_run(database, WRITERS)
    store = SqlRunStore(database, lambda: AT)
    faults: list[Exception] = []
    rolled_back: list[int] = []

    def write(shard: Shard) -> None:
        chance = random.Random(shard.shard_number)
        for _ in range(12):
            count = chance.randint(1, 7)
            try:
                with store.shard_work(run, shard) as work:
                    ids = work.draw_invoice_ids(count)
                    block = work.draw_numbers(count, "invoice", "INV-", FEBRUARY)
                    work.write_invoices(
                        heads(run, ids, block.number_series_id, block.first_number, block.issue_date)
                    )
                    if chance.random() < 0.3:
                        raise ValueError
            except ValueError:
                rolled_back.append(count)
            except Exception as error:  # noqa: BLE001 - handed to the test
                faults.append(error)

    threads = [threading.Thread(target=write, args=(shard,)) for shard in shards]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert rolled_back
    query = (
        "select min(invoice_number), max(invoice_number), count(*), (select last_number from number_series)"
    )
    with database.transaction() as connection:
        low, high, stored, counter = connection.execute(text(f"{query} from invoice")).one()
    assert low == 1
    assert high == stored == counter > 100


def test_issue_dates_follow_the_numbers_and_series_are_apart(database: Database) -> None:
    fill_book(database, 1)
    run, (shard,) = open_run(database, 1)
    with database.transaction() as connection:
        work = ShardTransaction(connection, run, shard, lambda: AT)
        late = work.draw_numbers(2, "invoice", "INV-", date(2024, 6, 3))
        early = work.draw_numbers(1, "invoice", "INV-", date(2024, 2, 1))
        other = work.draw_numbers(1, "invoice", "X-", date(2024, 2, 1))
    assert (late.first_number, early.first_number, other.first_number) == (1, 3, 1)
    assert (early.issue_date, other.issue_date) == (date(2024, 6, 3), date(2024, 2, 1))


def test_invoice_ids_ascend_and_are_never_given_twice(database: Database) -> None:
    fill_book(database, 1)
    run, (shard,) = open_run(database, 1)
    with database.transaction() as connection:
        work = ShardTransaction(connection, run, shard, lambda: AT)
        ids = pl.concat([work.draw_invoice_ids(1000), work.draw_invoice_ids(1000)])
        step = "select increment_by from pg_sequences where sequencename = 'invoice_id_sequence'"
        assert connection.execute(text(step)).scalar_one() == 1000
    assert ids.n_unique() == 2000
    assert ids.is_sorted()


def test_a_draw_of_more_ids_than_a_block_has_is_of_several_blocks(database: Database) -> None:
    fill_book(database, 1)
    run, (shard,) = open_run(database, 1)
    with database.transaction() as connection:
        work = ShardTransaction(connection, run, shard, lambda: AT)
        draws = [work.draw_invoice_ids(count) for count in (1, 1000, 1001, 2)]
    assert [draw.len() for draw in draws] == [1, 1000, 1001, 2]
    ids = pl.concat(draws)
    assert ids.is_sorted()
    assert ids.n_unique() == 2004


def test_a_second_checkpoint_of_a_shard_is_refused(database: Database) -> None:
    fill_book(database, 1)
    run, (shard,) = open_run(database, 1)

    def twice() -> None:
        with database.transaction() as connection:
            work = ShardTransaction(connection, run, shard, lambda: AT)
            work.checkpoint(0, 0, {})
            work.checkpoint(0, 0, {})

    with pytest.raises(Exception, match="No row was found"):
        twice()


def test_the_book_is_read_as_of_its_batch_whatever_comes_later(database: Database) -> None:
    fill_book(database, 3)
    supersede = """
        insert into intake_batch (company_id, file_name, file_sha256, mapping_sha256, row_count, new_count,
            changed_count, unchanged_count, duplicate_count, problem_count, control_totals, imported_at)
        values (1, 'b.csv', 'c', 'd', 1, 0, 1, 0, 0, 0, '{}', now());
        update policy_term_version set superseded_batch_id = 2 where policy_id = 1;
        insert into policy_term_version (policy_term_id, policy_id, company_id, payer_id, product_code,
            line_of_business, place_code, currency, plan_code, effective_date, expiration_date, anchor_date,
            cut_over_date, premium_minor, content_sha256, batch_id)
        select policy_term_id, policy_id, 1, payer_id, product_code, line_of_business, place_code, currency,
            plan_code, effective_date, expiration_date, anchor_date, cut_over_date, 77, 'y', 2
        from policy_term_version where policy_id = 1;
        insert into payer_version (payer_id, company_id, content, content_sha256, batch_id)
        select payer_id, 1, '{}', 'z', 2 from payer where payer_id = 2
    """
    with database.transaction() as connection:
        before = read_shard_book(connection, 1, 1, EVERYTHING, FEBRUARY).terms.sort("policy_term_id")
        for statement in supersede.split(";\n"):
            connection.exec_driver_sql(statement)
        as_of_first = read_shard_book(connection, 1, 1, EVERYTHING, FEBRUARY).terms.sort("policy_term_id")
        as_of_second = read_shard_book(connection, 1, 2, EVERYTHING, FEBRUARY).terms.sort("policy_term_id")
    assert as_of_first.equals(before)
    assert as_of_second["premium_minor"].to_list() == [77, *before["premium_minor"].to_list()[1:]]
    assert as_of_second["payer_version_id"].to_list()[1] > before["payer_version_id"].to_list()[1]


def test_a_shard_reads_its_range_and_nothing_of_another_company(database: Database) -> None:
    fill_book(database, 10)
    part = Shard(shard_number=0, from_policy_id=3, to_policy_id=6)
    with database.transaction() as connection:
        assert read_shard_book(connection, 1, 1, part, FEBRUARY).terms.height == 3
        assert read_shard_book(connection, 2, 1, part, FEBRUARY).terms.height == 0
        assert read_shard_book(connection, 1, 1, EVERYTHING, date.max).terms.height == 10
