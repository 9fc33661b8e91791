"""What issuing documents needs from the world, whoever issues them.

Belongs here: the transaction of documents, as protocols and the values that cross them.
Does not belong here: any implementation (``store``), what a run, a correction or a request needs beside it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Protocol

import polars as pl

from billing_assets.domain.template_choice import TemplateChoice


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberBlock:
    """Consecutive numbers drawn from a locked series, for documents of one issue date."""

    number_series_id: int
    prefix: str
    first_number: int
    issue_date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Templates:
    """The templates of the documents; those of credit notes are looked for where there is one to issue."""

    invoice: TemplateChoice
    credit: Callable[[], TemplateChoice]


class DocumentWork(Protocol):
    """The transaction in which documents are issued: all of it is committed, or none."""

    def draw_invoice_ids(self, count: int) -> pl.Series:
        """Return ``count`` unused invoice ids, ascending."""
        ...

    def read_term_traits(self, policy_term_version_ids: pl.Series) -> pl.DataFrame:
        """Return ``policy_term_version_id``, ``product_code`` and ``place_code`` of versions of terms."""
        ...

    def read_languages(self, payer_version_ids: pl.Series) -> pl.DataFrame:
        """Return ``payer_version_id`` and ``language`` of versions of payers."""
        ...

    def draw_numbers(self, count: int, document_kind: str, prefix: str, issuing_date: date) -> NumberBlock:
        """Lock the series and return its next ``count`` numbers."""
        ...

    def write_lines(self, lines: pl.DataFrame) -> None:
        """Append invoice lines; what credits more than was charged is refused."""
        ...

    def write_taxes(self, taxes: pl.DataFrame) -> None:
        """Append invoice taxes."""
        ...

    def write_postings(self, postings: pl.DataFrame) -> None:
        """Append ledger postings; what does not balance is refused."""
        ...

    def write_invoices(self, invoices: pl.DataFrame) -> None:
        """Append documents."""
        ...

    def write_entries(self, entries: pl.DataFrame) -> None:
        """Append ledger entries."""
        ...


class IssueWork(DocumentWork, Protocol):
    """The transaction of documents that due charges lead to."""

    def write_charges(self, charges: pl.DataFrame) -> None:
        """Append due charges with their outcome."""
        ...
