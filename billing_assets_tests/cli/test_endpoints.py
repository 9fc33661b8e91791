"""`billing endpoints`: kept from files, shown by their host, tried by a signed message."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from billing_assets_tests.channels.api_push.samples import NEW_SECRET, OLD_SECRET
from billing_assets_tests.channels.outbound.servers import HttpLab
from billing_assets_tests.cli.conftest import Billing, bill_twice

pytestmark = [pytest.mark.usefixtures("book"), pytest.mark.prepared(by=bill_twice), pytest.mark.long]


def kept(billing: Billing, tmp_path: Path, url: str, *secrets: str) -> None:
    (tmp_path / "url").write_text(f"{url}\n")
    (tmp_path / "secrets").write_text("\n".join(secrets))
    files = ("--url-file", str(tmp_path / "url"), "--secrets-file", str(tmp_path / "secrets"))
    shown = billing("endpoints", "set", "broker", *files)
    assert "BILLING_NOTIFICATION_KEY" in shown.stderr


def test_an_endpoint_is_set_listed_tried_and_removed(
    billing: Billing, ask: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BILLING_PUSH_TO_LOOPBACK", "true")
    assert "There is no endpoint yet" in billing("endpoints").stdout
    with HttpLab() as lab:
        kept(billing, tmp_path, lab.url(path="/in?token=abc"), NEW_SECRET, OLD_SECRET)
        shown = billing("endpoints").stdout
        assert "127.0.0.1" in shown
        assert "abc" not in shown
        assert ask("endpoints", "test", "broker")["state"] == "sent"
    assert ask("endpoints", "test", "broker", code=4)["reason_code"] == "connect_failed"
    assert "no connection" in billing("endpoints", "test", "broker", code=4).stdout
    assert ask("endpoints", "remove", "broker")["is_removed"]
    assert ask("endpoints", "remove", "broker", code=3)["error"]["code"] == "endpoint_unknown"
    acts = [row["act"] for row in ask("audit-log")["acts"]]
    assert {"set_endpoint", "remove_endpoint"} <= set(acts)


def test_a_file_that_is_empty_or_missing_is_named(
    billing: Billing, ask: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "empty").write_text(" \n")
    for name in ("empty", "missing"):
        files = ("--url-file", str(tmp_path / name), "--secrets-file", str(tmp_path / "empty"))
        error = ask("endpoints", "set", "broker", *files, code=3)["error"]
        assert error["code"] == "endpoint_file_unreadable"
        assert name in error["found"]
