"""Eight processes number documents at once, roll back and are killed: no gap, no double, dates in order."""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from multiprocessing.context import ForkServerProcess

import pytest
from sqlalchemy import text

from billing_assets.store.checks import run_checks
from billing_assets.store.connection import Database
from billing_assets_tests.books import fill_book
from billing_assets_tests.faults.numbering import write
from billing_assets_tests.faults.programs import fork_server, url_behind
from billing_assets_tests.store.test_invoices import open_run

WRITERS = 8
SECONDS_BETWEEN_KILLS = 0.1

DOCUMENTS = """
select prefix, s.last_number, count(*), count(distinct invoice_number), min(invoice_number),
    max(invoice_number), array_agg(issue_date order by invoice_number),
    (select count(*) from number_block b where b.number_series_id = s.number_series_id)
from invoice join number_series s using (number_series_id) group by s.number_series_id order by prefix
"""


class Writers:
    """Eight programs, each of which is replaced when it dies."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.seeds = count()
        self.begun, self._begins = fork_server().Pipe(duplex=False)
        self.programs = [self.start() for _ in range(WRITERS)]

    def start(self) -> ForkServerProcess:
        arguments = (self.url, next(self.seeds), self._begins)
        program = fork_server().Process(target=write, args=arguments)
        program.start()
        return program

    def replace_dead(self) -> None:
        for place, program in enumerate(self.programs):
            if not program.is_alive():
                program.close()
                self.programs[place] = self.start()

    def end(self) -> None:
        for program in self.programs:
            program.kill()
            program.join()
            program.close()
        self.begun.close()
        self._begins.close()


@contextmanager
def writing(url: str) -> Iterator[Writers]:
    """Yield when all writers are at work; kill them in the end."""
    writers = Writers(url)
    try:
        for _ in writers.programs:
            assert writers.begun.poll(60)
            assert writers.begun.recv() == "begun"
        yield writers
    finally:
        writers.end()


def disturb(writers: Writers, kill_count: int) -> None:
    """Kill one writer after another, wherever it happens to be."""
    chance = random.Random(7)
    for _ in range(kill_count):
        time.sleep(SECONDS_BETWEEN_KILLS)
        writers.programs[chance.randrange(WRITERS)].kill()
        writers.replace_dead()


@pytest.mark.parametrize("kill_count", [5, pytest.param(200, marks=pytest.mark.slow)])
def test_eight_writers_that_are_killed_leave_no_gap_no_double_and_dates_in_order(
    kill_count: int, database: Database
) -> None:
    fill_book(database, 1)
    open_run(database, WRITERS)
    with writing(url_behind(database)) as writers:
        disturb(writers, kill_count)
    with database.transaction() as connection:
        found = connection.execute(text(DOCUMENTS)).all()
        (result,) = run_checks(connection, at=datetime(2024, 2, 1, tzinfo=UTC), check_ids=["I08"])
    assert result.examples == ()
    assert [row.prefix for row in found] == ["INV-", "X-"]
    for _prefix, counter, stored, distinct, lowest, highest, dates, blocks in found:
        assert (counter, stored, distinct, lowest) == (highest, highest, highest, 1)
        assert dates == sorted(dates)
        assert blocks > 5
