"""Rates in the store: only ever added to, the newest row of a day counts, and not for too long."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.domain.exchange_rates import ExchangeRate, checked_rate
from billing_assets.steps.rate_ports import KeptRates
from billing_assets.store.companies import save_company
from billing_assets.store.connection import Database
from billing_assets.store.exchange_rates import SqlRateStore, list_rates, rates_on
from billing_assets_tests.books import COMPANY
from billing_assets_tests.store.intake import with_company

AT = datetime(2025, 1, 16, 8, tzinfo=UTC)
DAY = date(2025, 1, 15)


def rate(currency: str, text: str, day: date = DAY, base: str = "EUR") -> ExchangeRate:
    return checked_rate(base, currency, day, text, "a test")


@pytest.fixture
def store(database: Database) -> SqlRateStore:
    with_company(database)
    return SqlRateStore(database, 1, lambda: AT)


def on(store: SqlRateStore, day: date) -> dict[str, int]:
    with store.database.transaction() as connection:
        return {name: found.rate_e10 for name, found in rates_on(connection, 1, day).items()}


def test_the_same_again_writes_nothing_and_another_rate_is_a_correction_beside_it(
    store: SqlRateStore,
) -> None:
    first, again = [rate("USD", "1.25"), rate("JPY", "160")], [rate("USD", "1.25"), rate("JPY", "161")]
    assert store.keep(first, "anna") == KeptRates(new_count=2, corrected_count=0, unchanged_count=0)
    assert store.keep(first, "anna") == KeptRates(new_count=0, corrected_count=0, unchanged_count=2)
    assert store.keep(again, "ben") == KeptRates(new_count=0, corrected_count=1, unchanged_count=1)
    assert on(store, DAY) == {"USD": 12_500_000_000, "JPY": 1_610_000_000_000}
    with store.database.transaction() as connection:
        listed = list_rates(connection, 1, currency="JPY")
        older = list_rates(connection, 1, before_id=2, limit=1)
    assert [(found.rate_e10, by, at) for found, by, at in listed] == [
        (1_610_000_000_000, "ben", AT),
        (1_600_000_000_000, "anna", AT),
    ]
    assert [found.currency for found, _by, _at in older] == ["USD"]


def test_the_last_rate_up_to_a_day_holds_for_ten_days(store: SqlRateStore) -> None:
    store.keep([rate("USD", "1.25", date(2025, 1, 14)), rate("USD", "1.3")], "anna")
    assert on(store, date(2025, 1, 13)) == {}
    assert on(store, date(2025, 1, 14)) == {"USD": 12_500_000_000}
    assert on(store, date(2025, 1, 25)) == {"USD": 13_000_000_000}
    assert on(store, date(2025, 1, 26)) == {}


def test_rates_for_another_base_are_refused_whole(store: SqlRateStore) -> None:
    store.keep([rate("USD", "1.25")], "anna")
    with pytest.raises(BillingError, match="rate_base_differs"):
        store.keep([rate("GBP", "0.8"), rate("GBP", "0.7", base="USD")], "anna")
    assert set(on(store, DAY)) == {"USD"}


def declare(store: SqlRateStore, base: str) -> None:
    with store.database.transaction() as connection:
        save_company(connection, replace(COMPANY, rate_base_currency=base), AT)


def test_a_base_that_was_mistyped_is_put_right_by_the_settings_and_stays_on_record(
    store: SqlRateStore,
) -> None:
    store.keep([rate("EUR", "1.25", base="USD"), rate("GBP", "0.9", base="USD")], "anna")
    with pytest.raises(BillingError, match="rate_base_currency"):
        store.keep([rate("USD", "1.25")], "ben")
    declare(store, "EUR")
    assert on(store, DAY) == {}
    assert store.keep([rate("USD", "1.25")], "ben").new_count == 1
    assert on(store, DAY) == {"USD": 12_500_000_000}
    with store.database.transaction() as connection:
        listed = list_rates(connection, 1)
    assert [(found.base_currency, by) for found, by, _at in listed] == [
        ("EUR", "ben"),
        ("USD", "anna"),
        ("USD", "anna"),
    ]


def test_rates_for_another_base_than_the_declared_one_are_refused_from_the_first_on(
    store: SqlRateStore,
) -> None:
    declare(store, "EUR")
    with pytest.raises(BillingError, match="rates for one EUR and for one USD"):
        store.keep([rate("GBP", "0.9", base="USD")], "anna")


def test_without_a_declared_base_that_of_the_newest_rate_counts(store: SqlRateStore) -> None:
    store.keep([rate("EUR", "0.8", base="USD")], "anna")
    declare(store, "EUR")
    store.keep([rate("USD", "1.25")], "ben")
    declare(store, "")
    assert on(store, DAY) == {"USD": 12_500_000_000}
    with pytest.raises(BillingError, match="rate_base_differs"):
        store.keep([rate("EUR", "0.8", base="USD")], "anna")
