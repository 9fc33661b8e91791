"""`billing invoices`: finding, paging, showing, and the files of one."""

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from billing_assets.cli.invoices import percent
from billing_assets.store.connection import Database
from billing_assets_tests.cli.conftest import Billing, bill_all, write_book

pytestmark = [pytest.mark.usefixtures("book"), pytest.mark.prepared(by=bill_all)]


def test_newest_come_first_and_pages_follow_without_gap(ask: Callable[..., Any]) -> None:
    seen: list[str] = []
    before: list[str] = []
    while True:
        page = ask("invoices", "list", "--limit", "12", *before)
        seen += [row["invoice_number"] for row in page["invoices"]]
        if page["before"] is None:
            break
        before = ["--before", page["before"]]
    assert seen == [f"INV-{number:08d}" for number in range(30, 0, -1)]


def test_the_next_page_is_offered_only_where_there_is_one(ask: Callable[..., Any], billing: Billing) -> None:
    assert "--before" not in billing("invoices", "list", "--limit", "30").stderr
    assert "--before INV-00000002" in billing("invoices", "list", "--limit", "29").stderr
    assert ask("invoices", "list", "--limit", "30")["before"] is None


def test_filters_narrow_the_list(ask: Callable[..., Any]) -> None:
    def count(*options: str) -> int:
        return len(ask("invoices", "list", "--limit", "100", *options)["invoices"])

    assert count("--policy", "P-0007") == 1
    assert (count("--payer", "P-0007"), count("--payer", "nobody")) == (1, 0)
    assert (count("--currency", "eur"), count("--currency", "GBP")) == (30, 0)
    assert (count("--date", "2024-01-31"), count("--date", "2024-01-30")) == (30, 0)
    assert (count("--delivery", "none"), count("--delivery", "sent")) == (30, 0)


def test_an_unknown_state_is_a_usage_error_that_names_the_states(billing: Billing) -> None:
    assert "queued, sending, sent" in billing("invoices", "list", "--delivery", "lost", code=2).stderr


def test_a_currency_that_is_none_is_refused_by_name(ask: Callable[..., Any], billing: Billing) -> None:
    assert "'EURO' is no currency" in billing("invoices", "list", "--currency", "EURO", code=2).stderr
    assert len(ask("invoices", "list", "--currency", "eur", "--limit", "1")["invoices"]) == 1


def test_show_says_what_the_invoice_says(billing: Billing) -> None:
    shown = billing("invoices", "show", "INV-00000001").stdout
    for word in ("INV-00000001", "P-00", "2024-02-01", "8 %", "0.15 %", "total"):
        assert word in shown


def test_the_pdf_is_the_same_bytes_each_time_and_its_hash_is_kept(
    ask: Callable[..., Any], store: Database, tmp_path: Path
) -> None:
    first, second = tmp_path / "1.pdf", tmp_path / "2.pdf"
    for path in (first, second):
        assert ask("invoices", "show", "INV-00000001", "--pdf", str(path))["pdf"] == str(path)
    assert first.read_bytes() == second.read_bytes()
    with store.transaction() as connection:
        kept = connection.execute(
            text("select encode(pdf_sha256, 'hex') from document where pdf_sha256 is not null")
        )
        assert list(kept.scalars()) == [sha256(first.read_bytes()).hexdigest()]


def test_a_dash_writes_the_pdf_to_stdout(billing: Billing) -> None:
    assert billing("invoices", "show", "INV-00000001", "--pdf", "-").stdout_bytes.startswith(b"%PDF-")


def test_the_page_is_written_as_html(billing: Billing, tmp_path: Path) -> None:
    billing("invoices", "show", "INV-00000002", "--html", str(tmp_path / "2.html"))
    assert "INV-00000002" in (tmp_path / "2.html").read_text()


def test_a_file_that_cannot_be_written_is_named(billing: Billing, tmp_path: Path) -> None:
    said = billing("invoices", "show", "INV-00000001", "--pdf", str(tmp_path / "no" / "1.pdf"), code=3).stderr
    assert "1.pdf" in said
    assert "file_not_written" in said


@pytest.mark.parametrize(
    ("number", "code"), [("INV-00009999", "invoice_unknown"), ("hello", "number_malformed")]
)
def test_a_number_that_is_none_is_refused(billing: Billing, number: str, code: str) -> None:
    document = json.loads(billing("invoices", "show", number, "--json", code=3).stdout)
    assert document["error"]["code"] == code


def test_rates_are_shown_exactly() -> None:
    assert [percent(rate) for rate in (0, 1_500, 80_000, 1_000_000)] == ["0 %", "0.15 %", "8 %", "100 %"]


@pytest.mark.long
def test_an_exempt_tax_is_shown_as_exempt_with_its_reason(billing: Billing, tmp_path: Path) -> None:
    path = write_book(tmp_path / "life.csv", count=1)
    mapping = path.with_suffix(".yaml")
    path.write_text(path.read_text().replace("P-0001", "LIFE-1"), encoding="utf-8")
    text_of = mapping.read_text(encoding="utf-8")
    mapping.write_text(text_of.replace("motor", "life") + "row_count_tolerance: 100\n", encoding="utf-8")
    billing("import", "policies", str(path), "--mapping", str(mapping))
    billing("run", "2024-02-01", "--no-deliver")
    shown = [
        " ".join(line.split()) for line in billing("invoices", "show", "INV-00000031").stdout.splitlines()
    ]
    (row,) = [line for line in shown if line.startswith("ES-IPS") and "exempt:" not in line]
    assert " exempt " in row
    assert "0 %" not in row
    assert any(line.startswith("ES-IPS exempt: Exento del IPS: seguro de vida") for line in shown)
