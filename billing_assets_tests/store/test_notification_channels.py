"""Channels keep their targets sealed, show none of them, and cannot go while a rule uses them."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import Connection, text

from billing_assets.domain.errors import BillingError
from billing_assets.domain.notification_rules import Channel, ChannelKind
from billing_assets.store.connection import Database
from billing_assets.store.notification_channels import (
    channel_id_of,
    find_channel,
    list_channels,
    remove_channel,
    save_channel,
)
from billing_assets.store.notification_rules import remove_rule
from billing_assets.store.sealed_texts import Sealer
from billing_assets_tests.notified import NOON, hear

SEALER = Sealer(("k" * 32,))
CHANNEL = Channel(
    channel_id=0,
    channel_name="team",
    channel_kind=ChannelKind.APPRISE,
    target="slack://T/B/secret",
    language="es",
)


@pytest.fixture(autouse=True)
def _channel(database: Database) -> None:
    with database.transaction() as connection:
        save_channel(connection, CHANNEL, SEALER, "ana", NOON)


def kept(database: Database) -> str:
    with database.transaction() as connection:
        return str(connection.execute(text("select target from notification_channel")).scalar_one())


def test_a_target_is_sealed_in_the_store_and_comes_back_with_the_key(database: Database) -> None:
    assert "secret" not in kept(database)
    with database.transaction() as connection:
        found = find_channel(connection, "team", SEALER)
    assert replace(found, channel_id=0) == CHANNEL


def test_a_list_shows_no_target_and_says_whether_it_is_sealed(database: Database) -> None:
    with database.transaction() as connection:
        (row,) = list_channels(connection, SEALER)
        (unread,) = list_channels(connection, Sealer())
    assert (row.shown_target, row.is_sealed, row.language) == ("slack://***", True, "es")
    assert unread.shown_target == "sealed with another key"


def test_the_same_name_again_has_the_new_target_and_is_the_same_channel(database: Database) -> None:
    with database.transaction() as connection:
        before = channel_id_of(connection, "team")
        other = replace(CHANNEL, channel_kind=ChannelKind.EMAIL, target="a@example.com")
        assert save_channel(connection, other, Sealer(), "ben", NOON) == before
        assert list_channels(connection, SEALER)[0].shown_target == "a***@example.com"


def test_a_channel_of_a_rule_cannot_be_removed_and_without_it_its_target_goes(database: Database) -> None:
    hear(database)
    with pytest.raises(BillingError, match="of the rules ops"), database.transaction() as connection:
        remove_channel(connection, "team", "ana", NOON)
    assert kept(database)
    with database.transaction() as connection:
        remove_rule(connection, "ops", "ana", NOON)
        remove_channel(connection, "team", "ana", NOON)
        assert list_channels(connection, SEALER) == []
    assert kept(database) == ""


def _find(connection: Connection) -> None:
    find_channel(connection, "other", SEALER)


def _id(connection: Connection) -> None:
    channel_id_of(connection, "other")


def _remove(connection: Connection) -> None:
    remove_channel(connection, "other", "ana", NOON)


@pytest.mark.parametrize("act", [_find, _id, _remove])
def test_a_channel_that_is_not_there_is_named(database: Database, act: Callable[[Connection], None]) -> None:
    with pytest.raises(BillingError, match="no channel 'other'"), database.transaction() as connection:
        act(connection)
