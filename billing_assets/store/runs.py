"""Billing runs in the store: plans, locks, checkpoints, totals.

Belongs here: the store's side of ``steps.run_ports``, except the rows of invoices (``invoices``).
Does not belong here: what is due (``frames``), the order of work (``steps``).
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, datetime

import polars as pl
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from billing_assets.domain.calendar_rule import ClosedDays
from billing_assets.domain.errors import BillingError
from billing_assets.domain.holds import Hold, HoldClock
from billing_assets.domain.policies import HoldCode
from billing_assets.domain.problems import BILLED_ELSEWHERE
from billing_assets.domain.runs import CatchUp, CurrencyTotal, RunOrder
from billing_assets.domain.selections import Selection
from billing_assets.reports.run_report import build_run_report
from billing_assets.steps.run_ports import (
    BookPosition,
    PlanRecord,
    Progress,
    RuleRows,
    Run,
    RunBasis,
    Shard,
    ShardBook,
)
from billing_assets.store.away_months import require_date_here
from billing_assets.store.certificates import keep_certificate
from billing_assets.store.closed_days import read_closed_days
from billing_assets.store.companies import CompanyStore
from billing_assets.store.holds import holds_on
from billing_assets.store.invoices import ShardTransaction, read_shard_book
from billing_assets.store.locks import LockSpace, hold_lock
from billing_assets.store.refusals import is_billed_once
from billing_assets.store.rule_sets import keep_rule_set, read_rules
from billing_assets.store.run_facts import read_run_facts, totals_of
from billing_assets.store.run_figures import (
    read_figures,
    read_figures_beside,
    read_held_until,
    read_last_bills,
    read_run_dates,
    write_figures,
)
from billing_assets.store.run_holds import hold_changed_terms, tell_billed_elsewhere
from billing_assets.store.run_rows import RUN, plan_values, run_of, total_of
from billing_assets.store.shards import pending_shards, read_position, write_shards
from billing_assets.store.statistics import refresh_statistics

_IS_OPEN = "state not in ('finalised', 'rejected')"


class SqlRunStore(CompanyStore):
    """Runs in PostgreSQL; the implementation of ``steps.run_ports.RunStore``."""

    @contextmanager
    def lock_runs(self, company_id: int, progress: Progress) -> Iterator[None]:
        """Hold the company's run lock on a session of its own; it is free as soon as that session ends."""
        waits_for = "waiting for another run of this company"
        with hold_lock(self.database, LockSpace.RUNS, company_id, waits_for, progress):
            yield

    def refresh_statistics(self) -> None:
        """Have the rows of the large tables counted anew where what the planner knows of them is too old."""
        with self.database.transaction() as connection:
            refresh_statistics(connection)

    def rule_rows(self) -> RuleRows:
        """Return the tax rules and payment plans."""
        with self.database.transaction() as connection:
            return read_rules(connection)

    def keep_rules(self, rules: RuleRows) -> int:
        """Keep which rows a run goes by, and return the id of the set."""
        with self.database.transaction() as connection:
            return keep_rule_set(connection, rules, self.clock())

    def book_position(self, company_id: int, shard_terms: int) -> BookPosition:
        """Return the last committed batch, and the policies and payers at which shards begin."""
        with self.database.transaction() as connection:
            return read_position(connection, company_id, shard_terms)

    def closed_days(self, company_id: int, closed_day_id: int) -> ClosedDays:
        """Return what the company has closed itself, by the rows up to that one."""
        with self.database.transaction() as connection:
            return read_closed_days(connection, company_id, closed_day_id)

    def billing_holds(self, company_id: int, days: Sequence[date]) -> tuple[Hold, ...]:
        """Return the holds that stop the billing clock on one of these days."""
        with self.database.transaction() as connection:
            return holds_on(connection, company_id, HoldClock.BILL, days)

    def open_run(self, company_id: int, billing_date: date) -> Run | None:
        """Return the date's run that is neither finalised nor rejected."""
        query = text(
            f"{RUN} where company_id = :company and billing_date = :day and {_IS_OPEN} "
            "and run_kind = 'billing'"
        )
        with self.database.transaction() as connection:
            row = connection.execute(query, {"company": company_id, "day": billing_date}).first()
        return None if row is None else run_of(row)

    def is_settled(self, company_id: int, billing_date: date, basis_sha256: str) -> bool:
        """Tell whether a run of that date on that basis is finalised, and nothing was billed since."""
        values = {"company": company_id, "day": billing_date, "basis": basis_sha256}
        with self.database.transaction() as connection:
            return bool(connection.execute(text(_IS_SETTLED), values).scalar_one())

    def has_finalised_run(self, company_id: int, billing_date: date, selection: Selection) -> bool:
        """Tell whether the date has a finalised run of the whole book, or of this selection."""
        query = text(
            "select exists (select from billing_run where company_id = :company and billing_date = :day "
            "and state = 'finalised' and run_kind = 'billing' "
            "and selection in ('{}', cast(:selection as jsonb)))"
        )
        selected = json.dumps(selection.record())
        values = {"company": company_id, "day": billing_date, "selection": selected}
        with self.database.transaction() as connection:
            return bool(connection.execute(query, values).scalar_one())

    def read_book(self, company_id: int, batch_id: int, shard: Shard, as_of: date) -> ShardBook:
        """Return a shard of the book, for planning."""
        with self.database.transaction() as connection:
            return read_shard_book(connection, company_id, batch_id, shard, as_of)

    def held_until(self, company_id: int, billing_date: date) -> date | None:
        """Return the last date before ``billing_date`` whose run is held."""
        with self.database.transaction() as connection:
            return read_held_until(connection, company_id, billing_date)

    def run_dates(self, company_id: int, billing_date: date) -> tuple[date, date] | None:
        """Return the first and the last date up to ``billing_date`` that have a finalised run."""
        with self.database.transaction() as connection:
            return read_run_dates(connection, company_id, billing_date)

    def figures_before(self, company_id: int, days: Sequence[date]) -> pl.DataFrame:
        """Return the figures of finalised runs whose periods ended on ``days``."""
        with self.database.transaction() as connection:
            return read_figures(connection, company_id, days)

    def figures_beside(self, company_id: int, billing_date: date) -> pl.DataFrame:
        """Return the figures of the finalised runs of selections of this date."""
        with self.database.transaction() as connection:
            return read_figures_beside(connection, company_id, billing_date)

    def last_bills(self, shard: Shard, policy_term_ids: pl.Series) -> pl.DataFrame:
        """Return the last document of the policy of each of these terms."""
        with self.database.transaction() as connection:
            return read_last_bills(connection, shard, policy_term_ids)

    def record_plan(
        self,
        company_id: int,
        order: RunOrder,
        basis: RunBasis,
        shards: tuple[Shard, ...],
        plan: PlanRecord,
    ) -> Run:
        """Write the plan of the date's open run, or rewrite it where it has not begun."""
        values = {
            "company": company_id,
            "day": order.billing_date,
            "issuing": order.issuing_date,
            "reason": order.backdating.reason,
            "approved_by": order.backdating.approved_by,
            "batch": basis.batch_id,
            "closed_day": basis.closed_day_id,
            "catch_up": (order.catch_up or CatchUp.PER_PERIOD).value,
            "held_until": basis.held_until,
            "is_open": basis.is_open_day,
            "shards": len(shards),
            "at": self.clock(),
            "asked_by": self.database.actor.person,
            "selection": json.dumps(order.selection.record()),
            "template": order.template_name,
            "sha256": plan.plan_sha256,
            "basis": plan.basis_sha256,
            "exceeded": json.dumps([asdict(each) for each in plan.exceeded]),
            "rehearsal": json.dumps(plan.rehearsal),
            **plan_values(plan.totals),
        }
        with self.database.transaction() as connection:
            require_date_here(connection, company_id, order.billing_date)
            run_id = connection.execute(text(_SAVE_PLAN), values).scalar_one_or_none()
            if run_id is None:
                raise _run_taken(order.billing_date)
            write_shards(connection, run_id, shards)
            write_figures(connection, company_id, run_id, plan.figures)
            return run_of(connection.execute(text(RUN + " where run_id = :run"), {"run": run_id}).one())

    def revise_plan(self, run_id: int, totals: tuple[CurrencyTotal, ...]) -> Run:
        """Write what a begun run has to answer for as it is taken up again."""
        values = {"run": run_id, **plan_values(totals)}
        with self.database.transaction() as connection:
            connection.execute(text(_REVISE_PLAN), values)
            return run_of(connection.execute(text(RUN + " where run_id = :run"), {"run": run_id}).one())

    def start(self, run_id: int) -> None:
        """Mark a planned run, or a held one that was approved, as running."""
        with self.database.transaction() as connection:
            connection.execute(text(_START), {"run": run_id})

    def pending_shards(self, run_id: int) -> tuple[Shard, ...]:
        """Return the shards without a checkpoint, in order."""
        with self.database.transaction() as connection:
            return pending_shards(connection, run_id)

    @contextmanager
    def shard_work(self, run: Run, shard: Shard) -> Iterator[ShardTransaction]:
        """Open a shard's transaction; it commits when the block ends well."""
        try:
            with self.database.transaction() as connection:
                yield ShardTransaction(connection, run, shard, self.clock)
        except IntegrityError as error:
            if is_billed_once(error):
                raise _billed_meanwhile(run) from error
            raise

    def run_totals(self, run_id: int) -> tuple[CurrencyTotal, ...]:
        """Return what the run's charges add up to."""
        query = """
            select outcome, currency, count(*), sum(net_minor)::text from due_charge
            where run_id = :run group by outcome, currency order by outcome, currency
        """
        with self.database.transaction() as connection:
            rows = connection.execute(text(query), {"run": run_id}).all()
        return tuple(total_of(*row) for row in rows)

    def finalise(
        self,
        run_id: int,
        seconds: Mapping[str, float],
        *,
        prove: Callable[[tuple[CurrencyTotal, ...]], None],
    ) -> tuple[CurrencyTotal, ...]:
        """Store report and certificate of a run whose totals ``prove`` accepts, and mark it finalised.

        ``seconds`` are those of planning; the seconds of the shards are in their checkpoints. What the run
        found changed after it was billed is held as by an import, so that it stands among the problems.
        The totals come from the very count that the report keeps: the run's charges are read once.
        """
        with self.database.transaction() as connection:
            spent = {row[0]: float(row[1]) for row in connection.execute(text(_SECONDS), {"run": run_id})}
            return close_run(connection, run_id, self.clock(), {**seconds, **spent}, prove)


def close_run(
    connection: Connection,
    run_id: int,
    at: datetime,
    seconds: Mapping[str, float],
    prove: Callable[[tuple[CurrencyTotal, ...]], None],
) -> tuple[CurrencyTotal, ...]:
    """Finalise a run in the transaction of the caller, as :meth:`SqlRunStore.finalise` says."""
    facts = read_run_facts(connection, run_id, at, seconds)
    totals = totals_of(facts)
    prove(totals)
    report = json.dumps(build_run_report(facts), ensure_ascii=False)
    connection.execute(text(_FINALISE), {"run": run_id, "at": at, "report": report})
    keep_certificate(connection, facts)
    reasons = {reason for _, reason, *_ in facts.charges}
    if BILLED_ELSEWHERE in reasons:
        tell_billed_elsewhere(connection, run_id, at)
    if HoldCode.CHANGED_AFTER_BILLING in reasons:
        hold_changed_terms(connection, run_id, at)
    return totals


_SAVE_PLAN = """
insert into billing_run (company_id, billing_date, sequence_number, issuing_date, backdating_reason,
    approved_by, state, book_batch_id, shard_count, due_count, plan_totals, planned_at, closed_day_id,
    is_open_day, plan_sha256, held_reasons, rehearsal, catch_up, held_until, basis_sha256,
    asked_by, selection, template_name)
values (:company, :day,
    (select coalesce(max(sequence_number), 0) + 1 from billing_run
     where company_id = :company and billing_date = :day),
    :issuing, :reason, :approved_by, case when :exceeded = '[]' then 'planned' else 'held' end, :batch,
    :shards, :due, cast(:totals as jsonb), :at, :closed_day, :is_open, :sha256, cast(:exceeded as jsonb),
    cast(:rehearsal as jsonb), :catch_up, :held_until, decode(:basis, 'hex'), :asked_by,
    cast(:selection as jsonb), :template)
on conflict (company_id, billing_date) where state not in ('finalised', 'rejected') do update
set issuing_date = excluded.issuing_date, backdating_reason = excluded.backdating_reason,
    approved_by = excluded.approved_by, book_batch_id = excluded.book_batch_id,
    shard_count = excluded.shard_count, due_count = excluded.due_count,
    plan_totals = excluded.plan_totals, planned_at = excluded.planned_at,
    closed_day_id = excluded.closed_day_id, is_open_day = excluded.is_open_day,
    catch_up = excluded.catch_up, held_until = excluded.held_until,
    state = excluded.state, plan_sha256 = excluded.plan_sha256, held_reasons = excluded.held_reasons,
    rehearsal = excluded.rehearsal, basis_sha256 = excluded.basis_sha256,
    template_name = excluded.template_name,
    asked_by = coalesce(nullif(billing_run.asked_by, ''), excluded.asked_by),
    decided_at = case when billing_run.plan_sha256 = excluded.plan_sha256 then billing_run.decided_at end,
    decided_by = case when billing_run.plan_sha256 = excluded.plan_sha256
        then billing_run.decided_by else '' end,
    decision_reason = case when billing_run.plan_sha256 = excluded.plan_sha256
        then billing_run.decision_reason else '' end
where billing_run.state in ('planned', 'held') and billing_run.selection = excluded.selection
returning run_id
"""
# Corrections count: what they give back may be due again. A run of an earlier plan may have billed later.
_IS_SETTLED = """
select exists (
    select from billing_run r
    where company_id = :company and billing_date = :day and state = 'finalised'
        and basis_sha256 = decode(:basis, 'hex') and not exists (
            select from billing_run o
            where o.company_id = r.company_id and o.run_id <> r.run_id and (o.state = 'running'
                or (o.state = 'finalised' and (o.run_id > r.run_id or o.finalised_at > r.finalised_at)))
        )
)
"""
_START = """
update billing_run set state = 'running'
where run_id = :run and (state = 'planned' or (state = 'held' and decided_at is not null))
"""
_REVISE_PLAN = """
update billing_run set due_count = :due, plan_totals = cast(:totals as jsonb), basis_sha256 = null
where run_id = :run and state = 'running'
"""
_FINALISE = """
update billing_run set state = 'finalised', finalised_at = :at, report = cast(:report as jsonb)
where run_id = :run and (state not in ('finalised', 'rejected')
    or (run_kind = 'on_demand' and report is null))
"""
_SECONDS = """
select part, sum(cast(spent as numeric)) from run_shard cross join jsonb_each_text(seconds) as s (part, spent)
where run_id = :run group by part order by min(shard_number), part
"""


def _run_taken(billing_date: date) -> BillingError:
    return BillingError(
        "run_taken",
        f"another program has begun the run of {billing_date} meanwhile",
        "run the same command again: it does what is missing",
    )


def _billed_meanwhile(run: Run) -> BillingError:
    return BillingError(
        "billed_meanwhile",
        f"a charge of run {run.run_id} was billed by another program meanwhile; nothing is doubled",
        "run the same command again: it leaves out what is billed",
    )
