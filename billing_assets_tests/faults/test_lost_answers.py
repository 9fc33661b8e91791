"""The answer to a COMMIT is lost: the shard is there or it is not, and the same command again ends well."""

import contextlib
from collections.abc import Callable
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import make_url
from sqlalchemy.exc import OperationalError

from billing_assets.domain.errors import BillingError
from billing_assets.steps import plan_due_charges as planning
from billing_assets.store.connection import Database
from billing_assets_tests.books import billing_over, fill_book
from billing_assets_tests.faults.proxy import LosingProxy
from billing_assets_tests.state import business_state

FEBRUARY = date(2024, 2, 1)
POLICIES = 20

pytestmark = [pytest.mark.server, pytest.mark.needs("database_url")]


@pytest.mark.parametrize("at", [4, 9, 14, 16, 18, 20, 22])
def test_a_run_whose_commit_has_no_answer_is_taken_up(
    at: int,
    fresh_database: Callable[[], Database],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(planning, "SHARD_TERMS", 5)
    cut, quiet = fresh_database(), fresh_database()
    for database in (cut, quiet):
        fill_book(database, POLICIES)
    url = make_url(cut.engine.url.render_as_string(hide_password=False))
    server_host = str(url.query.get("host") or url.host or "127.0.0.1")
    server_port = int(str(url.query.get("port") or url.port or 5432))
    with LosingProxy(server_host, server_port, b"COMMIT", at) as proxy, ExitStack() as stack:
        through = url.set(host="127.0.0.1", port=proxy.port, query={})
        database = Database(through.render_as_string(hide_password=False))
        stack.callback(database.close)
        billing = billing_over(database, tmp_path, stack)
        with contextlib.suppress(OperationalError, BillingError):
            billing.invoice(billing.order(FEBRUARY))
        assert proxy.was_cut
        billing.invoice(billing.order(FEBRUARY))
    with ExitStack() as stack:
        undisturbed = billing_over(quiet, tmp_path, stack)
        undisturbed.invoice(undisturbed.order(FEBRUARY))
    assert business_state(cut) == business_state(quiet)
