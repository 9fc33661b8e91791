"""`billing subscriptions`: added, listed, refused, decided on, paused and retired; each act is kept."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from billing_assets_tests.channels.api_push.samples import NEW_SECRET
from billing_assets_tests.channels.outbound.servers import HttpLab, answering, taking
from billing_assets_tests.cli.conftest import Billing, bill_twice

Ask = Callable[..., Any]

pytestmark = [pytest.mark.usefixtures("book"), pytest.mark.prepared(by=bill_twice), pytest.mark.long]


def keep_endpoint(billing: Billing, folder: Path, lab: HttpLab) -> None:
    (folder / "url").write_text(lab.url())
    (folder / "secrets").write_text(NEW_SECRET)
    files = ("--url-file", str(folder / "url"), "--secrets-file", str(folder / "secrets"))
    billing("endpoints", "set", "broker", *files)


def test_a_subscription_is_added_sent_to_decided_on_and_retired(
    billing: Billing, ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BILLING_PUSH_TO_LOOPBACK", "true")
    assert "no subscription yet" in billing("subscriptions", "list").stdout
    add = ("subscriptions", "add", "broker-7", "--endpoint", "broker", "--kind", "issued", "--from", "1")
    assert ask(*add, code=3)["error"]["code"] == "endpoint_unknown"
    with HttpLab(answering("400 Bad Request")) as lab:
        keep_endpoint(billing, tmp_path, lab)
        assert ask(*add)["subscription"]["event_kinds"] == ["issued"]
        facts = ask("statuses", "tell")
    assert facts["failed_count"] > 1
    [row] = ask("subscriptions", "list")["subscriptions"]
    assert row["failed_count"] == facts["failed_count"]
    first, second, *_ = ask("subscriptions", "show", "broker-7")["events"]
    assert "billing operations" in billing("subscriptions", "show", "broker-7").stdout
    number = str(first["event_number"])
    assert ask("subscriptions", "skip", "broker-7", number, code=3)["error"]["code"] == "note_missing"
    ask("subscriptions", "skip", "broker-7", number, "--why", "they have it")
    ask("subscriptions", "again", "broker-7", str(second["event_number"]), "--why", "mended")
    with HttpLab(taking) as lab:
        keep_endpoint(billing, tmp_path, lab)
        assert ask("statuses", "tell")["sent_count"] >= 1
        ask("subscriptions", "pause", "broker-7", "--why", "they move")
        ask("statuses", "replay", "broker-7", "--from", "1", "--why", "their queue was lost")
        assert ask("statuses", "tell")["sent_count"] == 0
        ask("subscriptions", "resume", "broker-7", "--why", "they are back")
        assert ask("statuses", "tell")["sent_count"] == len(lab.heard) - 1 > 1
    ask("subscriptions", "retire", "broker-7", "--why", "the contract ended")
    assert ask("subscriptions", "list")["subscriptions"] == []
    assert [row["state"] for row in ask("subscriptions", "list", "--all")["subscriptions"]] == ["retired"]
    acts = {row["act"] for row in ask("audit-log", "--limit", "50")["acts"]}
    assert {"add_subscription", "resolve_status", "replay_statuses", "retire_subscription"} <= acts
