"""What taking in and allocating payments needs from the world.

Belongs here: files of payments and the store's side, as protocols and the values that cross them.
Does not belong here: any implementation (``feeds``, ``store``).
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Protocol

import polars as pl

from billing_assets.domain.payments import NewPayment, NewReturn, PaymentProblem, SourceKind


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFile:
    """The entries of a file: what came in, what went back, and what cannot be taken."""

    name: str
    content_sha256: str
    source_kind: SourceKind
    payments: tuple[NewPayment, ...]
    returns: tuple[NewReturn, ...]
    problems: tuple[PaymentProblem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentBatch:
    """What a file comes to, beside what was there: written in one transaction. No file: by hand."""

    file: PaymentFile | None
    payments: Sequence[NewPayment]
    returns: Sequence[NewReturn]
    problems: Sequence[PaymentProblem]
    payer_ids: Mapping[str, int]
    duplicate_count: int
    recorded_by: str
    recorded_at: datetime


EntryKey = tuple[str, str, str]
"""``payment`` or ``return``, source kind, and key."""

EntryFacts = tuple[str, int, date]
"""Currency, amount and value date: what makes a repeat the same."""


class PaymentReader(Protocol):
    """Reads a file of payments."""

    def read(self, path: Path) -> PaymentFile:
        """Return the entries of a file; raise where it cannot be taken at all."""
        ...


class PaymentIntake(Protocol):
    """A transaction that takes payments in; nobody else does for the company meanwhile."""

    def knows_file(self, content_sha256: str) -> bool:
        """Tell whether the very same file came before."""
        ...

    def known_entries(self, keys: Collection[EntryKey]) -> Mapping[EntryKey, EntryFacts]:
        """Return those of the keys that are there, with what they said."""
        ...

    def payer_ids(self, payer_keys: Collection[str]) -> Mapping[str, int]:
        """Return the payers of the book by their keys."""
        ...

    def write(self, batch: PaymentBatch) -> None:
        """Append payments, returns and problems, and post the payments."""
        ...


class PaymentStore(Protocol):
    """Takes payments in."""

    def intake(self) -> AbstractContextManager[PaymentIntake]:
        """Yield the work of one transaction: committed at the end, rolled back on an exception."""
        ...


class AllocationWork(Protocol):
    """A transaction that allocates the payments of a company; frames are those of ``frames.allocation``."""

    def pending_returns(self) -> pl.DataFrame:
        """Return the returns whose payment is there, as ``frames.unallocation.matched_returns`` takes them.

        Beside its columns: allocated_minor of the payment and is_of_suspense.
        """
        ...

    def overpaid_documents(self) -> pl.DataFrame:
        """Return invoice_id and excess_minor of documents that have more than they owe, once credited."""
        ...

    def live_allocations(self, key: str, ids: pl.Series) -> pl.DataFrame:
        """Return the rows that stand of these payments or documents (``key``: payment_id or invoice_id)."""
        ...

    def unallocate(self, rows: pl.DataFrame, reason_code: str) -> None:
        """Take back rows of ``live_allocations``, whole."""
        ...

    def reverse(self, returns: pl.DataFrame) -> None:
        """Reverse payments by rows of ``pending_returns``."""
        ...

    def payments(self) -> pl.DataFrame:
        """Return the payments of which something is free."""
        ...

    def documents(self) -> pl.DataFrame:
        """Return the open documents; beside the columns of the frames they have paid_minor."""
        ...

    def rules(self) -> pl.DataFrame:
        """Return the rule rows that are valid: currency, tolerance_minor, allocation_rule_id."""
        ...

    def assign(self, owners: pl.DataFrame) -> None:
        """Give payments their owners."""
        ...

    def allocate(self, rows: pl.DataFrame) -> None:
        """Append allocations."""
        ...

    def write_off(self, rows: pl.DataFrame) -> None:
        """Append write-offs."""
        ...


class AllocationStore(Protocol):
    """Allocates payments."""

    def allocating(self, as_of_date: date) -> AbstractContextManager[AllocationWork]:
        """Yield the work of one transaction; whoever allocates for the company takes turns."""
        ...
