"""Rules are versions of a name: the last one holds, a removed one hears nothing, none is ever edited."""

from dataclasses import replace
from datetime import timedelta

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.domain.notification_rules import Digest, Rule
from billing_assets.store.connection import Database
from billing_assets.store.notification_rules import add_rule, list_rule_rows, list_rules, remove_rule
from billing_assets_tests.notified import NOON, add_channel

RULE = Rule(rule_name="ops", channel_name="team")
LATER = NOON + timedelta(days=1)


@pytest.fixture(autouse=True)
def _channel(database: Database) -> None:
    add_channel(database)


def test_a_rule_comes_back_as_it_was_said(database: Database) -> None:
    with database.transaction() as connection:
        assert add_rule(connection, RULE, "ana", NOON) == 1
        (stored,) = list_rules(connection)
        (row,) = list_rule_rows(connection)
    assert stored.rule == row.rule == RULE
    assert (stored.hears_from, row.recorded_by, row.version_number) == (NOON, "ana", 1)


def test_a_changed_rule_is_its_next_version_and_hears_on_from_its_beginning(database: Database) -> None:
    with database.transaction() as connection:
        add_rule(connection, RULE, "ana", NOON)
        assert add_rule(connection, replace(RULE, digest=Digest.HOURLY), "ben", LATER) == 2
        (stored,) = list_rules(connection)
    assert (stored.rule.digest, stored.hears_from) == (Digest.HOURLY, NOON)


def test_a_removed_rule_hears_nothing_and_made_again_hears_from_then_on(database: Database) -> None:
    with database.transaction() as connection:
        add_rule(connection, RULE, "ana", NOON)
        remove_rule(connection, "ops", "ana", NOON)
        assert not list_rules(connection)
        assert not list_rule_rows(connection)
        assert add_rule(connection, RULE, "ana", LATER) == 3
        assert list_rules(connection)[0].hears_from == LATER


def test_a_rule_needs_a_channel_and_only_one_that_is_there_is_removed(database: Database) -> None:
    with pytest.raises(BillingError, match="no channel 'x'"), database.transaction() as connection:
        add_rule(connection, replace(RULE, channel_name="x"), "ana", NOON)
    with pytest.raises(BillingError, match="no rule 'ops'"), database.transaction() as connection:
        remove_rule(connection, "ops", "ana", NOON)
