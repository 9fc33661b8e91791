"""``billing suspense``: what nobody owns, and giving it an owner."""

from collections.abc import Callable
from typing import Any

import pytest

from billing_assets_tests.cli.conftest import bill_all

Ask = Callable[..., Any]

pytestmark = [pytest.mark.usefixtures("book"), pytest.mark.prepared(by=bill_all)]


def test_what_nobody_owns_is_listed_with_candidates_and_resolved(ask: Ask, billing: Ask) -> None:
    whole = ask("invoices", "show", "INV-00000002")["settlement"]["open_minor"]
    add = ("payments", "add", f"{whole / 100:.2f}", "EUR", "--key", "r1", "--on", "2024-02-20")
    ask(*add, "--for", "premium 0000002")
    [row] = ask("suspense", "list")["suspense"]
    assert row["reason_code"] == "no_reference"
    assert row["candidates"][0]["document_number"] == "INV-00000002"
    assert "INV-00000002 (" in billing("suspense", "list").stdout
    number = str(row["payment_id"])
    error = ask("suspense", "resolve", number, "--note", "n", code=3)["error"]
    assert error["code"] == "payment_target_missing"
    ask("suspense", "resolve", number, "--document", "INV-00000002", "--note", "the payer called")
    assert ask("invoices", "show", "INV-00000002")["settlement"]["open_minor"] == 0
    again = ask("suspense", "resolve", number, "--payer", "x", "--note", "n", code=3)["error"]
    assert again["code"] == "payment_not_in_suspense"
    assert "Every payment has an owner" in billing("suspense", "list").stdout
