"""`billing statuses`: told once, listed, and an unknown kind is refused."""

from collections.abc import Callable
from typing import Any

import pytest

from billing_assets_tests.cli.conftest import bill_all

Ask = Callable[..., Any]

pytestmark = [pytest.mark.usefixtures("book"), pytest.mark.prepared(by=bill_all)]


def test_what_happened_is_told_once_and_listed(ask: Ask, billing: Ask) -> None:
    untold = ask("statuses", "list")
    assert untold["events"] == []
    assert untold["untold_count"] > 0
    told = ask("statuses", "tell")["event_count"]
    assert told >= untold["untold_count"]
    assert ask("statuses", "tell", "--no-send") == {"event_count": 0, "past_due_count": 0, "part_count": 0}
    found = ask("statuses", "list", "--kind", "issued", "--limit", "2")
    assert [row["event_kind"] for row in found["events"]] == ["issued"] * 2
    assert found["before"] == found["events"][-1]["event_number"]
    number = found["events"][0]["invoice_number"]
    shown = billing("statuses", "list", "--invoice", number).stdout
    assert number in shown
    assert "issued" in shown
    assert "No event fits" in billing("statuses", "list", "--invoice", "NONE").stdout
    assert ask("statuses", "list", "--kind", "lost", code=3)["error"]["code"] == "status_kind_unknown"
    replay = ("statuses", "replay", "nobody", "--from", "1", "--why", "a test")
    assert ask(*replay, code=3)["error"]["code"] == "subscription_unknown"
