"""Notes and owners are kept for ever, closings with their reason."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from billing_assets.store import worklists
from billing_assets.store.connection import Database
from billing_assets.store.worklists import SignedNote
from billing_assets_tests.billed_store import BILLING_DATE, prepare_billed

AT = datetime(2024, 2, 1, tzinfo=UTC)
NOTE = SignedNote(by="ana", at=AT, note="asked")


prepare = prepare_billed


@pytest.fixture
def billed(database: Database) -> Database:
    """A small billed store."""
    return database


def test_a_note_and_an_owner_are_kept_in_order(billed: Database) -> None:
    with billed.transaction() as connection:
        worklists.note_problems(connection, 1, [1, 2], NOTE)
        worklists.assign_problems(connection, 1, [1], SignedNote(by="ana", at=AT, owner="tax"))
        assert worklists.last_notes(connection, [1, 2, 3]) == {1: "asked", 2: "asked"}
        kept = worklists.notes_of_problem(connection, 1, 1)
        assert worklists.notes_of_problem(connection, 2, 1) == []
    assert [(note.note, note.owner) for note in kept] == [("asked", ""), ("", "tax")]


def test_no_note_is_ever_changed(billed: Database) -> None:
    with billed.transaction() as connection:
        worklists.note_charges(connection, 1, [(10, 1)], NOTE)
    for statement in ("update worklist_note set note = 'x'", "delete from worklist_note"):
        with pytest.raises(DBAPIError), billed.transaction() as connection:
            connection.execute(text(statement))


def test_only_open_problems_of_the_company_are_locked(billed: Database) -> None:
    with billed.transaction() as connection:
        worklists.close_problems(connection, 1, [2], NOTE)
        found = worklists.lock_open_problems(connection, 1, [1, 2, 3, 9])
        assert worklists.lock_open_problems(connection, 2, [1]) == []
    assert [(row.problem_id, row.holds_term) for row in found] == [(1, False), (3, True)]


def test_the_last_date_on_which_a_policy_was_not_billed_is_known(billed: Database) -> None:
    with billed.transaction() as connection:
        found = worklists.held_or_failed_dates(connection, 1, ["POL-00000010", "POL-00000001"])
        assert worklists.requested_policies(connection, 1, ["POL-00000010"]) == set()
    assert found == {"POL-00000010": BILLING_DATE}
