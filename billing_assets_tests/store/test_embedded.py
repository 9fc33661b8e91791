"""The embedded server is started once, found again, shared, and stopped, whatever was killed in between.

As root each server runs as an unprivileged id, as anyone else as that user; the facts are the same.
"""

import contextlib
import json
import os
import pwd
import signal
import subprocess
from pathlib import Path

import psycopg
import pytest
import sqlalchemy

from billing_assets.domain.errors import BillingError
from billing_assets.store.embedded import ServerAddress
from billing_assets_tests.store.embedded_ground import (
    IS_ROOT,
    Server,
    ground,
    kill_postmaster,
    make,
    place,
    program,
    query,
    running,
    said,
)

__all__ = ["ground", "make", "place", "running"]


@pytest.mark.long
def test_the_first_start_makes_the_database_and_a_restart_keeps_the_data(make: Server) -> None:
    server = make()
    assert server.stop() is False
    first = server.start()
    assert server.start() == first
    assert first.version.startswith("18.")
    query(first, "CREATE TABLE kept AS SELECT 7 AS seven", role="postgres")
    assert server.stop() is True
    assert server.status().is_alive is False
    second = server.start()
    assert query(second, "SELECT seven FROM kept") == 7
    assert (
        query(second, "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'billing'")
        == "billing_owner"
    )


def test_the_server_survives_the_terminal_of_its_starter(running: ServerAddress) -> None:
    assert os.getsid(running.pid) != os.getsid(0)


def test_the_server_never_runs_as_root_and_its_folders_are_private(running: ServerAddress) -> None:
    for folder in (running.data_dir, running.socket_dir):
        assert folder.stat().st_mode & 0o077 == 0
        assert folder.stat().st_uid != 0
    if IS_ROOT:
        with pytest.raises(KeyError):
            pwd.getpwuid(running.data_dir.stat().st_uid)


def test_there_is_no_tcp_and_commits_are_durable(running: ServerAddress) -> None:
    wanted = {
        "listen_addresses": "",
        "fsync": "on",
        "full_page_writes": "on",
        "jit": "off",
        "TimeZone": "UTC",
    }
    wanted |= {"server_encoding": "UTF8", "wal_level": "minimal", "max_connections": "50"}
    assert {name: query(running, f"SHOW {name}") for name in wanted} == wanted
    assert query(
        running, "SELECT datlocprovider::text || datlocale FROM pg_database WHERE datname = 'billing'"
    ) == ("bC.UTF-8")


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE t (a int)",
        "CREATE TEMP TABLE t (a int)",
        "CREATE SCHEMA s",
        "CREATE ROLE r",
        "SELECT lo_create(0)",
    ],
)
def test_the_application_role_may_create_nothing(running: ServerAddress, sql: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        query(running, sql, role="billing_app")


def test_the_owner_role_may_make_tables_but_is_no_superuser(running: ServerAddress) -> None:
    query(running, "CREATE SCHEMA made_by_owner", role="billing_owner")
    assert query(running, "SELECT rolsuper FROM pg_roles WHERE rolname = 'billing_owner'") is False


def test_values_of_failed_statements_do_not_reach_the_log(running: ServerAddress) -> None:
    query(running, "CREATE TABLE unique_mail (mail text UNIQUE)")
    for sql in ("INSERT INTO unique_mail VALUES ('ada@example.com')", "SELECT 'ada@example.com'::int"):
        with contextlib.suppress(psycopg.Error):
            query(running, sql)
            query(running, sql)
    log = (running.data_dir.parent / "server.log").read_text()
    assert "ready to accept" in log
    assert "ada@example.com" not in log


@pytest.mark.long
def test_variables_of_the_caller_change_nothing(make: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    strange = {
        "PGHOST": "db.example.com",
        "PGHOSTADDR": "192.0.2.1",
        "PGDATA": "/nowhere",
        "PGPORT": "1",
        "PGUSER": "x",
    }
    strange |= {"PGOPTIONS": "-c no.such=1", "PGREQUIREAUTH": "scram-sha-256", "PGSSLMODE": "verify-full"}
    strange |= {
        "PGSERVICE": "none",
        "LC_ALL": "xx_YY.weird",
        "LANG": "zz",
        "TZ": "Asia/Tokyo",
        "LD_LIBRARY_PATH": "/tmp",
    }
    for name, value in strange.items():
        monkeypatch.setenv(name, value)
    address = make().start()
    monkeypatch.delenv("PGSERVICE")
    engine = sqlalchemy.create_engine(address.url("billing_app"), connect_args=address.connect_args)
    with engine.connect() as connection:
        assert connection.execute(sqlalchemy.text("SELECT current_user")).scalar_one() == "billing_app"
    engine.dispose()
    assert query(address, "SHOW timezone") == "UTC"


@pytest.mark.long
def test_two_programs_that_start_at_once_get_the_same_server(place: Path, make: Server) -> None:
    others = [program("start", place) for _ in range(2)]
    pids = {said(other) for other in others}
    assert len(pids) == 1
    assert make().status().address is not None


def test_an_orphan_of_a_killed_user_is_found_and_leaves_with_the_next_last_user(
    place: Path, make: Server
) -> None:
    with program("use", place) as other:
        assert other.stdout is not None
        pid = int(other.stdout.readline().split()[0])
        other.kill()
    server = make()
    status = server.status()
    assert (status.is_alive, status.is_in_use, status.is_on_demand) == (True, False, True)
    with server.use() as address:
        assert address.pid == pid
    assert server.status().is_alive is False


@pytest.mark.long
def test_the_last_user_stops_it_and_an_earlier_one_does_not(place: Path, make: Server) -> None:
    server = make()
    with program("use", place) as other:
        assert other.stdout is not None
        pid = int(other.stdout.readline().split()[0])
        with server.use() as address:
            assert address.pid == pid
        assert server.status().is_alive
        said(other)
    assert server.status().is_alive is False


@pytest.mark.long
def test_an_explicit_start_outlives_every_user(make: Server) -> None:
    server = make()
    with server.use() as address:
        assert server.start() == address
    assert server.status().is_alive
    with server.use():
        pass
    assert server.status().is_alive


@pytest.mark.long
def test_a_killed_server_recovers_and_keeps_what_was_committed(make: Server) -> None:
    server = make()
    first = server.start()
    query(first, "CREATE TABLE kept AS SELECT 7 AS seven")
    os.kill(first.pid, signal.SIGKILL)
    second = server.start()
    assert second.pid != first.pid
    assert query(second, "SELECT seven FROM kept") == 7


@pytest.mark.long
def test_a_stale_pid_file_with_a_living_foreign_process_does_not_block(make: Server) -> None:
    server = make()
    first = server.start()
    pid_file = first.data_dir / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    kill_postmaster(server, first.pid)
    uid = first.data_dir.stat().st_uid if IS_ROOT else None
    foreign = subprocess.Popen(["sleep", "600"], user=uid)
    try:
        pid_file.write_text("\n".join([str(foreign.pid), *lines[1:]]))
        second = server.start()
        assert second.pid not in (first.pid, foreign.pid)
        assert foreign.poll() is None
    finally:
        foreign.kill()
        foreign.wait()


@pytest.mark.long
def test_a_server_that_somebody_else_started_on_our_data_is_left_alone(make: Server) -> None:
    server = make()
    address = server.start()
    hidden = address.data_dir.parent / "server.lock"
    hidden.rename(hidden.with_name("aside"))
    with pytest.raises(BillingError) as caught:
        server.start()
    assert caught.value.code == "embedded_foreign_server"
    assert query(address, "SELECT 1") == 1
    hidden.unlink(missing_ok=True)
    hidden.with_name("aside").rename(hidden)


@pytest.mark.long
@pytest.mark.parametrize("progress", ["planned", "initialised"])
def test_a_crash_between_the_steps_of_the_first_start_is_made_good(make: Server, progress: str) -> None:
    server = make()
    address = server.start()
    with psycopg.connect(address.libpq_url("postgres", database="postgres"), autocommit=True) as connection:
        connection.execute("DROP DATABASE billing")
        connection.execute("DROP ROLE billing_app")
    server.stop()
    record = address.data_dir.parent / "location.json"
    record.write_text(json.dumps({**json.loads(record.read_text()), "progress": progress}))
    (address.data_dir.parent / "stage").mkdir()
    assert query(server.start(), "SELECT current_user", role="billing_app") == "billing_app"
