"""What invoices on demand need from the world.

Belongs here: the store's side of answering requests, as protocols and the values that cross them.
Does not belong here: any implementation (``store``).
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

import polars as pl

from billing_assets.domain.calendar_rule import ClosedDays
from billing_assets.domain.holds import Hold
from billing_assets.domain.on_demand import Answer, OnDemandOrder, Request
from billing_assets.domain.retries import FailedCharge, RetryAttempt
from billing_assets.domain.runs import CurrencyTotal
from billing_assets.steps.issue_ports import IssueWork
from billing_assets.steps.run_ports import Issuer, RuleRows, Run, Shard, ShardBook


@dataclass(frozen=True, slots=True)
class HeldRun:
    """A run that waits for a person's decision, and up to which billing date it bills."""

    run_id: int
    billing_date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where the company stands while requests are answered.

    ``policy_ids`` are those of the policies that there are, by number; ``busy_ids`` those of policies that a
    run under way may have planned and not billed yet. ``held_runs`` are the held runs, earliest date first;
    ``holds`` are those that stand, of whichever days.
    """

    issuer: Issuer
    rules: RuleRows
    rule_set_id: int
    batch_id: int
    closed_day_id: int
    closed_days: ClosedDays
    held_runs: tuple[HeldRun, ...]
    policy_ids: Mapping[str, int]
    busy_ids: frozenset[int]
    holds: tuple[Hold, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardCount:
    """A shard on demand, with the number of its charges and of its documents."""

    shard: Shard
    due_count: int
    document_count: int


class OnDemandWork(IssueWork, Protocol):
    """The transaction in which requests are answered."""

    def standing(self, policy_numbers: Sequence[str]) -> Standing:
        """Return where the company stands, and keep runs from beginning until the transaction ends."""
        ...

    def read_book(self, standing: Standing, policy_ids: Sequence[int]) -> ShardBook:
        """Return all terms of these policies and what is settled of them."""
        ...

    def open_run(
        self,
        order: OnDemandOrder,
        standing: Standing,
        totals: tuple[CurrencyTotal, ...],
        shards: Sequence[ShardCount],
    ) -> Run:
        """Record the run, which is final when it is committed, with its shards."""
        ...

    def close_run(
        self,
        run_id: int,
        figures: pl.DataFrame,
        *,
        prove: Callable[[tuple[CurrencyTotal, ...]], None],
    ) -> None:
        """Store figures and report of the run, whose recorded totals are given to ``prove``."""
        ...

    def next_requests(self, after_id: int, count: int) -> tuple[Request, ...]:
        """Return the oldest open requests of the inbox beyond ``after_id``."""
        ...

    def keep_answers(self, answers: Sequence[Answer]) -> None:
        """Mark requests of the inbox with their answers."""
        ...

    def find_failed(self, keys: Sequence[tuple[int, int]]) -> Sequence[FailedCharge]:
        """Return those of the named charges (term, installment) that stand failed by now."""
        ...

    def keep_attempts(self, attempts: Sequence[RetryAttempt], owner: str, at: datetime) -> None:
        """Keep what attempts came to, and give what is given up to ``owner``; each attempt once.

        Raises ``billed_meanwhile`` where another program has made one of them.
        """
        ...


class OnDemandStore(Protocol):
    """The store's side of invoices on demand."""

    def on_demand(self, company_code: str) -> AbstractContextManager[OnDemandWork]:
        """Open a transaction; committed when the context ends well.

        Raises ``billed_meanwhile`` where another program has billed one of its charges.
        """
        ...

    def hold_inbox(self, company_code: str) -> AbstractContextManager[None]:
        """Hold the right to drain the company's inbox; wait while another program has it."""
        ...

    def list_failed(self, company_code: str) -> Sequence[FailedCharge]:
        """Return every charge of the company that stands failed."""
        ...
