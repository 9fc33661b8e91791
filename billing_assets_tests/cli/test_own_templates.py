"""`billing templates` for a company's own: from a folder to what prints, each step by the person it needs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from billing_assets_tests.cli.conftest import Billing, bill_twice

pytestmark = [pytest.mark.usefixtures("book"), pytest.mark.prepared(by=bill_twice), pytest.mark.long]
GOOD = ("--note", "good")


@pytest.fixture
def folder(billing: Billing, tmp_path: Path) -> Path:
    """A folder with the shipped templates, and other words in the e-mail of an invoice."""
    copied = tmp_path / "ours"
    billing("templates", "copy", str(copied))
    (copied / "invoice" / "email.txt.j2").write_text("Our own: {{ document_number }}")
    return copied


def test_a_template_goes_from_a_folder_to_what_prints(
    billing: Billing, ask: Callable[..., Any], folder: Path, tmp_path: Path
) -> None:
    assert "no templates of its own" in billing("templates", "own").stdout
    added = ask("templates", "add", str(folder), "--note", "our look", "--by", "ana")["template"]
    assert (added["template_id"], added["version_number"]) == (1, 1)
    assert "draft" in billing("templates", "own").stdout
    tested = ask("templates", "test", "1", "--by", "ana", "--invoices", "1")
    assert tested["is_passed"]
    assert tested["documents"]
    assert "passed" in billing("templates", "test", "1", "--by", "ana").stdout
    for by, code in (("ana", "four_eyes"),):
        assert ask("templates", "approve", "1", *GOOD, "--by", by, code=3)["error"]["code"] == code
    assert "is approved" in billing("templates", "approve", "1", *GOOD, "--by", "luis").stdout
    late = ask("templates", "activate", "1", "--from", "2020-01-01", *GOOD, code=3)
    assert late["error"]["code"] == "template_date_past"
    assert "2099-01-01" in billing("templates", "activate", "1", "--from", "2099-01-01", *GOOD).stdout
    shown = billing("templates", "show", "1").stdout
    for word in ("approved", "luis", "from 2099-01-01", "our look", "passed"):
        assert word in shown
    out = tmp_path / "look.txt"
    billing("templates", "preview", "1", "--invoice", tested["documents"][0], "--out", str(out))
    assert f"Our own: {tested['documents'][0]}" in out.read_text()
    assert "retired" in billing("templates", "retire", "1", *GOOD).stdout
    [row] = ask("templates", "own")["templates"]
    assert (row["state"], row["prints"]) == ("retired", False)
    assert ask("templates", "show", "7", code=3)["error"]["code"] == "template_unknown"


def test_a_template_of_a_name_and_a_scope_is_asked_for_by_runs_and_schedules(
    billing: Billing, ask: Callable[..., Any], folder: Path
) -> None:
    added = ask("templates", "add", str(folder), "--name", "winter", "--note", "n", "--by", "ana")["template"]
    assert added["template_name"] == "winter"
    billing("templates", "test", "1", "--invoices", "0", "--by", "ana")
    billing("templates", "approve", "1", *GOOD, "--by", "luis")
    scope = ("--product", "car,van", "--place", "ES", "--language", "es")
    wrong = ask("templates", "activate", "1", "--from", "2099-01-01", "--place", "Narnia", *GOOD, code=3)
    assert wrong["error"]["code"] == "template_scope_invalid"
    said = billing("templates", "activate", "1", "--from", "2099-01-01", *scope, *GOOD).stdout
    assert "for product car, van; place ES; language es" in said
    assert "from 2099-01-01; product car, van" in billing("templates", "show", "1").stdout
    assert "winter" in billing("templates", "own").stdout
    early = ask("run", "2024-03-01", "--template", "winter", "--no-deliver", code=3)
    assert early["error"]["code"] == "template_name_inactive"
    kept = ("--every", "daily", "--at", "06:00", "--owner", "ana", "--note", "n", "--template", "winter")
    billing("schedules", "add", "cold", "--activity", "invoice_run", *kept)
    assert ask("schedules", "show", "cold")["template"] == "winter"
    billing("schedules", "edit", "cold", "--template", "none", "--note", "warm again")
    assert ask("schedules", "show", "cold")["template"] == ""


def test_a_test_that_finds_something_ends_with_what_it_found(
    billing: Billing, ask: Callable[..., Any], folder: Path
) -> None:
    (folder / "invoice" / "email.txt.j2").write_text("\n{{ cycler.__init__.__globals__ }}")
    billing("templates", "add", str(folder), "--kind", "invoice", "--note", "n")
    found = ask("templates", "test", "1", code=4)
    assert not found["is_passed"]
    assert "invoice/email.txt.j2:2" in found["findings"][0]["found"]
    assert "failed: template_does_not_render" in billing("templates", "show", "1").stdout
    refused = ask("templates", "add", str(folder), "--kind", "reminder", "--note", "n", code=3)
    assert refused["error"]["code"] == "template_kind_unknown"
