"""A block of numbers that is not there, does not follow, or is not the documents it says is named by I08."""

import pytest
from sqlalchemy import Engine

from billing_assets_tests.store.checks.conftest import FEBRUARY, MARCH, TERM_COUNT, broken, planted

# The violation, and the offender that it is named by; the store has a block of February and one of March.
BLOCK_PLANTS = [
    (
        "delete from number_block where first_number = 1",
        f"series INV-: its block from {TERM_COUNT + 1} does not follow the one before it",
    ),
    (
        "update number_block set issue_date = '2031-01-01' where first_number = 1",
        f"series INV-: its block from {TERM_COUNT + 1} does not follow the one before it",
    ),
    (
        f"delete from number_block where last_number > {TERM_COUNT}",
        "series INV-: its counter or its last issue date is not that of its last block",
    ),
    (
        "delete from number_block",
        "series INV-: its counter stands at 16 and there is no block",
    ),
    (
        "update number_block set last_number = last_number - 1 where first_number = 1",
        f"series INV-: its block from {TERM_COUNT + 1} does not follow the one before it",
    ),
    (
        "delete from invoice where invoice_number = 5",
        f"series INV-: its block from 1 to {TERM_COUNT} has {TERM_COUNT - 1} documents, not one for each ",
    ),
    (
        "update number_block set issue_date = issue_date - 1 where first_number = 1",
        f"series INV-: its block from 1 to {TERM_COUNT} has {TERM_COUNT} documents, not one for each ",
    ),
]


@pytest.mark.parametrize(("statement", "name"), BLOCK_PLANTS)
def test_a_broken_block_is_named(superuser: Engine, statement: str, name: str) -> None:
    with planted(superuser, statement) as connection:
        found = broken(connection, check_ids=["I08"])["I08"]
    assert any(example.startswith(name) for example in found.examples), found.examples


def test_the_documents_of_a_date_are_counted_by_its_own_runs_alone(superuser: Engine) -> None:
    statement = "update number_block set issue_date = issue_date - 1 where first_number = 1"
    with planted(superuser, statement) as connection:
        assert "I08" in broken(connection, FEBRUARY, ["I08"])
        assert broken(connection, MARCH, ["I08"]) == {}
