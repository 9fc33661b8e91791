"""What a correction needs from the world.

Belongs here: the store's side of issuing credit notes, as protocols and the values that cross them.
Does not belong here: any implementation (``store``).
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

import polars as pl

from billing_assets.domain.credits import CreditOrder
from billing_assets.steps.issue_ports import DocumentWork
from billing_assets.steps.run_ports import Issuer, Progress, RuleRows


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditBook:
    """Invoices to credit, whole: ``columns.CREDITABLE_LINE_SCHEMA`` and ``columns.CHARGED_TAX_SCHEMA``."""

    lines: pl.DataFrame
    taxes: pl.DataFrame


class CreditWork(DocumentWork, Protocol):
    """The transaction of a correction.

    Where more would be credited than was charged, ``write_lines`` raises ``credited_meanwhile``.
    """

    def read_book(self, invoice_numbers: Sequence[str]) -> CreditBook:
        """Return the invoices with what was given back of them.

        Raises ``invoice_unknown``, ``number_malformed``, ``credit_of_credit``.
        """
        ...

    def open_run(self, order: CreditOrder) -> int:
        """Record the run of the correction and return its id."""
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
