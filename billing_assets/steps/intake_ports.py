"""What intake needs from the world.

Belongs here: the policy file and the store's side of intake, as protocols and the values that cross them.
Does not belong here: any implementation (``feeds``, ``store``).
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Protocol

import polars as pl

from billing_assets.domain.book_mapping import BookMapping
from billing_assets.frames.book_changes import SettledBook, StoredBook
from billing_assets.steps.run_ports import Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyFile:
    """A file as it came: its name without folders, its bytes and their SHA-256 (hex)."""

    name: str
    content: bytes
    content_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RawBook:
    """Raw text by row: ``row_number``, ``original_row``, ``row_fault``, mapped columns by ``cell_name``."""

    frame: pl.DataFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierBatch:
    """A batch that was imported before."""

    batch_id: int
    row_count: int
    imported_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NewBatch:
    """The row of the batch that is to be written; hashes are hexadecimal."""

    file_name: str
    file_sha256: str
    mapping_sha256: str
    source_code: str
    is_full: bool
    cut_over_date: date | None
    control_totals: Mapping[str, object]
    imported_at: datetime


class PolicyFileReader(Protocol):
    """Reads policy files."""

    def open(self, path: Path) -> PolicyFile:
        """Return the bytes of the file and their hash."""
        ...

    def read(self, file: PolicyFile, mapping: BookMapping) -> RawBook:
        """Return the rows of the file, or raise where the file cannot be taken at all."""
        ...


class IntakeWork(Protocol):
    """One import's transaction, committed whole or not; imports of a company wait for each other."""

    def earlier_batch(self, source_code: str, file_sha256: str, mapping_sha256: str) -> EarlierBatch | None:
        """Return the latest batch of that source with that file under that mapping, if there is one."""
        ...

    def last_cut_over_date(self) -> date | None:
        """Return the cut-over date that was given last for the company, None where none ever was."""
        ...

    def last_batch(self, source_code: str, *, is_full: bool | None = None) -> EarlierBatch | None:
        """Return the last batch of the company that came from that source, of full books or changes only."""
        ...

    def plan_codes(self) -> frozenset[str]:
        """Return the codes of all payment plans."""
        ...

    def stored_book(
        self,
        policy_numbers: pl.Series,
        payer_keys: pl.Series,
        full_source_code: str | None,
        as_of: date,
    ) -> StoredBook:
        """Return the current terms of those policies, those payers, and what the company has open.

        Where the book is the full one of a source, also the terms of that source whose cover has not ended
        by ``as_of``.
        """
        ...

    def payer_contents(self, payer_keys: pl.Series) -> pl.DataFrame:
        """Return ``payer_key`` and ``payer_content`` (JSON) of those payers that are known, as of now."""
        ...

    def write(self, batch: NewBatch, book: SettledBook) -> int:
        """Write the batch with everything that it brings, and return its id."""
        ...


class IntakeStore(Protocol):
    """The store's side of intake."""

    def intake(self, company_code: str, progress: Progress) -> AbstractContextManager[IntakeWork]:
        """Open an import's transaction; it commits when the block ends well.

        It waits while the company is being billed, or another import is on; ``progress`` is told so.
        """
        ...
