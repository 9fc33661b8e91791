"""``billing invoices request`` bills one policy and says what became of it."""

import json
from pathlib import Path

import pytest

from billing_assets.cli.failures import ExitCode
from billing_assets_tests.cli.conftest import Billing

DAY = ("--date", "2024-01-10")


@pytest.mark.usefixtures("book")
def test_a_policy_is_billed_and_asked_again_up_to_that_date_it_is_settled(billing: Billing) -> None:
    found = json.loads(billing("invoices", "request", "P-0001", *DAY, "--json").stdout)
    assert (found["state"], found["invoice_numbers"]) == ("done", ["OND-00000001"])
    again = billing("invoices", "request", "P-0001", "--until", found["until"], *DAY)
    assert "No invoice for policy P-0001: everything up to that date is billed already" in again.stdout
    assert "OND-00000001" in billing("invoices", "list").stdout


@pytest.mark.usefixtures("book")
def test_a_policy_that_is_not_there_is_an_error(billing: Billing) -> None:
    result = billing("invoices", "request", "NONE", *DAY, "--json", code=ExitCode.REFUSED)
    assert json.loads(result.stdout)["error"]["code"] == "policy_unknown"


def test_the_run_of_a_request_is_listed_and_shown(billing: Billing, book: Path) -> None:
    assert book.exists()
    told = billing("invoices", "request", "P-0001", *DAY).stdout
    assert told.startswith("OND-00000001  policy P-0001, billing dates up to 20")
    assert "on_demand" in billing("runs").stdout
    assert "OND-00000001" in billing("runs", "show", "1").stdout
    missing = billing("runs", "certificate", "1", code=ExitCode.REFUSED).stderr
    assert "run 1 billed on demand" in missing


@pytest.mark.usefixtures("book")
def test_a_request_is_not_dated_far_back_where_documents_carry_the_day_of_issue(
    billing: Billing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BILLING_ISSUE_ON", "today")
    refused = billing("invoices", "request", "P-0001", *DAY, code=ExitCode.REFUSED).stderr
    assert "business_date_far_back" in refused
    assert billing("invoices", "list").stdout.strip() == "No invoice fits."
