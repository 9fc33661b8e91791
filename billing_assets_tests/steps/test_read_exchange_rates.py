"""The step says what it kept, of which days, and what it left out."""

from pathlib import Path

from billing_assets.feeds.exchange_rates import ExchangeRateFiles
from billing_assets.steps.read_exchange_rates import read_exchange_rates
from billing_assets.store.connection import Database
from billing_assets.store.exchange_rates import SqlRateStore
from billing_assets.wiring.build import utc_now
from billing_assets_tests.store.intake import with_company


def test_a_file_is_kept_once(database: Database, tmp_path: Path) -> None:
    with_company(database)
    path = tmp_path / "rates.csv"
    path.write_text("Date,USD,HRK\n2025-01-14,1.02,7.5\n2025-01-15,1.03,7.5\n", encoding="utf-8")
    store, reader = SqlRateStore(database, 1, utc_now), ExchangeRateFiles()
    first = read_exchange_rates(path, "", "anna", reader=reader, store=store)
    assert first.facts == {
        "file_name": "rates.csv",
        "rate_count": 2,
        "new_count": 2,
        "corrected_count": 0,
        "unchanged_count": 0,
        "left_out": "HRK",
        "first_date": "2025-01-14",
        "last_date": "2025-01-15",
    }
    again = read_exchange_rates(path, "", "anna", reader=reader, store=store)
    assert (again.facts["new_count"], again.facts["unchanged_count"]) == (0, 2)
    assert set(again.seconds) == {"read", "write"}
