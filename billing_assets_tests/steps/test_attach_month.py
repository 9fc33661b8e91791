"""Attaching brings the very month back, once, and refuses what is not it."""

from dataclasses import replace
from pathlib import Path

import pytest

from billing_assets.domain.detached_months import record_from
from billing_assets.domain.errors import BillingError
from billing_assets.feeds.month_folders import ParquetMonthFolder
from billing_assets.steps.attach_month import attach_month
from billing_assets.store.connection import Database
from billing_assets.store.detached_months import SqlMonthStore
from billing_assets_tests.books import AT, COMPANY
from billing_assets_tests.closed_months import MONTH, months_of
from billing_assets_tests.state import business_state


def attach(database: Database, folder: Path, company: str = COMPANY.company_code) -> dict[str, object]:
    store = SqlMonthStore(database, lambda: AT)
    return dict(attach_month(company, store=store, folder=ParquetMonthFolder(folder)).facts)


def code_of(database: Database, folder: Path, company: str = COMPANY.company_code) -> str:
    with pytest.raises(BillingError) as caught:
        attach(database, folder, company)
    return caught.value.code


def test_a_month_comes_back_once(closed_store: Database, tmp_path: Path) -> None:
    before = business_state(closed_store)
    months_of(closed_store).detach(MONTH, tmp_path / "month")
    first = attach(closed_store, tmp_path / "month")
    assert (first["is_repeat"], first["document_count"]) == (0, 11)
    assert attach(closed_store, tmp_path / "month")["is_repeat"] == 1
    assert business_state(closed_store) == before


def test_it_goes_and_comes_again(closed_store: Database, tmp_path: Path) -> None:
    for _ in range(2):
        months_of(closed_store).detach(MONTH, tmp_path / "month")
        assert attach(closed_store, tmp_path / "month")["is_repeat"] == 0


def test_a_folder_without_a_manifest_is_none(closed_store: Database, tmp_path: Path) -> None:
    assert code_of(closed_store, tmp_path) == "manifest_missing"


def test_a_file_that_was_changed_brings_nothing_back(closed_store: Database, tmp_path: Path) -> None:
    months_of(closed_store).detach(MONTH, tmp_path / "month")
    away = business_state(closed_store)
    path = tmp_path / "month" / "ledger_posting-0001.parquet"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    assert code_of(closed_store, tmp_path / "month") == "file_changed"
    assert business_state(closed_store) == away


def test_a_month_of_another_store_or_company_or_with_another_manifest_is_unknown(
    closed_store: Database, tmp_path: Path
) -> None:
    months_of(closed_store).detach(MONTH, tmp_path / "month")
    assert code_of(closed_store, tmp_path / "month", "neighbour") == "month_unknown"
    manifest = tmp_path / "month" / "manifest.json"
    record = record_from(manifest.read_text())
    manifest.write_text(replace(record, totals=()).content)
    assert code_of(closed_store, tmp_path / "month") == "month_unknown"
