"""The store's side of a replay fits the port."""

from billing_assets.steps.replay_ports import ReplayStore
from billing_assets.store.connection import Database
from billing_assets.store.replays import SqlReplayStore


def test_the_store_is_a_replay_store(database: Database) -> None:
    store: ReplayStore = SqlReplayStore(database)
    assert callable(store.replay_shards)
