"""``billing retry`` shows what would be tried and when the rest is due, then tries what is due, once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from billing_assets.cli.failures import ExitCode
from billing_assets.store.connection import Database
from billing_assets_tests.cli.conftest import Billing

PLACE = "update billing.policy_term_version set place_code = {0} where policy_id in (10, 20)"
LINE = "update billing.policy_term_version set line_of_business = {0} where policy_id in (10, 20)"
LONG_AGO = "update billing.billing_run set finalised_at = finalised_at - interval '1 hour'"


def tamper(store: Database, *statements: str) -> None:
    with store.transaction() as connection:
        connection.execute(text("reset role"))
        connection.execute(text("set local session_replication_role = replica"))
        for statement in statements:
            connection.execute(text(statement))
        connection.execute(text("set role billing_app"))


@pytest.fixture
def failed(book: Path, store: Database, billing: Billing) -> Database:
    """A store in which two policies have no tax row and failed."""
    assert book.exists()
    tamper(store, PLACE.format("'DE'"), LINE.format("'home'"))
    billing("run", "2024-02-01", "--no-deliver", code=ExitCode.ATTENTION)
    return store


def test_a_dry_run_shows_and_tries_nothing_and_what_is_due_is_tried_once(
    failed: Database, billing: Billing, ask: Callable[..., Any]
) -> None:
    assert "0 failed charges would be tried now" in billing("retry", "--dry-run").stdout
    tamper(failed, LONG_AGO)
    assert ask("retry", "--dry-run")["counts"]["due"] == 2
    shown = ask("retry", "--dry-run")
    assert shown["counts"] == {"due": 2, "later": 0, "requested": 0, "owned": 0, "given_up": 0}
    assert [each["policy_number"] for each in shown["charges"]] == ["P-0010", "P-0020"]
    assert "no_tax_rule" in billing("retry", "--dry-run", "--limit", "1").stdout
    tamper(failed, PLACE.format("'ES'").replace("in (10, 20)", "= 10"))
    tamper(failed, LINE.format("'motor'").replace("in (10, 20)", "= 10"))
    found = billing("retry", code=ExitCode.ATTENTION).stdout
    assert "2 failed charges tried: 1 stand failed no more, 1 failed again, of these 0 are given up" in found
    assert ask("retry")["retried_count"] == 0
    (left,) = ask("retry", "--dry-run")["charges"]
    assert (left["policy_number"], left["state"], left["attempt_count"]) == ("P-0020", "later", 1)


def test_with_nothing_failed_there_is_nothing_to_try(book: Path, billing: Billing) -> None:
    assert book.exists()
    assert "0 failed charges tried" in billing("retry").stdout
