"""Whoever is killed while worker processes bill a date: no gap, no duplicate, no lost policy."""

from pathlib import Path

import pytest

from billing_assets_tests.faults.programs import own_server
from billing_assets_tests.faults.random_kills import Storm


@pytest.mark.slow
def test_random_kills_leave_the_state_of_a_run_without_any(tmp_path: Path) -> None:
    with own_server() as server:
        storm = Storm(server, tmp_path, count=600, shard_terms=100)
        tally = storm.rage(kills=30, seed=20_240_201, audit_every=4)
    assert tally.faults == []
    assert tally.kills.total() == 30
    assert len(tally.kills) == 4
    assert tally.audited_runs > 1
