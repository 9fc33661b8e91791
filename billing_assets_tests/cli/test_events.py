"""``billing events``: events come in by a file, are taken and billed, and say what became of them."""

import json
from pathlib import Path

import pytest

from billing_assets.cli.failures import ExitCode
from billing_assets.store.connection import Database
from billing_assets_tests.cli.conftest import Billing, write_company
from billing_assets_tests.events import change_event, term_event


@pytest.fixture
def events(billing: Billing, store: Database, tmp_path: Path) -> Path:
    """A file with a policy, a change that waits for another, and an event that is refused."""
    assert store is not None
    write_company(tmp_path / "company.yaml")
    billing("company", "set", str(tmp_path / "company.yaml"))
    path = tmp_path / "events.ndjson"
    told = [term_event("A"), change_event("B"), term_event("C", premium="much")]
    rows = [
        {"event_key": each.event_key, "event_kind": each.event_kind, "version": each.version, **each.body}
        for each in told
    ]
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return path


def test_events_are_added_once_taken_once_and_listed_with_what_became_of_them(
    billing: Billing, events: Path
) -> None:
    assert "3 events added" in billing("events", "add", str(events)).stdout
    assert "0 events added, 3 known before" in billing("events", "add", str(events)).stdout
    assert "not taken yet" in billing("events", "list").stdout
    drained = billing("events", "drain")
    assert "2 events: 1 taken, 1 refused, 0 stale, 0 repeated" in drained.stdout
    assert "1 request to bill them: 1 done, 0 failed, 0 waiting" in drained.stdout
    listed = billing("events", "list").stdout
    assert "the term that it changes is not there yet" in listed
    assert "(problem 1)" in listed
    rows = json.loads(billing("events", "list", "--policy", "A", "--json").stdout)["events"]
    assert rows[0]["invoice_numbers"][0] == "OND-00000001"
    assert json.loads(billing("events", "drain", "--json").stdout)["event_count"] == 0
    assert billing("events", "list", "--policy", "Z").stdout.strip() == "No event fits."


def test_what_is_no_state_or_no_event_is_refused(billing: Billing, events: Path, tmp_path: Path) -> None:
    assert events.exists()
    assert "is no state" in billing("events", "list", "--state", "lost", code=ExitCode.USAGE).stderr
    (tmp_path / "bad.ndjson").write_text('{"event_key": "x"}', encoding="utf-8")
    refused = billing("events", "add", str(tmp_path / "bad.ndjson"), code=ExitCode.REFUSED)
    assert "event_row_invalid" in refused.stderr
