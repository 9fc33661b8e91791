"""What documents that a step numbers together share, and writing their heads.

Belongs here: the heading of a block of numbers; heads with their ledger entries.
Does not belong here: rows (``frames.numbered``, ``frames.ledger``), drawing the numbers (``store``).
"""

from typing import Protocol

import polars as pl

from billing_assets.frames.ledger import entry_rows, rounding_rows
from billing_assets.frames.numbered import Heading
from billing_assets.steps.run_ports import FrozenTemplate, Issuer, NumberBlock


def heading_of(block: NumberBlock, issuer: Issuer, template: FrozenTemplate) -> Heading:
    """Return what the documents of a block share: its numbers and date, the issuer, the template."""
    return Heading(
        prefix=block.prefix,
        first_number=block.first_number,
        issue_date=block.issue_date,
        company_id=issuer.company_id,
        company_sha256=issuer.company_sha256,
        template_sha256=template.template_sha256,
    )


class HeadWork(Protocol):
    """The transaction that documents are issued in, as far as their heads go."""

    def write_invoices(self, invoices: pl.DataFrame) -> None:
        """Append documents."""
        ...

    def write_entries(self, entries: pl.DataFrame) -> None:
        """Append ledger entries."""
        ...

    def write_postings(self, postings: pl.DataFrame) -> None:
        """Append ledger postings; what does not balance is refused."""
        ...


def write_heads(work: HeadWork, invoices: pl.DataFrame) -> None:
    """Write rows of table ``invoice``, the ledger entry of each, and what its sum payable is rounded by."""
    work.write_invoices(invoices)
    work.write_entries(entry_rows(invoices))
    work.write_postings(rounding_rows(invoices))
