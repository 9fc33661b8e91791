"""Problems are kept until a person or a corrected file has dealt with them."""

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Connection

from billing_assets.store.connection import Database
from billing_assets.store.problems import PROBLEM_SCHEMA, assign_problem, close_problem, open_problems
from billing_assets_tests.store.intake import AT, bill, book, import_text, query, with_company

BAD = {"premium": "x"}


@pytest.fixture
def store(database: Database) -> Database:
    return with_company(database)


def close(connection: Connection, company_id: int = 1) -> bool:
    return close_problem(connection, company_id, 1, note="withdrawn", closed_by="ana", closed_at=AT)


def codes(database: Database) -> list[str]:
    with database.transaction() as connection:
        return open_problems(connection, 1)["problem_code"].to_list()


def test_an_open_problem_is_listed_with_row_value_and_owner(store: Database, tmp_path: Path) -> None:
    import_text(store, tmp_path, book({"no": "P0"}, BAD))
    with store.transaction() as connection:
        (problem,) = open_problems(connection, 1).to_dicts()
        assert open_problems(connection, 2).schema == PROBLEM_SCHEMA
    assert problem == {
        "problem_id": 1,
        "batch_id": 1,
        "row_number": 2,
        "record_key": "P1 2024-01-01",
        "problem_code": "amount_not_a_number",
        "field_name": "premium",
        "original_value": "x",
        "original_row": book(BAD).splitlines()[1],
        "owner": "intake",
        "recorded_at": AT.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def test_a_problem_can_be_assigned_and_closed_once(store: Database, tmp_path: Path) -> None:
    import_text(store, tmp_path, book(BAD))
    with store.transaction() as connection:
        assert assign_problem(connection, 1, 1, "maria")
        assert open_problems(connection, 1)["owner"].to_list() == ["maria"]
        assert not close(connection, company_id=2)
        assert close(connection)
        assert not close(connection)
        assert not assign_problem(connection, 1, 1, "maria")
    assert codes(store) == []
    closings = query(
        store, "select problem_id, company_id, batch_id, note, closed_by, closed_at from problem_closing"
    )
    assert closings == [(1, 1, None, "withdrawn", "ana", AT)]


def test_the_corrected_row_closes_its_problem(store: Database, tmp_path: Path) -> None:
    import_text(store, tmp_path, book(BAD, {"no": "P2", **BAD}))
    import_text(store, tmp_path, book({}, {"no": "P3"}))
    assert query(store, "select record_key, is_open from problem order by 1") == [
        ("P1 2024-01-01", False),
        ("P2 2024-01-01", True),
    ]
    assert query(store, "select problem_id, batch_id, closed_at from problem_closing") == [(1, 2, AT)]


def test_the_same_problem_in_the_next_book_takes_the_place_and_the_owner_of_the_first(
    store: Database, tmp_path: Path
) -> None:
    import_text(store, tmp_path, book(BAD))
    with store.transaction() as connection:
        assign_problem(connection, 1, 1, "maria")
    import_text(store, tmp_path, book(BAD, {"no": "P2"}))
    assert query(store, "select batch_id, is_open, owner from problem order by 1") == [
        (1, False, "maria"),
        (2, True, "maria"),
    ]


def test_a_problem_for_a_person_is_not_closed_by_the_next_book(store: Database, tmp_path: Path) -> None:
    import_text(store, tmp_path, book({}))
    bill(store, "P1", date(2024, 2, 1))
    import_text(store, tmp_path, book({"cover_to": "2024-01-15"}))
    import_text(store, tmp_path, book({"cover_to": "2024-01-15"}, {"no": "P2"}))
    assert codes(store) == ["cover_ended_inside_billed_period"]


@pytest.mark.parametrize("cell", ["P\x001", '"P\n\\.\nX"', '"P""1"', "P\\N", "\\."], ids=ascii)
def test_any_original_row_is_kept(store: Database, tmp_path: Path, cell: str) -> None:
    import_text(store, tmp_path, book({"no": cell, **BAD}, {"no": "P2"}))
    (row,) = query(store, "select original_row from problem")
    assert row == (",".join([cell.replace("\x00", "\u2400"), *book(BAD).splitlines()[1].split(",")[1:]]),)
