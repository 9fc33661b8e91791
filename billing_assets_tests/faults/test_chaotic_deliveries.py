"""Whatever the other sides do, each document ends known: sent once, with a person, or on another way."""

from pathlib import Path

import pytest

from billing_assets.store.connection import Database
from billing_assets_tests.faults.chaotic_deliveries import deliver_all

COUNT = 600


@pytest.mark.long
def test_every_document_ends_sent_once_unknown_with_an_owner_or_on_another_way(
    database: Database, tmp_path: Path
) -> None:
    ending = deliver_all(database, tmp_path, COUNT, seed=7)
    assert ending.faults == []
    assert sum(ending.states.values()) >= COUNT
    for wanted in ("email sent", "email unknown", "api_push sent", "api_push unknown", "print_post queued"):
        assert ending.states[wanted], wanted
