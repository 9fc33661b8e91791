"""Real PostgreSQL for tests: one server a session, a fresh migrated database for each test that asks.

Belongs here: the server, the template, and the fixtures made of them, which `conftest` gives to every floor.
Does not belong here: what stands in a database (`books`).

The server is the one that BILLING_TEST_DATABASE_URL names (a superuser's URL), else an embedded one that does
not wait for its disk: it need not outlive a power cut, and the death of a process loses nothing.
A test's database is copied from a migrated template, file by file: its 500 files take 0.01 s in memory, where
the server lies if there is room, and 0.1 to 0.4 s on a disk.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Hashable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, make_url, text

from billing_assets.store.connection import Database
from billing_assets.store.embedded import EmbeddedServer, cluster
from billing_assets.store.schema import upgrade

_NUMBERS = count(1)
_UPGRADE_TURN = 7_249_999
_MEMORY = Path("/dev/shm")
_ROOM = 4 << 30


def url_of(server_url: str, name: str) -> str:
    """Return the URL of the database `name` on the same server, with the same login."""
    return make_url(server_url).set(database=name).render_as_string(hide_password=False)


def run_sql(url: str, statement: str) -> None:
    """Run one statement by itself, outside any transaction."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.execute(text(statement))
    finally:
        engine.dispose()


def memory() -> Path | None:
    """Return the folder that lies in memory; None where there is none, or too little room for a server."""
    return _MEMORY if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM else None


def analyse(database: Database) -> None:
    """Count what the tables hold, as a server does by itself a minute after rows were written.

    Until then it takes them for empty: a run over ten thousand policies is planned so that it takes four
    times as long.
    """
    with database.transaction() as connection:
        connection.execute(text("reset role"))
        connection.execute(text("analyze"))
        connection.execute(text("set role billing_app"))


@contextmanager
def copied_database(server_url: str, original: str, name: str) -> Iterator[Database]:
    """Copy a database that nobody is connected to, and drop the copy in the end."""
    run_sql(server_url, f'drop database if exists "{name}" with (force)')
    run_sql(server_url, f'create database "{name}" template "{original}" strategy file_copy')
    database = Database(url_of(server_url, name))
    try:
        yield database
    finally:
        database.close()
        run_sql(server_url, f'drop database if exists "{name}" with (force)')


Original = Callable[[Hashable, str, Callable[[Database], None]], str]
"""Return the name of a copy of a database to which something was done; what it is, a key says."""


@pytest.fixture(scope="session")
def original(server_url: str) -> Iterator[Original]:
    """Prepare a copy of a database once for all tests that ask by the same key; these get copies of it."""
    names: dict[tuple[Hashable, str], str] = {}

    def prepared(key: Hashable, template: str, prepare: Callable[[Database], None]) -> str:
        if (key, template) not in names:
            name = f"{template}_{len(names)}"
            database = stack.enter_context(copied_database(server_url, template, name))
            prepare(database)
            database.close()
            names[key, template] = name
        return names[key, template]

    with ExitStack() as stack:
        yield prepared


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """URL of a superuser on a running server."""
    given = os.environ.get("BILLING_TEST_DATABASE_URL")
    if given:
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="billing-test-", dir=memory()) as folder, ExitStack() as stack:
        Path(folder).chmod(0o755)
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(cluster.SETTINGS, "fsync", "off")
            address = stack.enter_context(EmbeddedServer(Path(folder)).use())
        yield address.url("postgres", database="postgres")


@pytest.fixture(scope="session")
def template_database(server_url: str) -> Iterator[str]:
    """Name of a migrated database of this session, from which the tests' databases are copied."""
    name = f"template_{uuid4().hex[:12]}"
    run_sql(server_url, f'create database "{name}"')
    engine = create_engine(server_url)
    # Roles belong to the whole server: two test processes that make them at once would trip over each other.
    with engine.connect() as connection:
        connection.execute(text("select pg_advisory_lock(:key)"), {"key": _UPGRADE_TURN})
        upgrade(url_of(server_url, name))
    engine.dispose()
    yield name
    run_sql(server_url, f'drop database if exists "{name}" with (force)')


@pytest.fixture
def empty_url(server_url: str) -> Iterator[str]:
    """URL of a database with nothing in it, for a superuser."""
    name = f"empty_{uuid4().hex[:12]}"
    run_sql(server_url, f"create database {name}")
    yield url_of(server_url, name)
    run_sql(server_url, f"drop database {name} with (force)")


@pytest.fixture
def fresh_database(server_url: str, template_database: str) -> Iterator[Callable[[], Database]]:
    """Make a fresh, migrated database at each call; all of them are dropped after the test."""
    with ExitStack() as stack:

        def make() -> Database:
            name = f"test_{template_database.removeprefix('template_')}_{next(_NUMBERS)}"
            return stack.enter_context(copied_database(server_url, template_database, name))

        yield make


Prepare = Callable[[Database, Path], None]
"""What is done to a database, with a folder for files, before tests get copies of it."""


@pytest.fixture
def preparation(request: pytest.FixtureRequest) -> Prepare | None:
    """What is done once for all tests of a module: its function ``prepare``, where it has one."""
    return getattr(request.module, "prepare", None)


@pytest.fixture
def database(
    server_url: str,
    template_database: str,
    original: Original,
    preparation: Prepare | None,
    tmp_path: Path,
) -> Iterator[Database]:
    """One migrated database of its own, prepared for the module, as the application sees it."""
    name = template_database
    if preparation is not None:
        prepare = preparation
        name = original(prepare, name, lambda database: prepare(database, tmp_path))
    with copied_database(server_url, name, f"test_{uuid4().hex}") as database:
        yield database
