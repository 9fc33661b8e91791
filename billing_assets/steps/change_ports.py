"""What the intake of changes needs from the world.

Belongs here: the file of changes and the store's side of it, as protocols and the values that cross them.
Does not belong here: any implementation (``feeds``, ``store``).
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Protocol

from billing_assets.domain.policy_changes import ChangedTerm, TermChange
from billing_assets.steps.intake_ports import EarlierBatch, PolicyFile
from billing_assets.steps.run_ports import Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRow:
    """A row of a file as it came; ``row_fault`` is empty, or says why it has no cells."""

    row_number: int
    original_row: str
    row_fault: str
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeProblem:
    """A row that was refused; policy and day are None where it names none, ``holds``: terms it speaks of."""

    row_number: int
    record_key: str
    problem_code: str
    field_name: str
    original_value: str
    original_row: str
    policy_number: str | None
    effective_date: date | None
    holds: tuple[ChangedTerm, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeBatch:
    """What an import of changes does to the store; the counts add up to ``row_count``.

    ``answered_keys``: open problems of these keys are answered by the file.
    """

    file_name: str
    file_sha256: str
    imported_at: datetime
    changes: Sequence[TermChange]
    problems: Sequence[ChangeProblem]
    answered_keys: Collection[str]
    row_count: int
    unchanged_count: int
    duplicate_count: int


class ChangeFileReader(Protocol):
    """Reads files of changes."""

    def open(self, path: Path) -> PolicyFile:
        """Return the bytes of the file and their hash."""
        ...

    def read(self, file: PolicyFile) -> tuple[ChangeRow, ...]:
        """Return the rows of the file, or raise where the file cannot be taken at all."""
        ...


class ChangeWork(Protocol):
    """One import's transaction, committed whole or not; imports of a company wait for each other."""

    def earlier_batch(self, file_sha256: str) -> EarlierBatch | None:
        """Return the latest batch of changes from that file, if there is one."""
        ...

    def terms_of(self, policy_numbers: Sequence[str]) -> Sequence[ChangedTerm]:
        """Return all terms of these policies."""
        ...

    def changes_of(self, policy_term_ids: Sequence[int]) -> Sequence[TermChange]:
        """Return the changes that the store has of these terms."""
        ...

    def open_problem_keys(self) -> frozenset[tuple[str, str]]:
        """Return record key and code of the open problems that files of changes have left."""
        ...

    def write(self, batch: ChangeBatch) -> int:
        """Write the batch with everything that it brings, and return its id."""
        ...


class ChangeStore(Protocol):
    """The store's side of the intake of changes."""

    def intake(self, company_code: str, progress: Progress) -> AbstractContextManager[ChangeWork]:
        """Open an import's transaction; it commits when the block ends well.

        It waits while the company is being billed, or another import is on; ``progress`` is told so.
        """
        ...
