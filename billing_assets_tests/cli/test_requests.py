"""``billing requests``: asked, answered, saved, refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from billing_assets_tests.cli.conftest import bill_all

Ask = Callable[..., Any]

pytestmark = [pytest.mark.usefixtures("book"), pytest.mark.prepared(by=bill_all)]


def test_a_request_is_asked_answered_and_saved(ask: Ask, billing: Ask, tmp_path: Path) -> None:
    payer = ask("invoices", "show", "INV-00000002")["payer"]["payer_key"]
    add = ("requests", "add", "statement", "--payer", payer, "--channel", "post", "--key", "call-7")
    first = ask(*add)
    assert ask(*add) == {"document_request_id": first["document_request_id"], "is_new": False}
    number = str(first["document_request_id"])
    assert ask("requests", "answer")["answered_count"] == 1
    assert "STM-" in billing("requests", "list", "--to-do").stdout
    assert "STM-" in billing("requests", "show", number).stdout
    saved = ask("requests", "save", number, "--to", str(tmp_path / "letters"), "--handed-over")
    assert Path(saved["files"][0]).read_bytes().startswith(b"%PDF-")
    assert "Nobody asks" in billing("requests", "list", "--to-do").stdout
    assert ask("requests", "refuse", number, "--note", "n", code=3)["error"]["code"] == "request_settled"


def test_what_waits_is_completed_or_refused(ask: Ask, billing: Ask) -> None:
    payer = ask("invoices", "show", "INV-00000002")["payer"]["payer_key"]
    wrong = ("requests", "add", "invoice_copy", "--payer", payer, "--document", "INV-99999999")
    one, two = (str(ask(*wrong)["document_request_id"]) for _ in range(2))
    assert ask("requests", "answer", code=4)["waiting_count"] == 2
    assert "no document of that number" in billing("requests", "show", one).stdout
    right = ("--kind", "invoice_copy", "--document", "INV-00000002", "--note", "they meant this")
    assert ask("requests", "answer", one, *right)["answered_count"] == 1
    ask("requests", "refuse", two, "--note", "not theirs")
    assert [row["state"] for row in ask("requests", "list")["requests"]] == ["refused", "answered"]


def test_mails_need_their_folder(
    ask: Ask, billing: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ask("requests", "mails", code=3)["error"]["code"] == "request_folder_unset"
    monkeypatch.setenv("BILLING_REQUEST_FOLDER", str(tmp_path))
    (tmp_path / "1.eml").write_text("From: x@example.com\nSubject: Statement\n\n")
    assert "0 requests by mail" in billing("requests", "mails").stdout
