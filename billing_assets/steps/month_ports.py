"""What detaching and attaching a month need from the world.

Belongs here: the store's side and the folder of files, as protocols and the values that cross them.
Does not belong here: any implementation (``store``, ``feeds``), the record of a month
(``domain.detached_months``).
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from typing import Protocol

import polars as pl

from billing_assets.domain.checks import CheckResult
from billing_assets.domain.detached_months import (
    BOUND_MONTHS,
    MonthFile,
    MonthRecord,
    MonthTable,
    MonthTotal,
)
from billing_assets.steps.run_ports import Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class DetachOrder:
    """Which month of which company, and how long ago its terms have to have ended."""

    company_code: str
    month: date
    bound_months: int = BOUND_MONTHS


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptMonth:
    """A month that was detached, as the store knows it."""

    detached_month_id: int
    content_sha256: str
    is_away: bool


class MonthFolder(Protocol):
    """A folder with the files of one month."""

    def manifest(self) -> str:
        """Return the text of the manifest; empty where there is none."""
        ...

    def prepare(self) -> None:
        """Make the folder, empty of an attempt without a manifest; raise where it holds anything else."""
        ...

    def write(self, table_name: str, number: int, rows: pl.DataFrame) -> MonthFile:
        """Write the ``number``-th file of a table, durably."""
        ...

    def read(self, file: MonthFile) -> pl.DataFrame:
        """Return the rows of a file; raise where it is not the one that was written."""
        ...

    def keep_manifest(self, content: str) -> None:
        """Write the manifest, durably, when all files are there."""
        ...


class DetachWork(Protocol):
    """The transaction that detaches a month: nothing of it moves meanwhile, and it is all or nothing."""

    def checks(self, progress: Progress) -> Sequence[CheckResult]:
        """Return what the checks find in the runs of the month."""
        ...

    def tables(self) -> Sequence[str]:
        """Return the tables whose rows go, those first that others refer to."""
        ...

    def parts(self, table_name: str) -> Iterator[pl.DataFrame]:
        """Yield the rows of a table, so many at a time as memory holds with ease."""
        ...

    def read_back(
        self, table_name: str, files: Sequence[MonthFile], parts: Iterable[pl.DataFrame]
    ) -> MonthTable:
        """Put the rows of the files aside as they would be attached, and return what they hash to there."""
        ...

    def totals(self) -> tuple[MonthTotal, ...]:
        """Return what the documents add up to."""
        ...

    def detach(self, record: MonthRecord) -> None:
        """Let the rows go, if they are those of the record; raise ``month_moved`` where they are not."""
        ...


class AttachWork(Protocol):
    """The transaction that attaches a month: it is all or nothing."""

    def load(self, table_name: str, rows: pl.DataFrame) -> None:
        """Add rows to a table."""
        ...

    def prove(self) -> None:
        """Raise ``month_differs`` where what was added is not what was detached."""
        ...


class MonthStore(Protocol):
    """The store's side of months."""

    def kept_months(self, company_code: str, month: date) -> Sequence[KeptMonth]:
        """Return every detaching of a month, the newest first."""
        ...

    def detaching(self, order: DetachOrder, progress: Progress) -> AbstractContextManager[DetachWork]:
        """Open the transaction that detaches; raise ``month_not_closed`` with all that keeps the month."""
        ...

    def attaching(
        self, company_code: str, detached_month_id: int, progress: Progress
    ) -> AbstractContextManager[AttachWork]:
        """Open the transaction that attaches; its terms are billed again as any other."""
        ...
