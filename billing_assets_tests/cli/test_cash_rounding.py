"""Cash rounding at the command line: settings, a run in francs, what is shown of it, and a credit note."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from billing_assets_tests.cli.conftest import Billing, bill_all, write_book, write_company

APPROVED = ("--reason", "the car was sold", "--approved-by", "ana", "--date", "2024-02-05")
FIRST = "INV-00000001"


def bill_francs(billing: Billing, folder: Path) -> None:
    """Bill nine terms in francs, by a company that rounds them."""
    settings, path = folder / "company.yaml", write_book(folder / "book.csv", count=9)
    write_company(settings)
    company = yaml.safe_load(settings.read_text(encoding="utf-8"))
    settings.write_text(yaml.safe_dump({**company, "cash_rounding": ["CHF"]}), encoding="utf-8")
    mapping = path.with_suffix(".yaml")
    mapping.write_text(mapping.read_text(encoding="utf-8").replace("EUR", "CHF"), encoding="utf-8")
    billing("company", "set", str(settings))
    billing("import", "policies", str(path), "--mapping", str(mapping))
    bill_all(billing, folder)


pytestmark = [pytest.mark.usefixtures("store"), pytest.mark.prepared(by=bill_francs)]


def test_an_invoice_shows_its_rounding_and_what_is_payable(ask: Callable[..., Any], billing: Billing) -> None:
    for number in range(1, 10):
        record = ask("invoices", "show", f"INV-{number:08d}")
        rounding = record["rounding"]
        assert rounding["cash_unit_minor"] == 5
        assert record["payable_minor"] == record["total_minor"] + rounding["cash_rounding_minor"]
        assert record["payable_minor"] % 5 == 0
        assert record["total_minor"] == record["net_minor"] + record["tax_minor"]
    shown = billing("invoices", "show", FIRST).stdout
    for word in ("cash rounding", "to 0.05", "payable"):
        assert word in shown


def test_a_run_counts_what_was_rounded(ask: Callable[..., Any], billing: Billing) -> None:
    records = [ask("invoices", "show", f"INV-{number:08d}")["rounding"] for number in range(1, 10)]
    moved = [row["cash_rounding_minor"] for row in records if row["cash_rounding_minor"]]
    report = ask("runs", "show", "1")["report"]
    assert report["rounding"] == [{"currency": "CHF", "count": len(moved), "cash_rounding_minor": sum(moved)}]
    assert "Cash rounding" in billing("runs", "show", "1").stdout
    assert "documents with cash rounding" in billing("runs", "show", "1", "--markdown").stdout


def test_a_whole_credit_gives_back_what_was_payable(ask: Callable[..., Any], billing: Billing) -> None:
    moved = next(
        number
        for number in (f"INV-{number:08d}" for number in range(1, 10))
        if ask("invoices", "show", number)["rounding"]["cash_rounding_minor"]
    )
    payable = ask("invoices", "show", moved)["payable_minor"]
    (note,) = ask("invoices", "credit", moved, *APPROVED, "--dry-run")["credit_notes"]
    assert note["payable_minor"] == payable
    told = billing("invoices", "credit", moved, *APPROVED).stdout
    assert f"gives back {payable // 100}.{payable % 100:02d} CHF" in told
    assert "with a cash rounding of" in told
    assert ask("invoices", "show", "CRN-00000001")["payable_minor"] == payable
    billing("audit")


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "The smallest amount that can be paid in cash is CHF 0.05"),
        ("es", "pagar en efectivo es de 0,05"),
    ],
)
def test_the_sum_payable_is_explained_with_row_and_source(
    billing: Billing, ask: Callable[..., Any], language: str, words: str
) -> None:
    told = " ".join(billing("explain", FIRST, "--language", language).stdout.replace("\xa0", " ").split())
    assert words in told
    assert "SR 941.101" in told
    results = {row["subject"]: row for row in ask("explain", FIRST)["results"]}
    assert results["payable"]["rules"][0]["kind"] == "cash_unit"
    assert results["payable"]["is_match"] is True
    assert results["rounding"]["is_match"] is True
