"""What a shard has written is counted by its own transaction, and the final accounts go by it."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import text

from billing_assets.domain.certificates import TERM_OUTCOMES
from billing_assets.steps import plan_due_charges as planning
from billing_assets.store.certificates import read_certificate
from billing_assets.store.connection import Database
from billing_assets.store.invoices import ShardTransaction
from billing_assets.store.run_facts import read_run_facts
from billing_assets.store.shard_sums import WrittenSums, read_written_sums
from billing_assets.wiring.build import Billing
from billing_assets_tests.books import billing_over, fill_book
from billing_assets_tests.databases import run_sql

AT, FEBRUARY = datetime(2024, 2, 1, tzinfo=UTC), date(2024, 2, 1)
PLACES = (("ES", "EUR"), ("GB", "GBP"), ("JP", "JPY"))


@pytest.fixture
def billing(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Billing]:
    """A book of three shards: four terms are held, one premium is nought, one has no tax row."""
    monkeypatch.setattr(planning, "SHARD_TERMS", 16)
    fill_book(database, 40, places=PLACES)
    past_the_guards(
        database, "update policy_term_version set hold_code = 'row_is_problem' where policy_id < 5"
    )
    past_the_guards(database, "update policy_term_version set premium_minor = 0 where policy_id = 20")
    past_the_guards(database, _NO_TAX_ROW)
    with ExitStack() as stack:
        billing = billing_over(database, tmp_path, stack)
        past_the_guards(database, _NO_BOUNDS)
        yield billing


_NO_TAX_ROW = """update policy_term_version set place_code = 'DE', currency = 'EUR', line_of_business = 'home'
    where policy_id = 9"""
_NO_BOUNDS = """update company_version set content = c, content_sha256 = sha256(convert_to(c, 'UTF8'))
    from (select (content::jsonb || '{"safety_bounds": {"problem_per_mille": 0}}')::text as c
        from company_version) b
"""


def past_the_guards(database: Database, statement: str) -> None:
    """Do as a superuser what no program may, past every trigger."""
    url = database.engine.url.render_as_string(hide_password=False)
    run_sql(url, f"set session_replication_role = replica; set search_path = billing; {statement}")


def sums_of(billing: Billing) -> WrittenSums | None:
    with billing.database.transaction() as connection:
        return read_written_sums(connection, 1)


def test_the_sums_of_the_shards_are_those_of_the_rows(billing: Billing) -> None:
    billing.invoice(billing.order(FEBRUARY))
    sums = sums_of(billing)
    assert sums is not None
    with billing.database.transaction() as connection:
        told, certificate = read_run_facts(connection, 1, AT, {}), read_certificate(connection, 1, 1)
    past_the_guards(billing.database, "update run_shard set written_sums = null where shard_number = 1")
    assert sums_of(billing) is None
    with billing.database.transaction() as connection:
        assert read_run_facts(connection, 1, AT, {}) == told
        found = connection.execute(
            text("select outcome, count(distinct policy_term_id) from due_charge group by 1")
        )
        by_outcome = {row[0]: row[1] for row in found}
    assert sums.term_counts == tuple(by_outcome.get(outcome, 0) for outcome in TERM_OUTCOMES)
    assert min(sums.term_counts) > 0
    assert len(told.invoices) == len(PLACES)
    assert certificate.record["is_complete"]


def test_a_run_without_any_checkpoint_has_no_sums(database: Database) -> None:
    with database.transaction() as connection:
        assert read_written_sums(connection, 1) is None


def test_the_sums_count_what_stands_in_the_store_and_not_what_was_meant(
    billing: Billing, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = ShardTransaction.write_invoices

    def one_penny_less(self: ShardTransaction, invoices: pl.DataFrame) -> None:
        is_first = pl.col("invoice_number") == 1
        less = {name: pl.col(name) - is_first.cast(pl.Int64) for name in ("net_minor", "total_minor")}
        real(self, invoices.with_columns(**less))

    monkeypatch.setattr(ShardTransaction, "write_invoices", one_penny_less)
    billing.invoice(billing.order(FEBRUARY))
    with billing.database.transaction() as connection:
        record = read_certificate(connection, 1, 1).record
    [unequal] = [tie for tie in record["ties"] if not tie["is_equal"]]
    assert (unequal["tie"], unequal["expected"] - unequal["found"]) == ("net_invoiced", 1)
