"""`billing rates`, and what a run's report makes of them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from billing_assets.domain.companies import company_record
from billing_assets.store.connection import Database
from billing_assets_tests.books import COMPANY
from billing_assets_tests.cli.conftest import Billing, write_book, write_company

ROWS = "date,base_currency,currency,rate\n2024-01-31,EUR,USD,1.25\n2024-01-31,EUR,GBP,0.8\n"


@pytest.fixture
def rates(store: Database, billing: Billing, tmp_path: Path) -> Path:
    """A file of two rates, in the store."""
    write_company(tmp_path / "company.yaml")
    billing("company", "set", str(tmp_path / "company.yaml"))
    path = tmp_path / "rates.csv"
    path.write_text(ROWS, encoding="utf-8")
    billing("rates", "import", str(path), "--source", "treasury", "--by", "anna")
    return path


def test_rates_are_listed_newest_first_with_source_and_name(rates: Path, ask: Callable[..., Any]) -> None:
    (newest, oldest) = ask("rates", "list")["rates"]
    assert (newest["currency"], newest["rate"], newest["source"]) == ("GBP", "0.8", "treasury")
    assert (oldest["currency"], oldest["recorded_by"], oldest["rate_date"]) == ("USD", "anna", "2024-01-31")
    assert ask("rates", "list", "--currency", "usd", "--on", "2024-01-31")["rates"] == [oldest]
    assert ask("rates", "list", "--limit", "1", "--before", str(newest["exchange_rate_id"]))["rates"] == [
        oldest
    ]


def test_a_file_again_changes_nothing_and_a_rate_by_hand_corrects(
    rates: Path, billing: Billing, ask: Callable[..., Any]
) -> None:
    assert ask("rates", "import", str(rates), "--source", "treasury")["unchanged_count"] == 2
    corrected = ("rates", "set", "eur", "usd", "1.26", "--on", "2024-01-31", "--source", "treasury")
    assert [ask(*corrected)["state"] for _ in range(2)] == ["corrected", "unchanged"]
    assert "1.26" in billing("rates", "list").stdout


def test_a_list_without_any_rate_says_how_to_bring_them_in(
    store: Database, billing: Billing, tmp_path: Path
) -> None:
    write_company(tmp_path / "company.yaml")
    billing("company", "set", str(tmp_path / "company.yaml"))
    shown = billing("rates", "list")
    assert "No rate fits" in shown.stdout
    assert "billing rates import FILE" in shown.stderr


def test_a_bad_file_is_refused_with_its_row(rates: Path, billing: Billing) -> None:
    rates.write_text(ROWS + "2024-02-30,EUR,USD,1\n", encoding="utf-8")
    assert "row 4" in billing("rates", "import", str(rates), "--source", "x", code=3).stderr


@pytest.mark.long
@pytest.mark.parametrize(("into", "rate"), [("USD", "1 EUR = 1.25 USD (2024-01-31)"), ("JPY", None)])
def test_a_run_is_added_up_in_the_reporting_currency_or_says_which_rate_is_missing(
    rates: Path, billing: Billing, ask: Callable[..., Any], tmp_path: Path, into: str, rate: str | None
) -> None:
    record = {**company_record(COMPANY), "reporting_currency": into}
    (tmp_path / "company.yaml").write_text(yaml.safe_dump(record), encoding="utf-8")
    billing("company", "set", str(tmp_path / "company.yaml"))
    book = write_book(tmp_path / "book.csv")
    billing("import", "policies", str(book), "--mapping", str(book.with_suffix(".yaml")))
    billing("run", "2024-02-01", "--no-deliver")
    report = ask("runs", "show", "1")["report"]
    shown = billing("runs", "show", "1")
    (euros,) = report["invoices"]
    if rate is None:
        assert report["reporting"]["missing"] == ["EUR"]
        assert "total_minor" not in report["reporting"]
        assert "No rate for EUR" in shown.stdout
        return
    (row,) = report["reporting"]["rows"]
    assert rate in shown.stdout
    assert row["net_minor"] == round(euros["net_minor"] * 5 / 4 + 1e-9)
    assert report["reporting"]["total_minor"] == row["net_minor"] + row["tax_minor"]
    billing("rates", "set", "EUR", "USD", "2", "--on", "2024-02-01", "--source", "later")
    assert ask("runs", "show", "1")["report"]["reporting"] == report["reporting"]
