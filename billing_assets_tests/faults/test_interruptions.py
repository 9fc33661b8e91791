"""A run that is interrupted, cut off or overtaken ends soon and clearly, and can be taken up again."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from billing_assets.domain.errors import BillingError
from billing_assets.steps import plan_due_charges as planning
from billing_assets.store import invoices as store_invoices
from billing_assets.store.connection import Database
from billing_assets.store.invoices import ShardTransaction
from billing_assets.wiring.build import Billing
from billing_assets.wiring.outages import is_outage
from billing_assets_tests.books import billing_over, fill_book
from billing_assets_tests.databases import run_sql
from billing_assets_tests.state import business_state

FEBRUARY = date(2024, 2, 1)
POLICIES = 30


@pytest.fixture
def billing(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Billing]:
    monkeypatch.setattr(planning, "SHARD_TERMS", 5)
    fill_book(database, POLICIES)
    with ExitStack() as stack:
        yield billing_over(database, tmp_path, stack)


def before(shard_number: int) -> int:
    """Return how many policies lie in the shards before this one: three in the first, five in each other."""
    return max(5 * shard_number - 2, 0)


def numbers(billing: Billing) -> list[int]:
    with billing.database.transaction() as connection:
        return list(connection.execute(text("select invoice_number from invoice order by 1")).scalars())


def states(billing: Billing) -> list[str]:
    with billing.database.transaction() as connection:
        return list(connection.execute(text("select state from billing_run order by run_id")).scalars())


def fail_once(monkeypatch: pytest.MonkeyPatch, method: str, shard_number: int, error: BaseException) -> None:
    """Make a method of one shard's transaction raise, the first time only."""
    real, is_spent = getattr(ShardTransaction, method), threading.Event()

    def broken(self: ShardTransaction, *arguments: object, **named: object) -> object:
        if self.shard.shard_number == shard_number and not is_spent.is_set():
            is_spent.set()
            raise error
        return real(self, *arguments, **named)

    monkeypatch.setattr(ShardTransaction, method, broken)


def finish_like_undisturbed(billing: Billing, other: Database, home: Path) -> None:
    """Run again, and compare with a store where nothing happened."""
    billing.invoice(billing.order(FEBRUARY))
    fill_book(other, POLICIES)
    with ExitStack() as stack:
        quiet = billing_over(other, home, stack)
        quiet.invoice(quiet.order(FEBRUARY))
    assert business_state(billing.database) == business_state(other)


@pytest.mark.long
@pytest.mark.parametrize("method", ["write_lines", "draw_numbers", "write_invoices", "checkpoint"])
@pytest.mark.parametrize("shard_number", [0, 1, 4])
def test_the_error_of_a_shard_is_told_and_the_run_can_be_taken_up(
    method: str,
    shard_number: int,
    billing: Billing,
    fresh_database: Callable[[], Database],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fail_once(monkeypatch, method, shard_number, ValueError("the disk is full"))
    with pytest.raises(ValueError, match="the disk is full"):
        billing.invoice(billing.order(FEBRUARY))
    assert numbers(billing) == list(range(1, before(shard_number) + 1))
    assert states(billing) == ["running"]
    finish_like_undisturbed(billing, fresh_database(), tmp_path)


@pytest.mark.long
def test_a_stop_ends_the_run_after_at_most_the_shards_in_work(billing: Billing) -> None:
    def stop(stage: str, done: int, _total: int) -> None:
        if stage == "invoicing" and done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        billing.invoice(billing.order(FEBRUARY), progress=stop)
    made = len(numbers(billing))
    assert before(1) <= made < POLICIES
    assert numbers(billing) == list(range(1, made + 1))
    result = billing.invoice(billing.order(FEBRUARY))
    assert result.facts["invoice_count"] == POLICIES - made
    assert result.facts["due_count"] == POLICIES
    assert numbers(billing) == list(range(1, POLICIES + 1))


@pytest.mark.long
def test_a_later_date_may_overtake_an_interrupted_run_which_then_finishes_without_it(
    billing: Billing, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_once(monkeypatch, "write_lines", 3, ValueError("full"))
    with pytest.raises(ValueError, match="full"):
        billing.invoice(billing.order(FEBRUARY))
    billing.invoice(billing.order(date(2024, 2, 8)))
    assert numbers(billing) == list(range(1, POLICIES + 1))
    result = billing.invoice(billing.order(FEBRUARY))
    assert (result.facts["due_count"], result.facts["invoice_count"]) == (before(3), 0)
    assert states(billing) == ["finalised", "finalised"]


@pytest.mark.long
def test_a_charge_that_another_path_bills_meanwhile_is_a_clear_error_and_then_left_out(
    billing: Billing, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign = """
        insert into invoice_line (invoice_id, line_number, company_id, policy_term_id, policy_term_version_id,
            payer_id, charge_kind, installment_number, installment_count, period_from_date, period_to_date,
            net_minor, tax_minor)
        select 999999, 1, 1, policy_term_id, policy_term_version_id, payer_id, 'premium', 1, 12,
            effective_date, expiration_date, 1, 0 from policy_term_version where policy_id = 12
    """
    real = store_invoices.ShardTransaction.draw_invoice_ids

    def bill_elsewhere(self: ShardTransaction, count: int) -> object:
        if self.shard.shard_number == 2:
            with billing.database.transaction() as connection:
                connection.execute(text(foreign + "on conflict do nothing"))
        return real(self, count)

    monkeypatch.setattr(ShardTransaction, "draw_invoice_ids", bill_elsewhere)
    with pytest.raises(BillingError) as caught:
        billing.invoice(billing.order(FEBRUARY))
    assert caught.value.code == "billed_meanwhile"
    billing.invoice(billing.order(FEBRUARY))
    assert numbers(billing) == list(range(1, POLICIES))
    assert states(billing) == ["finalised"]


@pytest.mark.long
def test_a_backend_that_the_server_ends_is_an_outage_and_the_run_can_be_taken_up(
    billing: Billing, fresh_database: Callable[[], Database], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = billing.database.engine.url.render_as_string(hide_password=False)
    real, is_spent = ShardTransaction.write_taxes, threading.Event()

    def cut_off(self: ShardTransaction, taxes: object) -> None:
        if self.shard.shard_number == 2 and not is_spent.is_set():
            is_spent.set()
            pid = self.connection.execute(text("select pg_backend_pid()")).scalar_one()
            run_sql(url, f"select pg_terminate_backend({pid}, 5000)")
        real(self, taxes)  # type: ignore[arg-type]

    monkeypatch.setattr(ShardTransaction, "write_taxes", cut_off)
    with pytest.raises(DBAPIError) as caught:
        billing.invoice(billing.order(FEBRUARY))
    assert is_outage(caught.value)
    finish_like_undisturbed(billing, fresh_database(), tmp_path)


def test_two_programs_in_one_run_whose_lock_was_lost_still_make_one_set_of_invoices(
    billing: Billing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = billing.database.engine.url.render_as_string(hide_password=False)
    end_holders = (
        "select pg_terminate_backend(pid, 5000) from pg_locks where locktype = 'advisory' "
        "and classid = 7241002 "
        "and database = (select oid from pg_database where datname = current_database())"
    )
    faults: list[BaseException] = []
    is_lost = threading.Event()

    def lose_lock(stage: str, done: int, _total: int) -> None:
        if stage == "invoicing" and done == 1 and not is_lost.is_set():
            run_sql(url, end_holders)
            is_lost.set()

    def second() -> None:
        is_lost.wait(30)
        try:
            with ExitStack() as stack:
                other = billing_over(Database(url), tmp_path, stack)
                other.invoice(other.order(FEBRUARY))
                other.database.close()
        except BaseException as error:  # noqa: BLE001 - handed to the test
            faults.append(error)

    thread = threading.Thread(target=second)
    thread.start()
    with contextlib.suppress(BillingError):
        billing.invoice(billing.order(FEBRUARY), progress=lose_lock)
    thread.join()
    billing.invoice(billing.order(FEBRUARY))
    assert [fault for fault in faults if not isinstance(fault, BillingError)] == []
    assert numbers(billing) == list(range(1, POLICIES + 1))
    assert states(billing) == ["finalised"]
