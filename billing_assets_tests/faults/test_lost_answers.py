"""An answer of the server is lost: the work is there or it is not, and the same command again ends well."""

import contextlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import make_url
from sqlalchemy.exc import OperationalError

from billing_assets.domain.errors import BillingError
from billing_assets.steps import plan_due_charges as planning
from billing_assets.store.connection import Database
from billing_assets.store.policies import SqlIntakeStore
from billing_assets_tests.books import billing_over, fill_book
from billing_assets_tests.faults.programs import url_behind
from billing_assets_tests.faults.proxy import LosingProxy
from billing_assets_tests.faults.two_books import import_book, import_first, second_in
from billing_assets_tests.state import book_state, business_state

FEBRUARY = date(2024, 2, 1)
POLICIES = 20

pytestmark = [pytest.mark.server, pytest.mark.needs("database_url")]


@contextlib.contextmanager
def losing(store: Database, word: bytes, at: int) -> Iterator[tuple[LosingProxy, Database]]:
    """Yield a way to the store that is cut when ``word`` is said for the ``at``-th time."""
    url = make_url(url_behind(store))
    server_host = str(url.query.get("host") or url.host or "127.0.0.1")
    server_port = int(str(url.query.get("port") or url.port or 5432))
    with LosingProxy(server_host, server_port, word, at) as proxy:
        through = url.set(host="127.0.0.1", port=proxy.port, query={})
        with contextlib.closing(Database(through.render_as_string(hide_password=False))) as database:
            yield proxy, database


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
    with losing(cut, b"COMMIT", at) as (proxy, database), ExitStack() as stack:
        billing = billing_over(database, tmp_path, stack)
        with contextlib.suppress(OperationalError, BillingError):
            billing.invoice(billing.order(FEBRUARY))
        assert proxy.was_cut
        billing.invoice(billing.order(FEBRUARY))
    with ExitStack() as stack:
        undisturbed = billing_over(quiet, tmp_path, stack)
        undisturbed.invoice(undisturbed.order(FEBRUARY))
    assert business_state(cut) == business_state(quiet)


@pytest.mark.parametrize(
    "word",
    [
        b"COMMIT",
        b"pg_try_advisory_xact_lock",
        b"insert into intake_batch",
        b'copy "incoming_term"',
        b"insert into policy_term_version",
        b'copy "problem"',
    ],
)
def test_an_import_that_is_cut_off_is_whole_or_not_there_and_can_be_repeated(
    word: bytes, fresh_database: Callable[[], Database], tmp_path: Path
) -> None:
    cut, quiet = fresh_database(), fresh_database()
    for each in (cut, quiet):
        import_first(each, tmp_path)
    second = second_in(tmp_path)
    last = 2 if word == b"COMMIT" else 1
    with losing(cut, word, last) as (proxy, database):
        with contextlib.suppress(OperationalError, BillingError):
            import_book(SqlIntakeStore(database), second)
        assert proxy.was_cut
        import_book(SqlIntakeStore(database), second)
    import_book(SqlIntakeStore(quiet), second)
    assert book_state(cut) == book_state(quiet)
