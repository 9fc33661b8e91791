"""`billing calendar`: which days are closed; closing a day and opening it again."""

from collections.abc import Callable
from getpass import getuser
from pathlib import Path
from typing import Any

import pytest

from billing_assets.cli.failures import ExitCode
from billing_assets_tests.cli.conftest import Billing

NOTE = ("--note", "the office moves")


@pytest.fixture(autouse=True)
def company(book: Path) -> Path:
    return book


def test_a_year_of_a_place_is_listed_by_purpose(ask: Callable[..., Any], billing: Billing) -> None:
    found = ask("calendar", "show", "ES", "2024")
    assert (found["calendar_code"], found["purpose"], found["roll"]) == ("ES", "due", "following")
    days = {row["day"]: row["name"] for row in found["closed_days"]}
    assert "2024-08-15" in days
    assert found["own_closed_days"] == found["own_history"] == []
    debit = ask("calendar", "show", "ES", "2024", "--for", "debit")
    assert debit["calendar_code"] == "target"
    assert "2024-08-15" not in {row["day"] for row in debit["closed_days"]}
    shown = billing("calendar", "show", "KW", "2024").stdout
    assert "and each Friday and Saturday." in shown
    assert "The company's own days" not in shown


def test_a_calendar_may_be_named_and_several_joined(ask: Callable[..., Any]) -> None:
    days = {
        code: {row["day"] for row in ask("calendar", "show", code, "2024")["closed_days"]}
        for code in ("target", "denmark", "target+denmark")
    }
    assert days["target+denmark"] == days["target"] | days["denmark"] > days["target"]


def test_a_calendar_that_is_not_there_is_refused_by_name(billing: Billing) -> None:
    result = billing("calendar", "show", "XX", "2024", code=ExitCode.REFUSED)
    assert "there is no calendar 'XX'" in result.stderr
    assert "target" in result.stderr
    assert "did you mean ES?" in billing("calendar", "show", "Spain", "2024", code=ExitCode.REFUSED).stderr
    assert "'25' is less than 1950" in billing("calendar", "show", "ES", "25", code=ExitCode.USAGE).stderr


def test_a_day_is_closed_with_who_and_why_and_opened_again(ask: Callable[..., Any], billing: Billing) -> None:
    closed = ask("calendar", "close", "2024-08-14", *NOTE, "--by", "Ana")
    assert (closed["is_closed"], closed["is_changed"], closed["purpose"]) == (True, True, "all")
    assert ask("calendar", "close", "2024-08-14", *NOTE)["is_changed"] is False
    found = ask("calendar", "show", "ES", "2024", "--for", "send")
    assert found["own_closed_days"] == ["2024-08-14"]
    opened = billing("calendar", "open", "2024-08-14", "--note", "put off").stdout
    assert "Wednesday 2024-08-14 is open again for everything" in opened
    found = ask("calendar", "show", "ES", "2024")
    assert found["own_closed_days"] == []
    history = [(row["is_closed"], row["note"], row["recorded_by"]) for row in found["own_history"]]
    assert history == [(True, "the office moves", "Ana"), (False, "put off", getuser())]
    assert "opened again" in billing("calendar", "show", "ES", "2024").stdout


def test_a_day_may_be_closed_for_one_purpose(ask: Callable[..., Any], billing: Billing) -> None:
    shown = billing("calendar", "close", "2024-08-14", "--for", "send", *NOTE).stdout
    assert "closed for send" in shown
    own = {
        purpose: ask("calendar", "show", "ES", "2024", "--for", purpose)["own_closed_days"]
        for purpose in ("generate", "send", "due", "debit", "legal")
    }
    assert own == {"generate": [], "send": ["2024-08-14"], "due": [], "debit": [], "legal": []}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("open", "2024-08-15", *NOTE), "the company has not closed 2024-08-15"),
        (("close", "2024-08-14", "--note", " "), "a note is missing"),
        (("close", "2024-08-14", "--for", "legal", *NOTE), "a company cannot close days for 'legal'"),
    ],
)
def test_what_cannot_be_is_refused_with_the_way_out(
    billing: Billing, arguments: tuple[str, ...], words: str
) -> None:
    result = billing("calendar", *arguments, code=ExitCode.REFUSED)
    assert words in result.stderr


def test_a_day_that_is_no_date_is_a_mistake_of_the_command(billing: Billing) -> None:
    billing("calendar", "close", "2024-02-30", *NOTE, code=ExitCode.USAGE)


def test_a_run_of_a_day_that_the_company_has_closed_bills_nothing(ask: Callable[..., Any]) -> None:
    (before,) = ask("run", "2024-01-17", "--dry-run")["dates"]
    ask("calendar", "close", "2024-01-17", *NOTE)
    (after,) = ask("run", "2024-01-17", "--dry-run")["dates"]
    assert (before["due_count"] > 0, after["due_count"]) == (True, 0)
