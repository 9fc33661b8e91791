"""Channels are added, tried, listed and removed; a target is never shown whole."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from billing_assets.channels.mailbox import MailboxServer
from billing_assets.cli.failures import ExitCode
from billing_assets_tests.cli.conftest import Billing, write_company
from billing_assets_tests.hooks import HookServer, hook_server

ADD = ("notifications", "channels", "add")
TEST = ("notifications", "channels", "test")


@pytest.fixture(autouse=True)
def _company(store: object, billing: Billing, tmp_path: Path) -> None:
    write_company(tmp_path / "company.yaml")
    billing("company", "set", str(tmp_path / "company.yaml"))


@pytest.fixture
def hook() -> Iterator[HookServer]:
    with hook_server() as server:
        yield server


def test_a_channel_is_added_listed_and_removed_without_showing_its_target(
    billing: Billing, hook: HookServer
) -> None:
    said = billing(*ADD, "chat", "--url", hook.url)
    listed = billing("notifications", "channels", "list")
    assert "json://***" in listed.stdout
    assert "readable" in listed.stdout
    gone = billing("notifications", "channels", "remove", "chat")
    everything = [each.stdout + each.stderr for each in (said, listed, gone)]
    assert all("secret-token" not in each for each in everything)
    assert "protect the database's files" in said.stderr
    assert "There is no channel yet" in billing("notifications", "channels", "list").stdout


def test_with_a_key_the_target_is_sealed(
    ask: Callable[..., Any], hook: HookServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BILLING_NOTIFICATION_KEY", "k" * 32)
    assert ask(*ADD, "chat", "--url", hook.url)["is_sealed"]
    assert ask("notifications", "channels", "list")["channels"][0]["is_sealed"]


@pytest.mark.long
def test_a_url_may_come_from_a_file_or_the_environment(
    billing: Billing, hook: HookServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "url.txt").write_text(f"{hook.url}\n", encoding="utf-8")
    billing(*ADD, "a", "--url-file", str(tmp_path / "url.txt"))
    refused = billing(*ADD, "a", "--url-file", str(tmp_path / "none.txt"), code=ExitCode.REFUSED)
    assert "cannot be read" in refused.stderr
    monkeypatch.setenv("BILLING_CHANNEL_URL", hook.url)
    billing(*ADD, "b")
    assert "the other side took the test message" in billing(*TEST, "b").stdout
    assert len(hook.bodies) == 1


@pytest.mark.long
def test_a_test_says_plainly_what_happened(
    billing: Billing, hook: HookServer, mailbox: MailboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BILLING_NOTIFICATION_TIMEOUT_SECONDS", "1")
    billing(*ADD, "mail", "--to", "ops@example.com")
    assert "the other side took the test message" in billing(*TEST, "mail").stdout
    assert len(mailbox.messages()) == 1
    billing(*ADD, "chat", "--url", hook.url)
    hook.answers = [500, 0]
    refused = billing(*TEST, "chat", code=ExitCode.ATTENTION).stdout
    assert "was refused for now; nothing was taken" in refused
    assert "500: the service refused it" in refused
    assert "may or may not have arrived" in billing(*TEST, "chat", code=ExitCode.ATTENTION).stdout


def test_what_cannot_be_a_channel_is_refused(billing: Billing) -> None:
    assert "give one of them" in billing(*ADD, "a", code=ExitCode.USAGE).stderr
    both = billing(*ADD, "a", "--to", "a@example.com", "--url", "json://h", code=ExitCode.USAGE)
    assert "give one of them" in both.stderr
    assert "not one bare" in billing(*ADD, "a", "--to", "nobody", code=ExitCode.REFUSED).stderr
    assert "no channel 'x'" in billing(*TEST, "x", code=ExitCode.REFUSED).stderr
