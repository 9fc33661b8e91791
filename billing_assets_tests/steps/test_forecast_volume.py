"""The forecast is what the runs then do, date by date, to the cent."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path

import pytest

from billing_assets.steps.crews import NothingKept, ThreadCrew
from billing_assets.steps.forecast_volume import VolumeForecast, forecast_volume
from billing_assets.store.connection import Database
from billing_assets.store.run_overview import volumes_of
from billing_assets.wiring.build import Billing
from billing_assets_tests.books import billing_over, fill_book

AS_OF = date(2024, 2, 1)
DAYS = 35


@pytest.fixture
def billing(database: Database, tmp_path: Path) -> Iterator[Billing]:
    """The program over thirty policies of several plans and currencies."""
    fill_book(database, 30, places=(("ES", "EUR"), ("GB", "GBP")))
    with ExitStack() as stack:
        yield billing_over(database, tmp_path, stack)


def expected(billing: Billing) -> VolumeForecast:
    """Return the forecast as of the first of February."""
    store = billing.runs
    return forecast_volume("alondra", AS_OF, store=store, crew=ThreadCrew(store, NothingKept()), days=DAYS)


@pytest.mark.long
def test_the_runs_of_the_days_ahead_bill_what_was_expected(billing: Billing) -> None:
    forecast = expected(billing)
    days = [AS_OF + timedelta(days=number) for number in range(DAYS + 1)]
    # What is late would be billed with the first day.
    billing.invoice(billing.order(AS_OF - timedelta(days=1)))
    for day in days:
        billing.invoice(billing.order(day))
    with billing.database.transaction() as connection:
        billed = volumes_of(connection, 1, days)
    found = [
        (row.billing_date, row.currency, row.invoice_count, row.total_minor)
        for row in forecast.days
        if row.billing_date >= AS_OF
    ]
    assert found
    assert found == [(row.billing_date, row.currency, row.invoice_count, row.total_minor) for row in billed]


def test_what_is_late_stands_together_on_the_day_before(billing: Billing) -> None:
    late = expected(billing).late
    assert {row.billing_date for row in late} == {AS_OF - timedelta(days=1)}
    assert sum(row.invoice_count for row in late) > 0
