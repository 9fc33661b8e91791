"""Problems are kept until a person or a corrected file has dealt with them."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Connection

from billing_assets.store.connection import Database
from billing_assets.store.problems import PROBLEM_SCHEMA, assign_problem, close_problem, open_problems
from billing_assets_tests.store.intake import AT, MAPPING, bill, book, import_text, query, with_company

BAD = {"premium": "x"}
CHANGES = replace(MAPPING, row_count_tolerance_percent=100)


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
        assert assign_problem(connection, 1, 1, "maria", AT)
        assert open_problems(connection, 1)["owner"].to_list() == ["maria"]
        assert not close(connection, company_id=2)
        assert close(connection)
        assert not close(connection)
        assert not assign_problem(connection, 1, 1, "maria", AT)
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


def test_the_corrected_date_closes_its_problem(store: Database, tmp_path: Path) -> None:
    import_text(store, tmp_path, book({"from": "2024-01-32"}, {"no": "P2", "from": "2024-01-32"}))
    import_text(store, tmp_path, book({}, {"no": "P3"}))
    assert query(store, "select record_key, is_open from problem order by 1") == [
        ("P1 2024-01-32", False),
        ("P2 2024-01-32", True),
    ]


def test_a_wrong_date_is_not_answered_while_the_policy_has_a_bad_row(store: Database, tmp_path: Path) -> None:
    import_text(store, tmp_path, book({"from": "2024-01-32"}))
    renewal = {"from": "2025-01-01", "to": "2026-01-01", "premium": "x"}
    import_text(store, tmp_path, book({}, renewal))
    assert codes(store) == ["date_invalid", "amount_not_a_number"]
    import_text(store, tmp_path, book({}, {**renewal, "premium": "9.00"}))
    assert codes(store) == []


def holds(database: Database) -> list[tuple[object, ...]]:
    return query(
        database,
        "select problem_id, effective_date, released_batch_id from problem_hold join policy_term "
        "using (policy_term_id, policy_id) order by 1, 2",
    )


def test_a_refused_row_holds_the_term_that_it_names_until_a_good_row_releases_it(
    store: Database, tmp_path: Path
) -> None:
    renewal = {"from": "2025-01-01", "to": "2026-01-01"}
    import_text(store, tmp_path, book({}, renewal), mapping=CHANGES)
    import_text(store, tmp_path, book({**renewal, **BAD}), mapping=CHANGES)
    assert holds(store) == [(1, date(2025, 1, 1), None)]
    import_text(store, tmp_path, book(renewal), mapping=CHANGES)
    assert holds(store) == [(1, date(2025, 1, 1), 3)]
    assert codes(store) == []


def test_a_row_without_a_readable_date_holds_every_term_that_the_book_does_not_state_well(
    store: Database, tmp_path: Path
) -> None:
    renewal = {"from": "2025-01-01", "to": "2026-01-01"}
    import_text(store, tmp_path, book({}, renewal), mapping=CHANGES)
    import_text(store, tmp_path, book({"from": "soon", "to": ""}, renewal), mapping=CHANGES)
    assert holds(store) == [(1, date(2024, 1, 1), None)]
    import_text(store, tmp_path, book({"from": "later", "to": ""}), mapping=CHANGES)
    assert holds(store)[1:] == [(2, date(2024, 1, 1), None), (2, date(2025, 1, 1), None)]
    import_text(store, tmp_path, book({}, {**renewal, "premium": "x"}), mapping=CHANGES)
    assert holds(store) == [
        (1, date(2024, 1, 1), 4),
        (2, date(2024, 1, 1), 4),
        (2, date(2025, 1, 1), None),
        (3, date(2025, 1, 1), None),
    ]


def test_the_same_problem_in_the_next_book_takes_the_place_and_the_owner_of_the_first(
    store: Database, tmp_path: Path
) -> None:
    import_text(store, tmp_path, book(BAD))
    with store.transaction() as connection:
        assign_problem(connection, 1, 1, "maria", AT)
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


@pytest.mark.long
@pytest.mark.parametrize("cell", ["P\x001", '"P\n\\.\nX"', '"P""1"', "P\\N", "\\."], ids=ascii)
def test_any_original_row_is_kept(store: Database, tmp_path: Path, cell: str) -> None:
    import_text(store, tmp_path, book({"no": cell, **BAD}, {"no": "P2"}))
    (row,) = query(store, "select original_row from problem")
    assert row == (",".join([cell.replace("\x00", "\u2400"), *book(BAD).splitlines()[1].split(",")[1:]]),)
