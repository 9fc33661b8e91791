"""The forecast of volume: how many invoices come on each of the next days.

Belongs here: addresses, and what their page is given. Does not belong here: working a forecast out
(``steps.forecast_volume``), keeping it (``wiring.forecasts``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.requests import Request
from fastapi.responses import HTMLResponse, RedirectResponse

from billing_assets.domain.access import Permission
from billing_assets.portal.access import needs
from billing_assets.portal.charts import Column
from billing_assets.portal.desk import Office, Pages
from billing_assets.portal.pages import day_words, number_words, page, word
from billing_assets.portal.places import see_other
from billing_assets.steps.forecast_volume import ExpectedVolume, VolumeForecast
from billing_assets.wiring.forecasts import ForecastDesk, ForecastMaker
from billing_assets.wiring.office_desk import OfficeDesk

router = APIRouter(prefix="/forecast", dependencies=[needs(Permission.LOOK)])
_PEAKS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastDay:
    """A day of the forecast with its amounts; ``is_peak``: one of the days with the most invoices."""

    day: date
    invoice_count: int
    volumes: Sequence[ExpectedVolume]
    is_closed: bool
    is_peak: bool


def forecast_maker(request: Request) -> ForecastMaker:
    """Return what works out forecasts for this app, one at a time."""
    state = request.app.state
    if not hasattr(state, "forecast_maker"):
        state.forecast_maker = ForecastMaker(ForecastDesk(state.desk.billing).make)
    maker: ForecastMaker = state.forecast_maker
    return maker


Maker = Annotated[ForecastMaker, Depends(forecast_maker)]


@router.get("", response_class=HTMLResponse)
def show_forecast(request: Request, desk: Pages, office: Office, maker: Maker) -> HTMLResponse:
    """Show the newest forecast, and how far a new one is."""
    kept = ForecastDesk(office.billing).newest()
    days = _days(desk, kept.forecast) if kept else []
    return page(
        request,
        "forecast.html.j2",
        kept=kept,
        days=days,
        peaks=sorted((each for each in days if each.is_peak), key=lambda each: -each.invoice_count),
        totals=_totals(kept.forecast) if kept else [],
        columns=[_column(request, each) for each in days],
        maker=maker,
        zone=desk.company.time_zone,
    )


@router.post("", response_model=None, dependencies=[needs(Permission.RUN_DATE)])
def make_forecast(maker: Maker) -> RedirectResponse:
    """Begin to work out a new forecast, unless one is being worked out."""
    maker.start()
    return see_other("/forecast")


def _days(desk: OfficeDesk, forecast: VolumeForecast) -> list[ForecastDay]:
    by_day: dict[date, list[ExpectedVolume]] = {}
    for row in forecast.days:
        if row.billing_date >= forecast.as_of_date:
            by_day.setdefault(row.billing_date, []).append(row)
    counts = {day: sum(row.invoice_count for row in rows) for day, rows in by_day.items()}
    peaks = set(sorted(counts, key=lambda day: (-counts[day], day))[:_PEAKS])
    length = (forecast.to_date - forecast.as_of_date).days + 1
    return [
        ForecastDay(
            day=day,
            invoice_count=counts.get(day, 0),
            volumes=by_day.get(day, []),
            is_closed=desk.is_closed(day),
            is_peak=day in peaks,
        )
        for day in (forecast.as_of_date + timedelta(days=number) for number in range(length))
    ]


def _totals(forecast: VolumeForecast) -> list[ExpectedVolume]:
    """Return one row per currency with all days ahead together, dated with the last of them."""
    sums: dict[str, tuple[int, int]] = {}
    for row in forecast.days:
        if row.billing_date < forecast.as_of_date:
            continue
        count, total = sums.get(row.currency, (0, 0))
        sums[row.currency] = (count + row.invoice_count, total + row.total_minor)
    return [
        ExpectedVolume(
            billing_date=forecast.to_date, currency=currency, invoice_count=count, total_minor=total
        )
        for currency, (count, total) in sorted(sums.items())
    ]


def _column(request: Request, each: ForecastDay) -> Column:
    count = number_words(request, each.invoice_count)
    words = word(request, "run.invoices_of_day", count=count, day=day_words(request, each.day, "full"))
    closed = f" ({word(request, 'forecast.closed')})" if each.is_closed else ""
    return Column(
        label=day_words(request, each.day, "d MMM"),
        value=each.invoice_count,
        words=words + closed,
        tone="peak" if each.is_peak else "",
        is_marked=each.is_closed,
    )
