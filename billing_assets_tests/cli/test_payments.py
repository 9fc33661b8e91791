"""``billing payments``: taking in, listing, allocating, reversing, writing off."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from billing_assets_tests.cli.conftest import bill_all

Ask = Callable[..., Any]
NUMBER = "INV-00000001"

pytestmark = [pytest.mark.usefixtures("book"), pytest.mark.prepared(by=bill_all)]


def write(tmp_path: Path, *rows: str) -> str:
    path = tmp_path / "payments.csv"
    path.write_text("\n".join(["key,value_date,amount,currency,remittance", *rows]) + "\n", encoding="utf-8")
    return str(path)


def settlement(ask: Ask, number: str = NUMBER) -> dict[str, Any]:
    found: dict[str, Any] = ask("invoices", "show", number)["settlement"]
    return found


def test_a_file_is_taken_in_and_pays_what_it_names(ask: Ask, billing: Ask, tmp_path: Path) -> None:
    whole = settlement(ask)["open_minor"]
    path = write(tmp_path, f"a,2024-02-20,{whole / 100:.2f},EUR,{NUMBER}", "b,2024-02-30,1.00,EUR,x")
    assert ask("payments", "import", path)["problem_count"] == 1
    assert ask("payments", "import", path)["is_repeat"] == 1
    assert ask("payments", "allocate")["allocation_count"] == 1
    found = settlement(ask)
    assert (found["paid_minor"], found["open_minor"]) == (whole, 0)
    assert [row["state"] for row in ask("payments", "list")["payments"]] == ["allocated"]
    assert "0.00 EUR" in billing("invoices", "show", NUMBER).stdout
    assert billing("audit").stdout


def test_cash_is_taken_in_once_shown_and_reversed(ask: Ask, billing: Ask) -> None:
    add = ("payments", "add", "10.00", "EUR", "--key", "r1", "--for", NUMBER, "--on", "2024-02-20")
    assert ask(*add)["is_new"]
    assert not ask(*add)["is_new"]
    ask("payments", "allocate")
    [row] = ask("payments", "list", "--state", "allocated")["payments"]
    payment_id = str(row["payment_id"])
    assert NUMBER in billing("payments", "show", payment_id).stdout
    assert ask("payments", "reverse", payment_id, "--reason", "AM04")["reversal_count"] == 1
    assert not ask("payments", "reverse", payment_id, "--reason", "AM04")["is_new"]
    too_much = ("payments", "reverse", payment_id, "--reason", "AM04", "--amount", "1")
    assert ask(*too_much, code=3)["error"]["code"] == "reversal_exceeds_payment"
    assert settlement(ask)["paid_minor"] == 0
    assert "went back" in billing("payments", "show", payment_id).stdout


def test_what_is_too_small_is_written_off_by_rule_or_by_a_person(ask: Ask, billing: Ask) -> None:
    rule = ("--approval-above", "1.00", "--from", "2024-01-01", "--source", "board")
    assert ask("payments", "tolerance", "EUR", "0.05", *rule)["allocation_rule_id"]
    error = ask("payments", "write-off", NUMBER, "--note", "too small", code=3)["error"]
    assert error["code"] == "approver_missing"
    billing("payments", "write-off", NUMBER, "--note", "too small", "--approved-by", "eva")
    assert settlement(ask)["open_minor"] == 0
    assert ask("payments", "write-off", NUMBER, "--note", "again", code=3)["error"]["code"] == "nothing_open"


def test_what_cannot_be_is_refused_in_words(ask: Ask, billing: Ask) -> None:
    assert "above zero" in billing("payments", "add", "0", "EUR", "--key", "k", code=2).stderr
    assert ask("payments", "show", "7", code=3)["error"]["code"] == "payment_unknown"
    assert "No payment fits" in billing("payments", "list").stdout
    assert "nothing to allocate" in billing("payments", "allocate").stdout
