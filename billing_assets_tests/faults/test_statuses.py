"""Whoever dies while telling or sending, or reads while others write: nothing is lost."""

import json
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from itertools import count
from pathlib import Path
from random import Random
from uuid import uuid4

import pytest
from sqlalchemy import text

from billing_assets.domain.statuses import kinds_of
from billing_assets.store.connection import Database
from billing_assets.store.status_listings import read_events
from billing_assets.wiring.status_desk import StatusDesk
from billing_assets_tests.books import billing_over
from billing_assets_tests.channels.api_push.samples import NEW_SECRET
from billing_assets_tests.channels.outbound.servers import HttpLab
from billing_assets_tests.databases import Original, copied_database
from billing_assets_tests.faults.programs import run_until_dead, url_behind
from billing_assets_tests.faults.status_teller import send_and_die, tell_and_die
from billing_assets_tests.paid_books import allocate, bill_monthly, paid, record, rows
from billing_assets_tests.told_books import EARLY, LATE, tell, told

_ONE = """
insert into allocation (allocation_id, company_id, allocation_kind, payment_id, invoice_id, payer_id,
    currency, amount_minor, reason_code, as_of_date, recorded_at)
select nextval('invoice_id_sequence'), 1, 'payment', p.payment_id, i.invoice_id, i.payer_id, 'EUR', 1,
    'person', date '2024-04-01', now()
from payment p, invoice i where p.external_key = :key and i.invoice_id = :invoice
"""
WRITERS, ROUNDS = 3, 25
ISSUED, PART = 6, 6


def prepare(database: Database, home: Path) -> None:
    """Bill two months; three payers have paid, of which nothing is told; more than is allocated is free."""
    bill_monthly(database, home)
    record(database, *(paid(f"w{payer}", 100, payer_key=f"K{payer}") for payer in range(1, WRITERS + 1)))


Make = Callable[[], AbstractContextManager[Database]]


@pytest.fixture
def make(template_database: str, original: Original, server_url: str, tmp_path: Path) -> Make:
    """Make a copy of the store for a block."""
    name = original(prepare, template_database, lambda database: prepare(database, tmp_path))

    @contextmanager
    def copy() -> Iterator[Database]:
        with copied_database(server_url, name, f"test_{uuid4().hex}") as database:
            yield database

    return copy


@pytest.mark.slow
def test_a_teller_killed_at_any_point_and_begun_again_tells_the_same(make: Make) -> None:
    with make() as undisturbed:
        allocate(undisturbed)
        tell(undisturbed, LATE, PART)
        expected = told(undisturbed)
    assert len(expected) == 15
    # What is after one call is what is before the next: every other point is another state.
    for killed in count():
        with make() as database:
            allocate(database)
            status = run_until_dead(tell_and_die, url_behind(database), LATE, PART, 1 + 2 * killed)
            so_far = told(database)
            assert so_far == expected[: len(so_far)]
            tell(database, LATE, PART)
            assert told(database) == expected
        if status == 0:
            break
        assert status == -signal.SIGKILL
    assert killed > 10


@pytest.mark.slow
def test_a_sender_killed_at_any_point_and_begun_again_leaves_nothing_out(make: Make, tmp_path: Path) -> None:
    twice = 0
    for fuse in count(1, 4):
        with make() as database, ExitStack() as stack, HttpLab() as lab:
            tell(database)
            billing = billing_over(database, tmp_path, stack)
            billing.settings = billing.settings.model_copy(update={"push_to_loopback": True})
            desk = StatusDesk(billing)
            desk.endpoints.set("broker", lab.url(), [NEW_SECRET], "ana")
            desk.subscribe("broker", "broker", kinds_of([]), after_number=0, by="ana")
            status = run_until_dead(send_and_die, url_behind(database), tmp_path, fuse)
            desk.send()
        numbers = [int(json.loads(heard.body)["sequence"]) for heard in lab.heard]
        assert sorted(set(numbers)) == list(range(1, ISSUED + 1))
        assert list(dict.fromkeys(numbers)) == sorted(set(numbers))
        twice += len(numbers) > ISSUED
        if status == 0:
            break
        assert status == -signal.SIGKILL
    assert twice


class Writing:
    """Programs that write, tell and read at once, each over connections of its own."""

    def __init__(self, url: str, invoices: list[int]) -> None:
        self.url, self.invoices = url, invoices
        self.seen: list[int] = []
        self.is_over = threading.Event()

    def write(self, number: int) -> None:
        """Allocate one minor unit again and again, and commit after a while."""
        random = Random(number)
        with closing(Database(self.url)) as own:
            for _ in range(ROUNDS):
                with own.transaction() as connection:
                    values = {"key": f"w{number + 1}", "invoice": self.invoices[number]}
                    connection.execute(text(_ONE), values)
                    time.sleep(random.random() / 50)

    def tell(self) -> None:
        """Tell until it is over."""
        with closing(Database(self.url)) as own:
            while not self.is_over.is_set():
                tell(own, EARLY, 3)

    def read(self) -> None:
        """Read behind the last number that was seen, until it is over and nothing is left."""
        with closing(Database(self.url)) as own:
            is_last = False
            while not is_last:
                is_over = self.is_over.is_set()
                with own.transaction() as connection:
                    after = self.seen[-1] if self.seen else 0
                    found = read_events(connection, 1, after_number=after, limit=7)
                self.seen += [event.event_number for event in found]
                is_last = is_over and not found


@pytest.mark.long
def test_a_reader_misses_nothing_while_writers_commit_in_any_order_and_two_tell_at_once(make: Make) -> None:
    with make() as database, ThreadPoolExecutor(WRITERS + 3) as pool:
        tell(database)
        invoices = [row[0] for row in rows(database, "select invoice_id from invoice order by 1 limit 3")]
        programs = Writing(url_behind(database), invoices)
        others = [pool.submit(work) for work in (programs.tell, programs.tell, programs.read)]
        for writer in [pool.submit(programs.write, number) for number in range(WRITERS)]:
            writer.result(30)
        tell(database)
        programs.is_over.set()
        for other in others:
            other.result(30)
        told_of = "select count(distinct fact_id) from status_event where fact_kind = 'allocation'"
        assert rows(database, told_of) == [(WRITERS * ROUNDS,)]
        assert programs.seen == list(range(1, ISSUED + WRITERS * ROUNDS + 1))
