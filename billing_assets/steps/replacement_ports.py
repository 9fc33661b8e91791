"""What replacing an invoice needs from the world.

Belongs here: the store's side of a replacement, as protocols and the values that cross them.
Does not belong here: any implementation (``store``).
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from typing import Protocol

import polars as pl

from billing_assets.domain.calendar_rule import ClosedDays
from billing_assets.domain.holds import Hold
from billing_assets.domain.replacements import ReplacementOrder
from billing_assets.domain.runs import CurrencyTotal
from billing_assets.steps.credit_ports import CreditBook
from billing_assets.steps.issue_ports import IssueWork
from billing_assets.steps.run_ports import Issuer, Progress, RuleRows, Run, Shard, ShardBook


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplacedInvoice:
    """An issued invoice that is to be replaced, as it stands.

    ``credit`` is the invoice with what was given back of it; ``taxes`` are its tax rows by their words, with
    base and amount. ``payer_sha256`` is the hash of the payer as billed. ``is_company_changed``: the company
    prints something else by now. ``replaced_by`` is the number of what replaced it already, or empty;
    ``share_policy`` is the number of a policy whose line is of one of several payers, or empty.
    ``policy_numbers`` are those of its terms, by their id.
    """

    invoice_id: int
    invoice_number: str
    issue_date: date
    currency: str
    credit: CreditBook
    taxes: pl.DataFrame
    payer_id: int
    payer_sha256: str
    is_company_changed: bool
    replacement_number: int
    replaced_by: str
    share_policy: str
    policy_numbers: Mapping[int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplacementBook:
    """The book and the rules as they are now: of the policies of the invoice, as one shard.

    ``holds`` are those that stand, of whichever days.
    """

    shard: Shard
    batch_id: int
    closed_day_id: int
    closed_days: ClosedDays
    rules: RuleRows
    book: ShardBook
    holds: tuple[Hold, ...] = ()


class ReplacementWork(IssueWork, Protocol):
    """The transaction of a replacement.

    Where another program has credited or replaced the invoice, what writes raises ``replaced_meanwhile``.
    """

    def require_free(self) -> None:
        """Raise ``run_unfinished`` or ``run_waiting`` where a run has planned what is not billed yet."""
        ...

    def read_invoice(self, invoice_number: str) -> ReplacedInvoice:
        """Return the invoice with that printed number.

        Raises ``invoice_unknown``, ``number_malformed``, ``month_away``, ``replacement_of_credit``.
        """
        ...

    def read_book(self) -> ReplacementBook:
        """Return today's book and rules for the policies of the invoice that was read."""
        ...

    def open_run(
        self, order: ReplacementOrder, book: ReplacementBook, totals: tuple[CurrencyTotal, ...]
    ) -> Run:
        """Record the run of the correction, which is final when it is committed, with its one shard."""
        ...

    def close_run(
        self,
        run: Run,
        invoice_number: str,
        replacement_number: str,
        prove: Callable[[tuple[CurrencyTotal, ...]], None],
    ) -> None:
        """Store the report of the run, whose recorded totals are given to ``prove``, and who did it.

        Terms that were held because the book had changed them are released where all that stands billed of
        them is as the book says by now, and their problems are closed.
        """
        ...


class ReplacementStore(Protocol):
    """The store's side of replacements."""

    def issuer(self, company_code: str) -> Issuer:
        """Return the company with that code, or raise ``company_unknown``."""
        ...

    def lock_runs(self, company_id: int, progress: Progress) -> AbstractContextManager[None]:
        """Hold the right to run this company's billing; wait while another program has it."""
        ...

    def replacement(self, company_id: int, invoice_number: str) -> AbstractContextManager[ReplacementWork]:
        """Open the transaction of a replacement; committed when the context ends well."""
        ...
