"""`billing audit-log`: who did what."""

from collections.abc import Callable
from getpass import getuser
from typing import Any

from billing_assets_tests.cli.conftest import Billing

Ask = Callable[..., Any]


def test_what_was_done_here_stands_under_the_login_and_the_name_that_was_given(
    book: object, billing: Billing, ask: Ask
) -> None:
    billing("calendar", "close", "2024-08-14", "--note", "the office moves", "--by", "A. Gil")
    newest, *others = ask("audit-log")["acts"]
    assert (newest["actor_kind"], newest["actor_name"], newest["signed_by"]) == ("login", getuser(), "A. Gil")
    assert (newest["act"], newest["subject_id"], newest["reason"]) == (
        "close_day",
        "2024-08-14",
        "the office moves",
    )
    assert [entry["act"] for entry in others] == ["set_company"]
    shown = billing("audit-log", "--who", "gil", "--subject", "day").stdout
    assert "signed A. Gil" in shown
    assert "No act fits." in billing("audit-log", "--act", "approve_run").stdout


def test_it_goes_on_page_by_page_and_the_audit_proves_it(book: object, billing: Billing, ask: Ask) -> None:
    billing("calendar", "close", "2024-08-14", "--note", "the office moves")
    first = ask("audit-log", "--limit", "1")
    second = ask("audit-log", "--limit", "1", "--before", str(first["before"]))
    assert [page["acts"][0]["act"] for page in (first, second)] == ["close_day", "set_company"]
    checks = {check["check_id"]: check for check in ask("audit")["checks"]}
    assert checks["I21"]["offender_count"] == 0
