"""Changes in the store: of the company alone, written once, with the problems beside them."""

from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy.exc import IntegrityError

from billing_assets.domain.policy_changes import ChangeKind, TermChange
from billing_assets.steps.change_ports import ChangeBatch
from billing_assets.store.connection import Database
from billing_assets.store.policy_changes import ChangeTransaction, SqlChangeStore, read_changes
from billing_assets_tests.books import AT, fill_book

CHANGE = TermChange(
    policy_term_id=1,
    policy_id=1,
    change_number=1,
    change_kind=ChangeKind.ENDORSEMENT,
    change_date=date(2024, 7, 1),
    premium_minor=700_00,
)


@pytest.fixture
def work(database: Database) -> Iterator[ChangeTransaction]:
    fill_book(database, 2)
    with SqlChangeStore(database).intake("alondra", lambda *_: None) as work:
        yield work


def batch(*changes: TermChange) -> ChangeBatch:
    return ChangeBatch(
        file_name="changes.csv",
        file_sha256="ab" * 32,
        imported_at=AT,
        changes=changes,
        problems=(),
        answered_keys=(),
        row_count=len(changes),
        unchanged_count=0,
        duplicate_count=0,
    )


def test_what_was_written_is_read_again(work: ChangeTransaction) -> None:
    assert work.earlier_batch("ab" * 32) is None
    batch_id = work.write(batch(CHANGE))
    earlier = work.earlier_batch("ab" * 32)
    assert earlier is not None
    assert earlier.batch_id == batch_id
    assert work.changes_of([1, 2]) == [CHANGE] == read_changes(work.connection, 1, [1])
    assert read_changes(work.connection, 2, [1]) == []
    assert work.open_problem_keys() == frozenset()


def test_the_terms_of_a_policy_come_with_what_a_change_needs_to_know(work: ChangeTransaction) -> None:
    (term,) = work.terms_of(["POL-00000002", "POL-00000099"])
    assert (term.policy_term_id, term.currency, term.expiration_date) == (2, "EUR", date(2025, 2, 1))


def test_a_change_of_one_number_is_written_once(database: Database) -> None:
    fill_book(database, 1)
    store = SqlChangeStore(database)
    with store.intake("alondra", lambda *_: None) as work:
        work.write(batch(CHANGE))
    with pytest.raises(IntegrityError), store.intake("alondra", lambda *_: None) as work:
        work.write(batch(CHANGE))
