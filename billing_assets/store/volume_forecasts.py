"""Forecasts of volume in the store: the newest one of a company.

Belongs here: keeping and reading them. Does not belong here: working one out (``steps.forecast_volume``).
"""

import json
from dataclasses import asdict
from datetime import date, datetime

from sqlalchemy import Connection, text

from billing_assets.steps.forecast_volume import ExpectedVolume, VolumeForecast

_KEEP = """
insert into volume_forecast (company_id, as_of_date, to_date, book_batch_id, days, made_at)
values (:company, :as_of, :to, :batch, cast(:days as jsonb), :at)
"""
_NEWEST = """
select as_of_date, to_date, book_batch_id, days, made_at from volume_forecast
where company_id = :company order by volume_forecast_id desc limit 1
"""
_BATCH = "select coalesce(max(batch_id), 0) from intake_batch where company_id = :company"


def keep_forecast(connection: Connection, company_id: int, forecast: VolumeForecast, at: datetime) -> None:
    """Keep a forecast beside those before it."""
    days = [{**asdict(row), "billing_date": row.billing_date.isoformat()} for row in forecast.days]
    values = {
        "company": company_id,
        "as_of": forecast.as_of_date,
        "to": forecast.to_date,
        "batch": forecast.book_batch_id,
        "days": json.dumps(days),
        "at": at,
    }
    connection.execute(text(_KEEP), values)


def newest_forecast(connection: Connection, company_id: int) -> tuple[VolumeForecast, datetime] | None:
    """Return the newest forecast and when it was made, or None before the first."""
    row = connection.execute(text(_NEWEST), {"company": company_id}).first()
    if row is None:
        return None
    days = tuple(
        ExpectedVolume(**{**day, "billing_date": date.fromisoformat(day["billing_date"])}) for day in row.days
    )
    forecast = VolumeForecast(
        as_of_date=row.as_of_date, to_date=row.to_date, book_batch_id=row.book_batch_id, days=days
    )
    return forecast, row.made_at


def newest_batch_id(connection: Connection, company_id: int) -> int:
    """Return the id of the company's last import, 0 before the first."""
    return int(connection.execute(text(_BATCH), {"company": company_id}).scalar_one())
