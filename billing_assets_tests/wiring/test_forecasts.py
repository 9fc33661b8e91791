"""Kept forecasts: when one is out of date, and one at a time in the background."""

import threading
from contextlib import ExitStack
from pathlib import Path

from billing_assets.domain.errors import BillingError
from billing_assets.store.connection import Database
from billing_assets.wiring.forecasts import ForecastDesk, ForecastMaker
from billing_assets_tests.books import billing_over, change_premium, fill_book


def test_a_newer_book_makes_it_stale(database: Database, tmp_path: Path) -> None:
    fill_book(database, 5)
    with ExitStack() as stack:
        desk = ForecastDesk(billing_over(database, tmp_path, stack))
        assert desk.newest() is None
        made = desk.make()
        assert desk.newest() == made
        change_premium(database, 1, 70_000)
        newest = desk.newest()
    assert newest is not None
    assert newest.is_stale


def test_one_is_worked_out_at_a_time() -> None:
    gate, begun = threading.Event(), []

    def make(progress: object) -> None:
        begun.append(progress)
        gate.wait(30)

    maker = ForecastMaker(make)
    assert maker.start()
    assert not maker.start()
    gate.set()
    maker.wait(30)
    assert not maker.is_busy
    assert len(begun) == 1


def test_what_ends_it_is_told() -> None:
    def refuse(**_values: object) -> None:
        raise BillingError("store_busy", "the store is busy", "try again")

    def fail(**_values: object) -> None:
        raise ValueError("no such plan")

    for make, words in ((refuse, "the store is busy"), (fail, "ValueError: no such plan")):
        maker = ForecastMaker(make)
        maker.start()
        maker.wait(30)
        assert maker.fault == words
