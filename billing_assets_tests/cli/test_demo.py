"""`billing demo`: an invented insurer, billed and delivered; again, and interrupted."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from billing_assets.cli.demo import load_demo_book
from billing_assets.cli.output import Screen
from billing_assets.store.connection import Database
from billing_assets.wiring import demo
from billing_assets.wiring.settings import read_settings
from billing_assets_tests.cli.conftest import Billing


@pytest.mark.long
def test_the_demo_bills_a_quarter_and_a_second_one_finds_everything_there(
    ask: Callable[..., Any], billing: Billing, store: Database, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(demo._DAYS) == 90
    # Each ninth day bills what was due since the one before: nothing of the quarter is left out.
    monkeypatch.setattr(demo, "_DAYS", demo._DAYS[8::9])
    first = ask("demo", "--policies", "25")
    assert first["date_count"] == 10
    assert (
        first["accepted_count"] + first["problem_count"] + first["duplicate_count"]
        == first["row_count"]
        == 25
    )
    sent = first["delivery_counts"]["sent"]
    mails = list((home / "demo" / "mailbox").glob("*.eml"))
    assert sent == len(mails) > 0
    assert Path(first["pdf_path"]).read_bytes().startswith(b"%PDF-")
    assert b"application/pdf" in Path(first["email_path"]).read_bytes()

    second = ask("demo", "--policies", "25")
    assert second["is_repeat"]
    assert second["invoices"] == first["invoices"]
    assert sorted((home / "demo" / "mailbox").glob("*.eml")) == sorted(mails)
    assert "Everything is already there" in billing("demo", "--policies", "25").stdout
    assert ask("demo", "--policies", "26", code=3)["error"]["code"] == "demo_differs"


@pytest.mark.long
def test_an_empty_store_gets_the_demo_book_and_another_one_stays_as_it_is(
    store: Database, ask: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "POLICY_COUNT", 20)
    load_demo_book(Screen(is_json=True), read_settings())
    assert ask("company", "list")["companies"][0]["company_code"] == "demo"
    load_demo_book(Screen(is_json=True), read_settings())
    assert ask("runs")["runs"] == []
