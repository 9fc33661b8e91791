"""The months of a company, as people look at them, detach them and attach them again.

Belongs here: the steps of months with their adapters. Does not belong here: rules, SQL, formats of files.
"""

from datetime import date
from pathlib import Path

from billing_assets.domain.detached_months import BOUND_MONTHS
from billing_assets.feeds.month_folders import ParquetMonthFolder
from billing_assets.steps.attach_month import attach_month
from billing_assets.steps.detach_month import detach_month
from billing_assets.steps.month_ports import DetachOrder
from billing_assets.steps.result import StepResult
from billing_assets.steps.run_ports import Clock, Progress, silent
from billing_assets.store.connection import Database
from billing_assets.store.detached_months import SqlMonthStore
from billing_assets.store.month_listings import MonthRow, list_months


class MonthDesk:
    """The months of one company."""

    def __init__(self, database: Database, company_id: int, company_code: str, clock: Clock) -> None:
        """Use ``database``, and ``clock`` for the instants that are kept."""
        self.database = database
        self.company_id = company_id
        self.company_code = company_code
        self.store = SqlMonthStore(database, clock)

    def list(self, bound_months: int = BOUND_MONTHS) -> list[MonthRow]:
        """Return the months, oldest first, each with what keeps it attached."""
        with self.database.transaction() as connection:
            return list_months(connection, self.company_id, bound_months)

    def detach(
        self,
        month: date,
        folder: Path,
        bound_months: int = BOUND_MONTHS,
        *,
        progress: Progress = silent,
    ) -> StepResult:
        """Detach a month to a folder; see :func:`detach_month`."""
        order = DetachOrder(company_code=self.company_code, month=month, bound_months=bound_months)
        return detach_month(order, store=self.store, folder=ParquetMonthFolder(folder), progress=progress)

    def attach(self, folder: Path, *, progress: Progress = silent) -> StepResult:
        """Attach the month of a folder; see :func:`attach_month`."""
        return attach_month(
            self.company_code, store=self.store, folder=ParquetMonthFolder(folder), progress=progress
        )
