"""The store's side of a replacement fits the port."""

from datetime import UTC, datetime

from billing_assets.steps.replacement_ports import ReplacementStore
from billing_assets.store.connection import Database
from billing_assets.store.replacements import SqlReplacementStore


def test_the_store_is_a_replacement_store(database: Database) -> None:
    store: ReplacementStore = SqlReplacementStore(database, lambda: datetime(2024, 1, 1, tzinfo=UTC))
    assert callable(store.replacement)
