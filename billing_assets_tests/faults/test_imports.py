"""Whoever dies during an import, whenever: the same import again ends in the state of an undisturbed one."""

import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from billing_assets.store import policies
from billing_assets.store.connection import Database
from billing_assets.store.policies import SqlIntakeStore
from billing_assets.store.schema import upgrade
from billing_assets.wiring.outages import is_outage
from billing_assets_tests.databases import copied_database, run_sql
from billing_assets_tests.faults.programs import crash, own_server, url_behind
from billing_assets_tests.faults.two_books import import_book, write_books
from billing_assets_tests.state import book_state

State = dict[str, list[tuple[object, ...]]]


@pytest.fixture(scope="module")
def undisturbed(server_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory) -> State:
    name = f"{template_database}_imports"
    with copied_database(server_url, template_database, name) as database:
        second = write_books(database, tmp_path_factory.mktemp("books"))
        import_book(SqlIntakeStore(database), second)
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
    second = write_books(database, folder)
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
    fresh_database: Callable[[], Database],
    tmp_path: Path,
    undisturbed: State,
) -> None:
    fuse, status = 0, -signal.SIGKILL
    while status == -signal.SIGKILL:
        fuse += 1
        status, state = kill_and_repeat(fresh_database(), tmp_path, option, str(fuse))
        assert state == undisturbed, f"killed at point {fuse}"
    assert status == 0
    assert fuse > least


def kill_server_and_repeat(folder: Path, *point: str) -> State:
    """Import on a server of its own that dies at a point, start it again, import again; return the state."""
    with own_server() as server:
        address = server.start()
        upgrade(address.url("billing_owner"))
        database = Database(address.url("billing_app"))
        second = write_books(database, folder)
        database.close()
        # What is left of a dying server may still answer a last statement: then the import ends well.
        crash(address.url("billing_app"), folder, "--book", str(second), *point, "--victim", str(address.pid))
        again = server.start()
        assert again.pid != address.pid
        database = Database(again.url("billing_app"))
        import_book(SqlIntakeStore(database), second)
        state = book_state(database)
        database.close()
    return state


@pytest.mark.long
@pytest.mark.parametrize("point", [("--fuse", "12"), ("--copy-fuse", "10")])
def test_postgresql_killed_during_an_import_and_the_import_again_ends_as_if_nothing_had_happened(
    point: tuple[str, str], tmp_path: Path, undisturbed: State
) -> None:
    assert kill_server_and_repeat(tmp_path, *point) == undisturbed


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
    point: tuple[str, str], tmp_path: Path, undisturbed: State
) -> None:
    assert kill_server_and_repeat(tmp_path, *point) == undisturbed


@pytest.mark.long
@pytest.mark.parametrize("function", ["copy_in", "write_problems", "release_holds", "close_answered"])
def test_an_import_whose_connection_the_server_ends_is_an_outage_and_can_be_repeated(
    function: str, database: Database, tmp_path: Path, undisturbed: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = write_books(database, tmp_path)
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
