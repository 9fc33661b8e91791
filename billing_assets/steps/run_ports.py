"""What a billing run needs from the world.

Belongs here: the store's side of planning and issuing, as protocols and the values that cross them.
Does not belong here: any implementation (``store``).
"""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol, TypeAlias

import polars as pl

from billing_assets.domain.calendar_rule import ClosedDays
from billing_assets.domain.companies import Company
from billing_assets.domain.holds import Hold
from billing_assets.domain.run_decisions import RunDecisionOrder
from billing_assets.domain.runs import CatchUp, CurrencyTotal, RunOrder, RunState
from billing_assets.domain.safety_bounds import Exceeded
from billing_assets.domain.selections import EVERYTHING, Selection
from billing_assets.frames.cash_rounding import NO_CASH_UNITS
from billing_assets.frames.change_balances import ChangeBook
from billing_assets.frames.charge_lines import NO_CHARGE_LINES
from billing_assets.frames.payer_shares import NO_PAYER_SHARES
from billing_assets.steps.issue_ports import IssueWork

Clock: TypeAlias = Callable[[], datetime]
"""Returns the present instant, in UTC."""

Progress: TypeAlias = Callable[[str, int, int], None]
"""Is told (stage, done, total) while a step works."""


def silent(_stage: str, _done: int, _total: int) -> None:
    """Show no progress."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """The company that a run bills for, at the version that its documents will carry."""

    company_id: int
    company_version_id: int
    company_sha256: str
    company: Company


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRows:
    """The rule rows of a run: tax rules, payment plans and cash units, as the store has them.

    ``has_tax_groups``: tax rows that say the same are one tax of a document (``tax_rule.GROUP_WORDS``). Each
    row was one by itself when the first runs were billed.
    """

    tax_rules: pl.DataFrame
    plans: pl.DataFrame
    cash_units: pl.DataFrame = field(default_factory=NO_CASH_UNITS.clone)
    has_tax_groups: bool = True

    def content(self) -> str:
        """Return which rows these are and when each ends, as JSON; a row changes in nothing else.

        >>> rows = {"tax_rule_id": [2], "valid_to": [None]}
        >>> plans = pl.DataFrame(schema={"payment_plan_id": pl.Int64, "valid_to": pl.Date})
        >>> RuleRows(tax_rules=pl.DataFrame(rows), plans=plans).content()
        '{"cash_units": {}, "plans": {}, "tax_groups": true, "tax_rules": {"2": null}}'
        """
        kept = {name: _ends(getattr(self, name), key) for name, key in _RULE_KEYS.items()}
        marks = {TAX_GROUPS: True} if self.has_tax_groups else {}
        return json.dumps({**kept, **marks}, sort_keys=True)


TAX_GROUPS = "tax_groups"
"""Key in the content of rows by which taxes are rounded once for each ``tax_rule.GROUP_WORDS``."""

_RULE_KEYS = {"tax_rules": "tax_rule_id", "plans": "payment_plan_id", "cash_units": "cash_unit_id"}


def _ends(rows: pl.DataFrame, key: str) -> dict[str, str | None]:
    return dict(rows.sort(key).select(pl.col(key, "valid_to").cast(pl.String)).iter_rows())


@dataclass(frozen=True, slots=True, kw_only=True)
class BookPosition:
    """Where the policy book stands: a run reads it as of ``batch_id``, whatever is imported meanwhile.

    ``closed_day_id`` is the last word on days that the company has closed itself; the run goes by it.
    ``policy_borders`` cut the company's policies into ranges of about the same number of terms, the first
    of half as many: the first policy of each range, and at last the id after the last policy.
    ``payer_plans`` are the codes of plans that gather the policies of a payer on one bill, and
    ``payer_borders`` cut the payers who have such policies in the same way. ``closing_count``: so many
    problems are closed, each of which may have held a term.
    """

    batch_id: int
    policy_borders: tuple[int, ...]
    closed_day_id: int = 0
    closing_count: int = 0
    payer_plans: tuple[str, ...] = ()
    payer_borders: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunBasis:
    """What a run rests on: the book and the closed days as of its plan, and whether its date was open.

    What was to be billed up to ``held_until`` is left to the run that is held there. ``closing_count`` is
    that of the book's position. ``holds`` are those that stop the billing clock on its date, or on the day of
    its documents. Of the book it takes the ``selection``.
    """

    batch_id: int
    closed_day_id: int = 0
    closing_count: int = 0
    is_open_day: bool = True
    held_until: date | None = None
    holds: tuple[Hold, ...] = ()
    selection: Selection = EVERYTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """Terms that are billed in one transaction: those of the policies ``[from_policy_id, to_policy_id)``.

    Terms of ``payer_plans`` are left to shards of payers, which take them where their payer lies in
    ``[from_payer_id, to_payer_id)``; a shard of policies has no payers, 0 and 0. A shard on demand takes of
    its range the ``policy_ids``, each up to the date of ``until_dates`` in the same place. The last four are
    the lists of the run's selection (``domain.selections``): it takes of its terms those that match them.
    """

    shard_number: int
    from_policy_id: int
    to_policy_id: int
    payer_plans: tuple[str, ...] = ()
    from_payer_id: int = 0
    to_payer_id: int = 0
    policy_ids: tuple[int, ...] = ()
    until_dates: tuple[date, ...] = ()
    product_codes: tuple[str, ...] = ()
    place_codes: tuple[str, ...] = ()
    plan_codes: tuple[str, ...] = ()
    payer_groups: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether it takes all terms of its policies or payers, no selection of them."""
        return not (self.product_codes or self.place_codes or self.plan_codes or self.payer_groups)

    def reads_until(self, billing_date: date) -> date:
        """Return by which date what is read may be due: any, where policies have dates of their own."""
        return date.max if self.policy_ids else billing_date


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRecord:
    """What planning found, as it is kept with the run.

    ``figures`` (``columns.FIGURE_SCHEMA``) are what later runs are compared with; ``rehearsal`` is what
    people are shown; ``exceeded`` holds the run until somebody approves the plan of this ``plan_sha256``.
    ``basis_sha256`` is the hash of everything that decides what is due, beside what is billed.
    """

    basis_sha256: str
    totals: tuple[CurrencyTotal, ...]
    plan_sha256: str
    figures: pl.DataFrame
    rehearsal: Mapping[str, Any]
    exceeded: tuple[Exceeded, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run as the store keeps it; ``is_approved`` is of the plan of this ``plan_sha256``.

    ``template_name``: its documents are printed by the company's templates of that name, empty for none.
    """

    run_id: int
    company_id: int
    billing_date: date
    sequence_number: int
    issuing_date: date
    state: RunState
    book_batch_id: int
    due_count: int
    plan_totals: tuple[CurrencyTotal, ...]
    closed_day_id: int = 0
    catch_up: CatchUp = CatchUp.PER_PERIOD
    plan_sha256: str = ""
    exceeded: tuple[Exceeded, ...] = ()
    is_approved: bool = False
    held_until: date | None = None
    selection: Selection = EVERYTHING
    template_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardBook:
    """The part of the book that a shard bills: ``columns.TERM_SCHEMA`` and ``columns.SETTLED_SCHEMA``.

    ``changes`` is of the terms that have changes; None where no term of the shard has any. ``charge_lines``
    (``columns.CHARGE_LINE_SCHEMA``) are of those whose premium is made of several charges, ``payer_shares``
    (``columns.PAYER_SHARE_SCHEMA``) of those that have several payers.
    """

    terms: pl.DataFrame
    settled: pl.DataFrame
    changes: ChangeBook | None = None
    charge_lines: pl.DataFrame = field(default_factory=NO_CHARGE_LINES.clone)
    payer_shares: pl.DataFrame = field(default_factory=NO_PAYER_SHARES.clone)


class ShardWork(IssueWork, Protocol):
    """One shard's transaction.

    ``is_done`` tells that another program has committed this shard; nothing is left to do then.
    """

    is_done: bool

    def read_book(self) -> ShardBook:
        """Return the shard's terms and what is settled of them."""
        ...

    def checkpoint(
        self,
        due_count: int,
        invoice_count: int,
        seconds: Mapping[str, float],
        rule_set_id: int | None = None,
        term_counts: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        """Record inside the same transaction that this shard is done, by which rule rows, and what it read.

        ``term_counts`` are the rows of ``frames.term_counts``.
        """
        ...


class RunStore(Protocol):
    """The store's side of billing runs."""

    def issuer(self, company_code: str) -> Issuer:
        """Return the company with that code, or raise ``company_unknown``."""
        ...

    def lock_runs(self, company_id: int, progress: Progress) -> AbstractContextManager[None]:
        """Hold the right to run this company's billing; wait while another program has it."""
        ...

    def refresh_statistics(self) -> None:
        """Have large tables counted anew where the last count is too old to read a whole book by."""
        ...

    def rule_rows(self) -> RuleRows:
        """Return the rule rows."""
        ...

    def keep_rules(self, rules: RuleRows) -> int:
        """Keep which rows a run goes by, and return the id of the set; see ``replay_runs``."""
        ...

    def book_position(self, company_id: int, shard_terms: int) -> BookPosition:
        """Return where the policy book of the company stands, cut after each ``shard_terms`` terms."""
        ...

    def closed_days(self, company_id: int, closed_day_id: int) -> ClosedDays:
        """Return what the company has closed itself, by the word up to that one."""
        ...

    def billing_holds(self, company_id: int, days: Sequence[date]) -> tuple[Hold, ...]:
        """Return the holds that stop the billing clock on one of these days."""
        ...

    def open_run(self, company_id: int, billing_date: date) -> Run | None:
        """Return the run of that date that is neither finalised nor rejected, if there is one."""
        ...

    def is_settled(self, company_id: int, billing_date: date, basis_sha256: str) -> bool:
        """Tell whether a run of the date on that basis is finalised and none billed since: nothing is due."""
        ...

    def has_finalised_run(self, company_id: int, billing_date: date, selection: Selection) -> bool:
        """Tell whether a run of that date was finalised, of the whole book or of this selection."""
        ...

    def read_book(self, company_id: int, batch_id: int, shard: Shard, as_of: date) -> ShardBook:
        """Return a shard of the book outside a shard's transaction, for planning."""
        ...

    def held_until(self, company_id: int, billing_date: date) -> date | None:
        """Return the last date before ``billing_date`` whose run is held, if there is one."""
        ...

    def run_dates(self, company_id: int, billing_date: date) -> tuple[date, date] | None:
        """Return the first and the last date up to ``billing_date`` that have a finalised run, if any has."""
        ...

    def figures_before(self, company_id: int, days: Sequence[date]) -> pl.DataFrame:
        """Return the figures of finalised runs whose periods ended on ``days`` (``FIGURE_SCHEMA``)."""
        ...

    def figures_beside(self, company_id: int, billing_date: date) -> pl.DataFrame:
        """Return the figures of the finalised runs of selections of this date (``FIGURE_SCHEMA``)."""
        ...

    def last_bills(self, shard: Shard, policy_term_ids: pl.Series) -> pl.DataFrame:
        """Return the last document of the policy of each of these terms (``LAST_BILL_SCHEMA``).

        Only policies of the shard are looked at, and only what other terms of theirs were billed.
        """
        ...

    def record_plan(
        self, company_id: int, order: RunOrder, basis: RunBasis, shards: tuple[Shard, ...], plan: PlanRecord
    ) -> Run:
        """Write or rewrite the plan of the date's open run; raise ``run_taken`` if it has begun.

        An approval stays exactly where the plan has the same hash as the one that was approved.
        """
        ...

    def revise_plan(self, run_id: int, totals: tuple[CurrencyTotal, ...]) -> Run:
        """Write what a begun run has to answer for as it is taken up again, and return the run."""
        ...

    def start(self, run_id: int) -> None:
        """Mark a planned run, or a held one that was approved, as running."""
        ...

    def pending_shards(self, run_id: int) -> tuple[Shard, ...]:
        """Return the shards that are not committed yet, in order."""
        ...

    def shard_work(self, run: Run, shard: Shard) -> AbstractContextManager[ShardWork]:
        """Open the transaction of a shard; committed when the context ends well.

        Raises ``billed_meanwhile`` where another program has billed one of its charges.
        """
        ...

    def run_totals(self, run_id: int) -> tuple[CurrencyTotal, ...]:
        """Return the totals of the charges that the run has recorded."""
        ...

    def finalise(
        self,
        run_id: int,
        seconds: Mapping[str, float],
        *,
        prove: Callable[[tuple[CurrencyTotal, ...]], None],
    ) -> tuple[CurrencyTotal, ...]:
        """Mark the run as complete and store its report; ``seconds`` are those beside the shards'.

        Its certificate is stored with it, complete or not: what a run has committed cannot be undone, and
        the check of certificates keeps documents back.
        The totals of the charges that the run has recorded are given to ``prove``, and are returned: one per
        outcome, reason and currency. Where ``prove`` raises, nothing is finalised.
        """
        ...


class RunDecisionStore(Protocol):
    """The store's side of what a person decides on a run."""

    def issuer(self, company_code: str) -> Issuer:
        """Return the company with that code, or raise ``company_unknown``."""
        ...

    def lock_runs(self, company_id: int, progress: Progress) -> AbstractContextManager[None]:
        """Hold the right to run this company's billing; wait while another program has it."""
        ...

    def decide(self, company_id: int, order: RunDecisionOrder) -> bool:
        """Take the decision, or raise what refuses it; False where it was taken before."""
        ...
