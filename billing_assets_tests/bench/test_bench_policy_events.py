"""The bench of policy events, with a few: a real daemon takes and bills them, each once."""

import json
from pathlib import Path

import pytest

from bench.bench_policy_events import main


@pytest.mark.slow
def test_a_daemon_takes_and_bills_events_that_nobody_asks_for(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    figures = main(
        ["--events", "20", "--seconds", "2", "--home", str(tmp_path / "home"), "--json", str(file)]
    )
    assert figures["invoices_besides_the_first"] == 20
    assert 0 < figures["p50_seconds"] <= figures["p95_seconds"] <= figures["max_seconds"]
    assert figures["peak_memory_of_the_largest_process_mb"] > 50
    assert json.loads(file.read_text()) == figures
