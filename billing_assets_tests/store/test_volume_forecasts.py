"""Forecasts in the store: the newest of the company comes back as it was kept."""

from datetime import UTC, date, datetime

from billing_assets.steps.forecast_volume import ExpectedVolume, VolumeForecast
from billing_assets.store.connection import Database
from billing_assets.store.volume_forecasts import keep_forecast, newest_batch_id, newest_forecast
from billing_assets_tests.books import fill_book

DAY = ExpectedVolume(billing_date=date(2024, 2, 1), currency="EUR", invoice_count=3, total_minor=1250)


def test_the_newest_comes_back_as_it_was_kept(database: Database) -> None:
    fill_book(database, 1)
    first = VolumeForecast(
        as_of_date=date(2024, 1, 31), to_date=date(2024, 3, 31), book_batch_id=1, days=(DAY,)
    )
    second = VolumeForecast(as_of_date=date(2024, 2, 1), to_date=date(2024, 4, 1), book_batch_id=1, days=())
    at = datetime(2024, 2, 1, 6, tzinfo=UTC)
    with database.transaction() as connection:
        assert newest_forecast(connection, 1) is None
        keep_forecast(connection, 1, first, at)
        assert newest_forecast(connection, 1) == (first, at)
        keep_forecast(connection, 1, second, at)
        assert newest_forecast(connection, 1) == (second, at)
        assert newest_forecast(connection, 2) is None
        assert (newest_batch_id(connection, 1), newest_batch_id(connection, 2)) == (1, 0)
