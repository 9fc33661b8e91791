"""The embedded server is started once, found again, shared, and stopped, whatever was killed in between.

As root each server runs as an unprivileged id, as anyone else as that user; the facts are the same.
"""

import contextlib
import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy
from psycopg.conninfo import make_conninfo

from billing_assets.domain.errors import BillingError
from billing_assets.store.embedded import EmbeddedServer, ServerAddress, binaries

IS_ROOT = os.geteuid() == 0
ROOT_OF_TREE = Path(__file__).parents[2]

# What a second program does: become `uid` if asked (imports come first, that user may not read our Python),
# start, stop or use the server, say its pid, and wait to be ended.
PROGRAM = """
import os, sys
from pathlib import Path
import encodings.idna
from billing_assets.store.embedded import EmbeddedServer
verb, home, system_dir, uid = sys.argv[1:]
if int(uid):
    os.setgroups([]); os.setgid(65534); os.setuid(int(uid))
server = EmbeddedServer(Path(home), system_dir=Path(system_dir))
if verb == "start":
    address = server.start()
    print(address.pid, address.socket_dir, flush=True)
if verb == "stop":
    print(server.stop(), flush=True)
if verb == "use":
    with server.use() as address:
        print(address.pid, address.socket_dir, flush=True)
        sys.stdin.read()
"""

Server = Callable[..., EmbeddedServer]


@pytest.fixture(scope="module")
def ground() -> Iterator[Path]:
    """A short folder that every user may pass, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="bt-")).resolve()
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def place(ground: Path) -> Path:
    """An empty folder of this test."""
    folder = Path(tempfile.mkdtemp(dir=ground))
    folder.chmod(0o755)
    return folder


@pytest.fixture
def make(place: Path) -> Iterator[Server]:
    """Make servers that are stopped when the test ends."""
    made: list[EmbeddedServer] = []

    def one(home: Path | None = None, **options: float) -> EmbeddedServer:
        made.append(EmbeddedServer(home or place / "home", system_dir=place / "system", **options))
        return made[-1]

    yield one
    for server in made:
        with contextlib.suppress(BillingError):
            server.stop()


@pytest.fixture(scope="module")
def running(ground: Path) -> Iterator[ServerAddress]:
    """One server for the tests that only look."""
    server = EmbeddedServer(ground / "shared", system_dir=ground / "shared-system")
    yield server.start()
    server.stop()


def program(verb: str, place: Path, home: Path | None = None, uid: int = 0) -> subprocess.Popen[str]:
    """Start a second program."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT_OF_TREE), "PYTHONDONTWRITEBYTECODE": "1"}
    words = [verb, str(home or place / "home"), str(place / "system"), str(uid)]
    pipe = subprocess.PIPE
    command = [sys.executable, "-W", "error", "-c", PROGRAM, *words]
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=environment)


def said(other: subprocess.Popen[str]) -> str:
    """Let a second program end, and return what it said; fail with its error if it failed."""
    out, error = other.communicate(timeout=120)
    assert other.returncode == 0, error
    return out.strip()


def query(address: ServerAddress, sql: str, role: str = "postgres") -> object:
    """Return the first value."""
    with psycopg.connect(
        make_conninfo(address.libpq_url(role), **address.connect_args), autocommit=True
    ) as connection:
        done = connection.execute(sql.encode())
        row = done.fetchone() if done.description else None
        return row[0] if row else None


def wait_until(is_so: Callable[[], bool]) -> None:
    """Wait for something that happens soon."""
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def parents(path: Path) -> dict[str, tuple[int, int, int]]:
    """Return mode and owners of every existing parent folder."""
    found = [parent for parent in path.parents if parent.exists()]
    return {str(one): (one.stat().st_mode, one.stat().st_uid, one.stat().st_gid) for one in found}


def kill_postmaster(server: EmbeddedServer, pid: int) -> None:
    """Kill -9 the server and wait until its children are gone too."""
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not server.status().is_alive)


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


def test_an_explicit_start_outlives_every_user(make: Server) -> None:
    server = make()
    with server.use() as address:
        assert server.start() == address
    assert server.status().is_alive
    with server.use():
        pass
    assert server.status().is_alive


def test_a_killed_server_recovers_and_keeps_what_was_committed(make: Server) -> None:
    server = make()
    first = server.start()
    query(first, "CREATE TABLE kept AS SELECT 7 AS seven")
    os.kill(first.pid, signal.SIGKILL)
    second = server.start()
    assert second.pid != first.pid
    assert query(second, "SELECT seven FROM kept") == 7


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


def test_a_lost_data_folder_is_an_error_and_never_an_empty_database(make: Server) -> None:
    server = make()
    address = server.start()
    server.stop()
    shutil.rmtree(address.data_dir)
    with pytest.raises(BillingError) as caught:
        server.start()
    assert caught.value.code == "embedded_data_missing"


def test_data_of_another_major_version_is_refused_with_the_way_out(make: Server) -> None:
    server = make()
    address = server.start()
    server.stop()
    (address.data_dir / "PG_VERSION").write_text("12\n")
    with pytest.raises(BillingError, match="pg_dumpall") as caught:
        server.start()
    assert caught.value.code == "embedded_version_mismatch"


def test_a_server_that_does_not_come_up_is_quoted_from_its_log(make: Server) -> None:
    server = make()
    address = server.start()
    server.stop()
    (address.data_dir / "postgresql.auto.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(BillingError, match="no_such_setting") as caught:
        server.start()
    assert caught.value.code == "embedded_start_failed"
    assert server.status().is_alive is False


def test_a_home_that_cannot_be_made_is_an_error_with_a_way_out(make: Server, place: Path) -> None:
    (place / "file").write_text("")
    with pytest.raises(BillingError) as caught:
        make(place / "file" / "home").start()
    assert caught.value.code == "embedded_home_unusable"


def test_a_control_folder_that_others_may_write_is_refused(make: Server, place: Path) -> None:
    (place / "home/postgres").mkdir(parents=True)
    (place / "home/postgres").chmod(0o777)
    with pytest.raises(BillingError) as caught:
        make().start()
    assert caught.value.code == "embedded_home_owner"


@pytest.mark.parametrize("name", ["a, b%20'\"ü", "x" * 120])
def test_a_home_whose_path_no_socket_could_bear_works(make: Server, place: Path, name: str) -> None:
    server = make(place / name)
    address = server.start()
    assert len(str(address.socket_dir)) < 90
    assert query(address, "SELECT 1") == 1
    server.stop()
    shutil.rmtree(address.socket_dir)
    assert server.start().socket_dir == address.socket_dir
    server.stop()
    shutil.rmtree(address.socket_dir)
    address.socket_dir.mkdir(mode=0o755)
    assert server.start().socket_dir != address.socket_dir


def test_no_parent_folder_changes_mode_or_owner(make: Server, place: Path) -> None:
    locked = place / "locked"
    (locked / "deep").mkdir(parents=True)
    locked.chmod(0o700)
    home = locked / "deep/home"
    wheel = binaries.find_installs()[0].top
    before = parents(home) | parents(wheel)
    address = make(home).start()
    assert query(address, "SELECT 1") == 1
    after = parents(home) | parents(wheel)
    assert {name: after[name] for name in before} == before


@pytest.mark.needs("root")
def test_as_root_a_home_out_of_reach_points_to_the_system_folder(make: Server, place: Path) -> None:
    locked = place / "locked"
    locked.mkdir(mode=0o700)
    server = make(locked / "home")
    address = server.start()
    query(address, "CREATE TABLE kept AS SELECT 7 AS seven")
    assert address.data_dir.is_relative_to(place / "system")
    server.stop()
    locked.chmod(0o755)
    assert query(server.start(), "SELECT seven FROM kept") == 7


@pytest.mark.needs("root")
def test_as_root_programs_out_of_reach_are_copied_once(
    make: Server, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = binaries.find_installs()[0].top.parent
    locked = place / "locked"
    locked.mkdir(mode=0o700)
    for part in (original, original.with_name(f"{original.name}.libs")):
        (locked / part.name).symlink_to(part)
    (place / "system").mkdir()
    (place / "system" / "half-postgresql-18").mkdir()
    monkeypatch.syspath_prepend(str(locked))
    server = make()
    address = server.start()
    copied = Path(f"/proc/{address.pid}/exe").readlink()
    assert copied.is_relative_to(place / "system")
    made_at = copied.stat().st_mtime_ns
    server.stop()
    server.start()
    assert copied.stat().st_mtime_ns == made_at
    assert locked.stat().st_mode & 0o777 == 0o700


@pytest.mark.needs("root")
def test_three_users_of_one_machine_run_their_own_servers_at_once(make: Server, place: Path) -> None:
    uids = [pwd.getpwnam(name).pw_uid for name in ("nobody", "daemon")]
    homes = [place / f"of-{uid}" / ("deep" * 30) for uid in uids]
    for uid, home in zip(uids, homes, strict=True):
        home.mkdir(parents=True)
        os.chown(home, uid, 65534)
    starts = [program("start", place, home, uid) for uid, home in zip(uids, homes, strict=True)]
    mine = make().start()
    told = [said(start).split() for start in starts]
    try:
        sockets = [Path(words[1]) for words in told]
        assert len({mine.socket_dir, *sockets}) == 3
        assert [Path(f"/proc/{words[0]}").stat().st_uid for words in told] == uids
        assert [socket.stat().st_uid for socket in sockets] == uids
    finally:
        stops = [program("stop", place, home, uid) for uid, home in zip(uids, homes, strict=True)]
        assert [said(stop) for stop in stops] == ["True", "True"]
    for socket in sockets:
        shutil.rmtree(socket)
