"""What a correction needs from the world.

Belongs here: the store's side of issuing credit notes, as protocols and the values that cross them.
Does not belong here: any implementation (``store``).
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from typing import Protocol

import polars as pl

from billing_assets.domain.credits import CreditOrder
from billing_assets.steps.run_ports import Issuer, NumberBlock, Progress, RuleRows


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditBook:
    """Invoices to credit, whole: ``columns.CREDITABLE_LINE_SCHEMA`` and ``columns.CHARGED_TAX_SCHEMA``."""

    lines: pl.DataFrame
    taxes: pl.DataFrame


class CreditWork(Protocol):
    """The transaction of a correction: all of it is committed, or none."""

    def read_book(self, invoice_numbers: Sequence[str]) -> CreditBook:
        """Return the invoices with what was given back of them.

        Raises ``invoice_unknown``, ``number_malformed``, ``credit_of_credit``.
        """
        ...

    def open_run(self, order: CreditOrder) -> int:
        """Record the run of the correction and return its id."""
        ...

    def draw_invoice_ids(self, count: int) -> pl.Series:
        """Return ``count`` unused invoice ids, ascending."""
        ...

    def draw_numbers(self, count: int, document_kind: str, prefix: str, issuing_date: date) -> NumberBlock:
        """Lock the series and return its next ``count`` numbers."""
        ...

    def write_lines(self, lines: pl.DataFrame) -> None:
        """Append lines; raise ``credited_meanwhile`` where more would be credited than was charged."""
        ...

    def write_taxes(self, taxes: pl.DataFrame) -> None:
        """Append taxes."""
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

    def close_run(self, run_id: int) -> None:
        """Store the report of the run."""
        ...


class CreditStore(Protocol):
    """The store's side of corrections."""

    def issuer(self, company_code: str) -> Issuer:
        """Return the company with that code, or raise ``company_unknown``."""
        ...

    def lock_runs(self, company_id: int, progress: Progress) -> AbstractContextManager[None]:
        """Hold the right to run this company's billing; wait while another program has it."""
        ...

    def rule_rows(self) -> RuleRows:
        """Return the rule rows."""
        ...

    def correction(self, company_id: int) -> AbstractContextManager[CreditWork]:
        """Open the transaction of a correction; committed when the context ends well."""
        ...
