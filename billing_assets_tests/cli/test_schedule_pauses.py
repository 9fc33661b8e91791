"""`billing schedules pause` and `resume`: who stopped what and why, and what becomes of what was missed."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from billing_assets.store.connection import Database
from billing_assets_tests.cli.conftest import Billing
from billing_assets_tests.cli.test_schedules import NIGHTLY
from billing_assets_tests.scheduled import tamper_instants


@pytest.fixture(autouse=True)
def nightly(billing: Billing, book: Path) -> None:
    billing(*NIGHTLY)


def put_back(store: Database, span: timedelta) -> None:
    """Let everything that was done so far be done so much earlier."""
    tamper_instants(store, span)


def test_a_pause_is_listed_with_who_and_why_and_ends_when_resumed(
    billing: Billing, ask: Callable[..., Any]
) -> None:
    said = billing("schedules", "pause", "nightly", "--why", "rates are late", "--by", "bea")
    assert "Pause 1 stops schedule 'nightly'." in said.stdout
    [listed] = ask("schedules", "pauses")["pauses"]
    assert (listed["paused_by"], listed["reason"], listed["until_at"]) == ("bea", "rates are late", None)
    assert "paused by bea" in billing("schedules").stdout
    assert "has left out nothing yet" in billing("schedules", "missed", "1").stdout
    billing("schedules", "resume", "1", "--why", "rates are there", "--by", "bea")
    assert "Nothing is paused." in billing("schedules", "pauses").stdout
    [ended] = ask("schedules", "pauses", "--all")["pauses"]
    assert ended["resume_reason"] == "rates are there"


def test_resuming_asks_what_becomes_of_what_was_missed(
    billing: Billing, ask: Callable[..., Any], store: Database
) -> None:
    billing("schedules", "pause", "nightly", "--why", "rates are late")
    put_back(store, timedelta(days=10))
    missed = ask("schedules", "missed", "1")["firings"]
    assert len(missed) >= 5
    refused = billing("schedules", "resume", "1", "--why", "r", code=3)
    assert "billing schedules missed 1" in refused.stderr
    due = ask("schedules", "resume", "1", "--missed", "one_run", "--why", "r")["firings"]
    assert [each["nominal_date"] for each in due] == [missed[-1]["nominal_date"]]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "it names nothing to pause"),
        (("nightly", "--company"), "it names more than one thing to pause"),
        (("weekly",), "there is no schedule 'weekly'"),
        (("nightly", "--until", "2020-01-01 00:00"), "2019-12-31 23:00 UTC is past"),
    ],
)
def test_a_pause_that_is_unclear_is_refused(billing: Billing, arguments: tuple[str, ...], words: str) -> None:
    assert words in billing("schedules", "pause", *arguments, "--why", "r", code=3).stderr


def test_wider_pauses_say_what_they_stop(billing: Billing) -> None:
    for option, words in (
        (("--activity", "invoice_run"), "every invoice_run"),
        (("--company",), "every schedule of the company"),
        (("--everything",), "every schedule of every company"),
    ):
        assert words in billing("schedules", "pause", *option, "--why", "r").stdout


def test_nothing_is_kept_of_a_refused_pause(billing: Billing, store: Database) -> None:
    billing("schedules", "pause", "weekly", "--why", "r", code=3)
    with store.transaction() as connection:
        assert connection.execute(text("select count(*) from schedule_pause")).scalar_one() == 0
