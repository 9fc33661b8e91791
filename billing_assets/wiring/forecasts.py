"""The forecast of volume, kept: reading the newest, working out a new one, in the background where asked.

Belongs here: when it is worked out, and by whom. Does not belong here: the calculation
(``steps.forecast_volume``), how it looks (``portal``, ``cli``).
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from billing_assets.domain.errors import BillingError
from billing_assets.steps.crews import NothingKept, ThreadCrew
from billing_assets.steps.forecast_volume import DAYS_AHEAD, VolumeForecast, forecast_volume
from billing_assets.steps.run_ports import Progress, silent
from billing_assets.store.volume_forecasts import keep_forecast, newest_batch_id, newest_forecast
from billing_assets.wiring.build import Billing, today_of, utc_now
from billing_assets.wiring.outages import safe_summary


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptForecast:
    """A forecast as it is kept; ``is_stale``: a book was imported since, or it is of an earlier day."""

    forecast: VolumeForecast
    made_at: datetime
    is_stale: bool


class ForecastDesk:
    """Forecasts of a company, over the program."""

    def __init__(self, billing: Billing) -> None:
        """Use the store and the company of ``billing``."""
        self.billing = billing

    def newest(self) -> KeptForecast | None:
        """Return the newest forecast, or None before the first."""
        issuer = self.billing.runs.issuer(self.billing.company_code())
        with self.billing.database.transaction() as connection:
            found = newest_forecast(connection, issuer.company_id)
            batch_id = newest_batch_id(connection, issuer.company_id)
        if found is None:
            return None
        forecast, made_at = found
        is_moved = forecast.book_batch_id != batch_id or forecast.as_of_date != today_of(issuer.company)
        return KeptForecast(forecast=forecast, made_at=made_at, is_stale=is_moved)

    def make(self, *, days: int = DAYS_AHEAD, progress: Progress = silent) -> KeptForecast:
        """Work out the days ahead, reading the whole book, and keep the result."""
        billing = self.billing
        issuer, made_at = billing.runs.issuer(billing.company_code()), utc_now()
        forecast = forecast_volume(
            issuer.company.company_code,
            today_of(issuer.company),
            store=billing.runs,
            crew=ThreadCrew(billing.runs, NothingKept()),
            days=days,
            progress=progress,
        )
        with billing.database.transaction() as connection:
            keep_forecast(connection, issuer.company_id, forecast, made_at)
        return KeptForecast(forecast=forecast, made_at=made_at, is_stale=False)


class ForecastMaker:
    """Works out one forecast at a time, in a thread of its own, and tells how far it is."""

    def __init__(self, make: Callable[..., object]) -> None:
        """Use ``make``, which is given ``progress``."""
        self._make = make
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self.done, self.total, self.fault = 0, 0, ""

    @property
    def is_busy(self) -> bool:
        """Whether a forecast is being worked out."""
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> bool:
        """Begin unless one is being worked out; return whether it was begun."""
        with self._lock:
            if self.is_busy:
                return False
            self.done, self.total, self.fault = 0, 0, ""
            self._thread = threading.Thread(target=self._work, name="forecast", daemon=True)
            self._thread.start()
            return True

    def wait(self, seconds: int) -> None:
        """Return when nothing is being worked out any more, or after ``seconds``."""
        if self._thread is not None:
            self._thread.join(seconds)

    def _work(self) -> None:
        try:
            self._make(progress=self._tell)
        except BillingError as error:
            self.fault = error.found
        except Exception as error:  # noqa: BLE001 - shown on the page, which asks again
            self.fault = safe_summary(error)

    def _tell(self, _stage: str, done: int, total: int) -> None:
        self.done, self.total = done, total
