"""Imports as people see them: a batch, its file and what became of the rows.

Belongs here: read models of batches. Does not belong here: importing (``policies``), bad rows (``problems``).
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from billing_assets.domain.errors import BillingError


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRow:
    """An import: its file and what became of the rows."""

    batch_id: int
    file_name: str
    row_count: int
    new_count: int
    changed_count: int
    unchanged_count: int
    duplicate_count: int
    problem_count: int
    imported_at: datetime


def last_import(connection: Connection, company_id: int) -> BatchRow:
    """Return the newest import of a company, or raise ``nothing_imported``."""
    query = text("select * from intake_batch where company_id = :company order by batch_id desc limit 1")
    row = connection.execute(query, {"company": company_id}).first()
    if row is None:
        raise BillingError(
            "nothing_imported",
            "no policy book was imported yet",
            "billing import policies FILE --mapping FILE.yaml",
        )
    return BatchRow(**{name: getattr(row, name) for name in BatchRow.__slots__})
