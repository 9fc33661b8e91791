"""The application works as a role that can neither alter a table nor switch a guard off."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from billing_assets.domain.errors import BillingError
from billing_assets.store.connection import Database, make_engine, open_engine
from billing_assets.store.roles import APP_ROLE
from billing_assets_tests.databases import run_sql


def url_behind(database: Database) -> str:
    return database.engine.url.render_as_string(hide_password=False)


def value(database: Database, query: str) -> object:
    with database.transaction() as connection:
        return connection.execute(text(query)).scalar_one()


@contextmanager
def login(url: str, grants: str) -> Iterator[str]:
    """Make a login role for the block; yield the URL with it."""
    name = f"login_{uuid4().hex[:10]}"
    run_sql(url, f"create role {name} login password 'hidden'")
    try:
        if grants:
            run_sql(url, f"grant {grants} to {name}")
        yield make_url(url).set(username=name, password="hidden").render_as_string(hide_password=False)
    finally:
        run_sql(url, f"drop role {name}")


def test_a_superuser_login_steps_down_to_the_application_role(database: Database) -> None:
    assert database.engine.url.username not in {None, APP_ROLE}
    assert value(database, "select current_user") == APP_ROLE


def test_a_plain_login_works_once_it_is_a_member(database: Database) -> None:
    with login(url_behind(database), APP_ROLE) as url:
        store = Database(url)
        assert value(store, "select current_user") == APP_ROLE
        store.close()


def test_a_login_that_is_no_member_is_told_what_to_grant(database: Database) -> None:
    with login(url_behind(database), "") as url, pytest.raises(BillingError) as caught:
        value(Database(url), "select 1")
    assert caught.value.code == "store_not_ready"
    assert "hidden" not in str(caught.value)


def test_a_server_without_the_role_says_that_the_store_is_not_ready(database: Database) -> None:
    store = Database(url_behind(database))
    store.engine = make_engine(url_behind(database), "billing_nobody")
    with pytest.raises(BillingError, match="billing db upgrade"):
        value(store, "select 1")


@pytest.mark.long
@pytest.mark.parametrize(
    "statement",
    [
        "create table extra (x int)",
        "alter table invoice add column x int",
        "drop table invoice",
        "truncate invoice",
        "alter table invoice disable trigger refuse_change",
        "drop trigger refuse_change on invoice",
        "create trigger mine before insert on invoice for each row execute function refuse_change()",
        "drop function refuse_change cascade",
        "update invoice set net_minor = 0",
        "delete from invoice",
        "update delivery set message_id = 'x'",
        "delete from delivery",
        "set session_replication_role = replica",
    ],
)
def test_the_application_role_may_not(statement: str, database: Database) -> None:
    def run() -> None:
        with login(url_behind(database), APP_ROLE) as url:
            store = Database(url)
            try:
                value(store, statement)
            finally:
                store.close()

    with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
        run()


def test_a_server_that_does_not_answer_is_an_error_without_the_password() -> None:
    store = Database("postgresql+psycopg://me:topsecret@127.0.0.1:9/billing")
    with pytest.raises(BillingError) as caught:
        value(store, "select 1")
    assert caught.value.code == "store_unreachable"
    assert "topsecret" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    ["mysql://a:topsecret@b/c", "sqlite://", "nonsense", "postgresql+psycopg://a:topsecret@h:port/d", ""],
)
def test_a_url_of_something_else_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(BillingError) as caught:
        Database(url)
    assert caught.value.code == "store_url_invalid"
    assert "topsecret" not in str(caught.value)


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_the_usual_schemes_all_mean_psycopg(scheme: str) -> None:
    engine = open_engine(f"{scheme}://a@localhost/b")
    assert engine.url.drivername == "postgresql+psycopg"


def test_sessions_have_bounds_for_locks_statements_and_idle_transactions(database: Database) -> None:
    assert value(database, "select current_setting('lock_timeout')") == "10min"
    assert value(database, "select current_setting('statement_timeout')") == "1h"
    assert value(database, "select current_setting('idle_in_transaction_session_timeout')") == "10min"
    assert value(database, "select current_setting('idle_session_timeout')") == "0"
    assert value(database, "select current_setting('TimeZone')") == "UTC"


def test_options_of_the_url_and_of_the_caller_count_but_never_replace_ours(database: Database) -> None:
    url = make_url(url_behind(database)).update_query_dict(
        {"options": "-c work_mem=8MB -c search_path=public"}
    )
    store = Database(url.render_as_string(hide_password=False), {"application_name": "mine"})
    assert value(store, "select current_setting('work_mem')") == "8MB"
    assert value(store, "select current_setting('search_path')") == "billing"
    assert value(store, "select current_setting('application_name')") == "mine"
    store.close()


def test_variables_of_the_environment_are_shut_out_by_the_embedded_arguments(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGHOSTADDR", "203.0.113.1")
    monkeypatch.setenv("PGOPTIONS", "-c search_path=public")
    store = Database(url_behind(database), {"hostaddr": "", "options": ""})
    assert value(store, "select current_setting('search_path')") == "billing"
    store.close()


def test_waiting_too_long_for_a_lock_ends_with_advice(database: Database) -> None:
    def wait() -> None:
        with database.transaction() as waiting:
            waiting.execute(text("set local lock_timeout = '50ms'"))
            waiting.execute(text(take))

    take = "update number_series set last_number = last_number + 1"
    columns = "insert into number_series (company_id, document_kind, prefix)"
    add = f"{columns} select company_id, 'invoice', 'A-' from company"
    with database.transaction() as connection:
        connection.execute(text("insert into company (company_code) values ('a')"))
        connection.execute(text(add))
    with database.transaction() as holder:
        holder.execute(text(take))
        with pytest.raises(BillingError) as caught:
            wait()
    assert caught.value.code == "store_busy"


def test_an_exception_rolls_back(database: Database) -> None:
    def fail() -> None:
        with database.transaction() as connection:
            connection.execute(text("insert into company (company_code) values ('a')"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert value(database, "select count(*) from company") == 0


def test_a_pool_survives_a_server_that_ended_its_sessions(database: Database) -> None:
    with database.session() as one, database.session() as two:
        pids = [one.execute(text("select pg_backend_pid()")).scalar_one() for one in (one, two)]
    for pid in pids:
        run_sql(url_behind(database), f"select pg_terminate_backend({pid})")
    assert value(database, "select 1") == 1


def test_more_threads_than_the_pool_holds_wait_for_their_connection(database: Database) -> None:
    seen: list[object] = []

    def ask() -> None:
        seen.append(value(database, "select 1 from pg_sleep(0.05)"))

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [1] * 16


def test_a_broken_statement_stays_a_database_error(database: Database) -> None:
    with pytest.raises(DBAPIError):
        value(database, "select no_such_column from company")


def test_a_joined_store_works_in_the_open_transaction(database: Database) -> None:
    with database.session() as connection, connection.begin() as transaction:
        joined = database.joined(connection)
        with joined.transaction() as own:
            own.execute(text("create temporary table made (id int)"))
        with pytest.raises(DBAPIError):
            value(joined, "insert into made values (1) returning 1 / (id - 1)")
        assert value(joined, "select count(*) from made") == 0
        transaction.rollback()
    assert value(database, "select to_regclass('made') is null") is True
