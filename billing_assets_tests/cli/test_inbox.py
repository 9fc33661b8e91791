"""``billing inbox``: requests come in by a file, are answered, and say what became of them."""

import json
from pathlib import Path

import pytest
from sqlalchemy import text

from billing_assets.cli.failures import ExitCode
from billing_assets.store.connection import Database
from billing_assets_tests.cli.conftest import Billing


@pytest.fixture
def requests(book: Path, tmp_path: Path) -> Path:
    """A file with two requests that can be answered and one that cannot."""
    assert book.exists()
    path = tmp_path / "requests.csv"
    path.write_text("request_key,policy_number,until\na,P-0001,\nb,P-0002,2024-02-01\nc,NONE,\n", "utf-8")
    return path


def test_requests_are_added_once_and_drained_once(billing: Billing, requests: Path) -> None:
    assert "3 requests added" in billing("inbox", "add", str(requests)).stdout
    assert "0 requests added, 3 known before" in billing("inbox", "add", str(requests)).stdout
    assert "3 requests: 2 done, 1 failed, 0 waiting" in billing("inbox", "drain").stdout
    drained = json.loads(billing("inbox", "drain", "--json").stdout)
    assert drained["request_count"] == 0


def test_a_request_is_listed_and_shown_with_its_invoice_or_its_reason(
    billing: Billing, requests: Path
) -> None:
    billing("inbox", "add", str(requests))
    assert "queued" in billing("inbox", "list").stdout
    billing("inbox", "drain")
    rows = json.loads(billing("inbox", "list", "--json").stdout)["requests"]
    assert [len(row["invoice_numbers"]) for row in rows] == [0, 1, 1]
    failed = billing("inbox", "list", "--state", "failed").stdout
    assert "the book has no such policy" in failed
    shown = billing("inbox", "show", str(rows[-1]["request_id"])).stdout
    assert "P-0001" in shown
    assert rows[-1]["invoice_numbers"][0] in shown
    assert billing("inbox", "list", "--policy", "P-0009").stdout.strip() == "No request fits."


def test_what_is_not_there_or_no_state_is_refused(billing: Billing, requests: Path) -> None:
    assert requests.exists()
    assert "request_unknown" in billing("inbox", "show", "99", code=ExitCode.REFUSED).stderr
    assert "is no state" in billing("inbox", "list", "--state", "lost", code=ExitCode.USAGE).stderr


@pytest.mark.usefixtures("requests")
def test_a_request_that_waits_names_the_held_run_and_one_nobody_looked_at_says_so(
    billing: Billing, store: Database, tmp_path: Path
) -> None:
    billing("run", "2024-02-01", "--rehearse")
    with store.transaction() as connection:
        connection.execute(text("update billing_run set state = 'held'"))
    told = billing("invoices", "request", "P-0001", "--date", "2024-01-10").stdout
    assert "run 1 is held and bills it: approve or reject that run" in told
    waiting = billing("inbox", "list", "--state", "waiting").stdout
    assert "run 1 is held and bills it" in waiting
    billing("inbox", "add", str(tmp_path / "requests.csv"))
    assert "not looked at yet: billing inbox drain" in billing("inbox", "list", "--state", "queued").stdout
    with store.transaction() as connection:
        asked = connection.execute(
            text("select request_id, run_id from inbox_request where state = 'waiting'")
        )
        assert [tuple(row) for row in asked] == [(1, 1)]
    assert "run 1 is held" in billing("inbox", "show", "1").stdout


@pytest.mark.usefixtures("requests")
def test_a_request_without_a_tax_row_names_the_run_that_lists_its_charge(
    billing: Billing, store: Database
) -> None:
    with store.transaction() as connection:
        connection.execute(text("reset role"))
        connection.execute(
            text(
                "update tax_rule set valid_to = date '2024-01-01' "
                "where valid_to is null and valid_from < '2024-01-01'"
            )
        )
    failed = billing("invoices", "request", "P-0001", "--date", "2024-01-10", code=ExitCode.REFUSED).stderr
    assert "'billing runs charges 1' names the charge" in " ".join(failed.split())
    assert "no tax rule covers premium" in " ".join(billing("runs", "charges", "1").stdout.split())
    assert "certificate" not in billing("runs", "show", "1").stdout
