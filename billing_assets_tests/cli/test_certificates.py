"""`billing runs certificate` shows and exports the proof of a run; `verify` compares a file with it."""

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from billing_assets.store.connection import Database
from billing_assets_tests.cli.conftest import Billing, bill_all
from billing_assets_tests.databases import run_sql

DAY = "2024-01-31"


def past_the_guards(store: Database, statement: str) -> None:
    url = store.engine.url.render_as_string(hide_password=False)
    run_sql(url, f"set session_replication_role = replica; set search_path = billing; {statement}")


@pytest.mark.prepared(by=bill_all)
def test_a_person_sees_the_book_the_outcomes_and_both_sides(book: Path, billing: Billing) -> None:
    shown = billing("runs", "certificate", "1").stdout
    assert "run 1  company alondra  complete" in shown
    for words in ("Policy book", "written premium", "Due terms", "INV-00000001 to INV-", "hash  "):
        assert words in shown
    assert "NO" not in shown
    assert "the proof that it is complete: billing runs certificate 1" in billing("runs", "show", "1").stderr


@pytest.mark.prepared(by=bill_all)
def test_json_is_the_kept_text_with_its_hash_and_so_is_the_file(
    book: Path, billing: Billing, tmp_path: Path
) -> None:
    path = tmp_path / "run-1.json"
    billing("runs", "certificate", "1", "--output", str(path))
    text = path.read_text(encoding="utf-8")
    assert billing("runs", "certificate", "1", "--json").stdout == text
    content = text.removeprefix('{"certificate":').rpartition(',"content_sha256":')[0]
    assert sha256(content.encode()).hexdigest() == json.loads(text)["content_sha256"]


@pytest.mark.prepared(by=bill_all)
def test_a_certificate_holds_no_personal_data(book: Path, billing: Billing) -> None:
    text = billing("runs", "certificate", "1", "--json").stdout
    assert not any(word in text for word in ("Payer", "payer1", "example.com", "P-0001", "book.csv"))


@pytest.mark.prepared(by=bill_all)
def test_a_file_is_compared_with_the_store(
    book: Path, billing: Billing, ask: Callable[..., Any], tmp_path: Path
) -> None:
    path = tmp_path / "run-1.json"
    billing("runs", "certificate", "1", "--output", str(path))
    assert (
        "is the one that the store keeps; the run is complete" in billing("runs", "verify", str(path)).stdout
    )
    told = ask("runs", "verify", str(path))
    assert (told["run_id"], told["is_complete"]) == (1, True)
    path.write_text(path.read_text(encoding="utf-8").replace('"format":1', '"format":2'), encoding="utf-8")
    assert "certificate_altered" in billing("runs", "verify", str(path), code=3).stderr


def test_what_cannot_be_read_is_said(store: Database, billing: Billing, tmp_path: Path) -> None:
    assert "file_unreadable" in billing("runs", "verify", str(tmp_path / "none.json"), code=3).stderr
    (tmp_path / "latin.json").write_bytes(b"\xff")
    assert "not a text in UTF-8" in billing("runs", "verify", str(tmp_path / "latin.json"), code=3).stderr
    (tmp_path / "other.json").write_text("{}", encoding="utf-8")
    assert "certificate_unreadable" in billing("runs", "verify", str(tmp_path / "other.json"), code=3).stderr


@pytest.mark.prepared(by=bill_all)
def test_an_older_run_says_that_it_has_none(book: Path, store: Database, billing: Billing) -> None:
    past_the_guards(store, "delete from run_certificate")
    said = billing("runs", "certificate", "1", code=3).stderr
    assert "run 1 began before runs had certificates" in said


def test_a_run_that_is_not_complete_ends_with_1(book: Path, store: Database, billing: Billing) -> None:
    past_the_guards(store, "delete from payer_version where payer_id = 2")
    billing("run", DAY, "--no-deliver", code=3)
    shown = billing("runs", "certificate", "1", code=1).stdout
    assert "NOT COMPLETE" in shown
    assert "NO" in [line.split()[-1] for line in shown.splitlines() if line.startswith("terms of the book")]
