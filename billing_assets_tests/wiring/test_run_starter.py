"""Runs in the background: one at a time, and none beside another."""

import threading
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.store.connection import Database
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.run_starter import RunStarter
from billing_assets_tests.books import billing_over, fill_book

DAY = date(2024, 2, 29)


def test_a_second_run_is_refused_while_one_is_on_and_begun_after_it(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_book(database, 3)
    with ExitStack() as stack:
        billing, starter, gate = billing_over(database, tmp_path, stack), RunStarter(), threading.Event()
        order, invoice = billing.order(DAY), billing.invoice
        monkeypatch.setattr(
            billing, "invoice", lambda *given, **more: (gate.wait(60), invoice(*given, **more))[1]
        )
        starter.start(billing, order, is_quiet=True)
        with pytest.raises(BillingError) as refused:
            starter.start(billing, order, is_quiet=True)
        assert refused.value.code == "run_under_way"
        gate.set()
        starter.wait()
        run_id = Desk(billing).last_run_of(DAY)
        assert run_id is not None
        assert Desk(billing).run(run_id).state == "finalised"
        starter.start(billing, order, is_quiet=True)
        starter.wait()
        assert Desk(billing).last_run_of(DAY) == run_id


def test_a_mistake_of_the_program_leaves_a_log_and_no_value(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    fill_book(database, 3)

    def fails(*_: object, **__: object) -> None:
        raise ValueError("somebody's name")

    with ExitStack() as stack:
        billing, starter = billing_over(database, tmp_path, stack), RunStarter()
        order = billing.order(DAY)
        monkeypatch.setattr(billing, "invoice", fails)
        starter.start(billing, order, is_quiet=True)
        starter.wait()
    assert "met a mistake of the program" in caplog.text
    assert "somebody" not in caplog.text
