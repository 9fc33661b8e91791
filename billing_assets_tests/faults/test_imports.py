"""Whoever dies during an import, whenever: the same import again ends in the state of an undisturbed one."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from billing_assets.store import policies
from billing_assets.store.connection import Database
from billing_assets.store.embedded import EmbeddedServer
from billing_assets.store.embedded.address import DATABASE
from billing_assets.store.policies import SqlIntakeStore
from billing_assets.wiring.outages import is_outage
from billing_assets_tests.databases import Original, copied_database, run_sql
from billing_assets_tests.faults.programs import crash, mortal_server, url_behind
from billing_assets_tests.faults.two_books import import_book, import_first, second_in
from billing_assets_tests.state import book_state

State = dict[str, list[tuple[object, ...]]]

prepare = import_first
"""What is done to a store once for all tests."""


@pytest.fixture(scope="module")
def mortal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    """A server with the first book in its store, which a test copies, kills and starts again."""
    with mortal_server(prepare, tmp_path_factory.mktemp("mortal")) as server:
        yield server


@pytest.fixture(scope="module")
def undisturbed(server_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory) -> State:
    name, folder = f"{template_database}_imports", tmp_path_factory.mktemp("books")
    with copied_database(server_url, template_database, name) as database:
        prepare(database, folder)
        import_book(SqlIntakeStore(database), second_in(folder))
        return book_state(database)


def test_the_second_book_does_something_in_every_table(undisturbed: State) -> None:
    assert {len(undisturbed["batches"]), len({row[-1] for row in undisturbed["terms"]})} == {2}
    assert len(undisturbed["payers"]) == 30 + 8 + 8
    assert {row[2] for row in undisturbed["problems"]} == {
        "amount_not_a_number",
        "date_invalid",
        "missing_from_book",
    }
    assert {row[7] for row in undisturbed["problems"]} == {False, True}
    assert len(undisturbed["holds"]) == 4


def kill_and_repeat(database: Database, folder: Path, *point: str) -> tuple[int, State]:
    """Import the second book with a bomb, then without; return the first exit status and the final state."""
    second = second_in(folder)
    status = crash(url_behind(database), folder, "--book", str(second), *point)
    import_book(SqlIntakeStore(database), second)
    return status, book_state(database)


@pytest.mark.long
@pytest.mark.parametrize(
    "point", [("--fuse", "13"), ("--fuse", "15"), ("--fuse", "16"), ("--copy-fuse", "8")]
)
def test_an_import_killed_at_a_point_and_repeated_ends_as_if_nothing_had_happened(
    point: tuple[str, str], database: Database, tmp_path: Path, undisturbed: State
) -> None:
    status, state = kill_and_repeat(database, tmp_path, *point)
    assert status == -signal.SIGKILL
    assert state == undisturbed


@pytest.mark.slow
@pytest.mark.parametrize(("option", "least"), [("--fuse", 16), ("--copy-fuse", 20)])
def test_an_import_killed_at_every_point_in_turn_ends_as_if_nothing_had_happened(
    option: str,
    least: int,
    server_url: str,
    template_database: str,
    original: Original,
    tmp_path: Path,
    undisturbed: State,
) -> None:
    name = original(prepare, template_database, lambda database: prepare(database, tmp_path))
    fuse, status = 0, -signal.SIGKILL
    while status == -signal.SIGKILL:
        fuse += 1
        with copied_database(server_url, name, f"{name}{option}{fuse}") as database:
            status, state = kill_and_repeat(database, tmp_path, option, str(fuse))
        assert state == undisturbed, f"killed at point {fuse}"
    assert status == 0
    assert fuse > least


def kill_server_and_repeat(server: EmbeddedServer, folder: Path, *point: str) -> State:
    """Import on a server that dies at a point, start it again, import again; return the state."""
    address, second = server.start(), second_in(folder)
    with copied_database(address.url("postgres", database="postgres"), DATABASE, "copied") as database:
        # What is left of a dying server may still answer a last statement: then the import ends well.
        app_url = address.url("billing_app", database="copied")
        crash(app_url, folder, "--book", str(second), *point, "--victim", str(address.pid))
        assert server.start().pid != address.pid
        import_book(SqlIntakeStore(database), second)
        return book_state(database)


@pytest.mark.long
@pytest.mark.parametrize("point", [("--fuse", "12"), ("--copy-fuse", "10")])
def test_postgresql_killed_during_an_import_and_the_import_again_ends_as_if_nothing_had_happened(
    point: tuple[str, str], mortal: EmbeddedServer, tmp_path: Path, undisturbed: State
) -> None:
    assert kill_server_and_repeat(mortal, tmp_path, *point) == undisturbed


@pytest.mark.slow
@pytest.mark.parametrize(
    "point",
    [
        *(("--fuse", str(fuse)) for fuse in range(2, 17, 2)),
        *(("--copy-fuse", str(n)) for n in range(1, 21, 3)),
    ],
    ids="-".join,
)
def test_postgresql_killed_at_many_points_of_an_import_loses_and_doubles_nothing(
    point: tuple[str, str], mortal: EmbeddedServer, tmp_path: Path, undisturbed: State
) -> None:
    assert kill_server_and_repeat(mortal, tmp_path, *point) == undisturbed


@pytest.mark.long
@pytest.mark.parametrize("function", ["copy_in", "write_problems", "release_holds", "close_answered"])
def test_an_import_whose_connection_the_server_ends_is_an_outage_and_can_be_repeated(
    function: str, database: Database, tmp_path: Path, undisturbed: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = second_in(tmp_path)
    url, real = url_behind(database), getattr(policies, function)

    def cut_off(connection: object, *arguments: object) -> object:
        pid = connection.execute(text("select pg_backend_pid()")).scalar_one()  # type: ignore[attr-defined]
        run_sql(url, f"select pg_terminate_backend({pid}, 5000)")
        return real(connection, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(policies, function, cut_off)
        with pytest.raises(DBAPIError) as caught:
            import_book(SqlIntakeStore(database), second)
    assert is_outage(caught.value)
    import_book(SqlIntakeStore(database), second)
    assert book_state(database) == undisturbed
