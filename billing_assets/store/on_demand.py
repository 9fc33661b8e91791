"""Invoices on demand in the store: where the company stands, and the transaction that answers requests.

Belongs here: the store's side of ``steps.on_demand_ports``, but for the rows of the inbox (``inbox``) and of
retries (``retries``).
Does not belong here: amounts (``frames``), the order of work (``steps.invoice_on_demand``).

One transaction holds the lock of invoices on demand, which a run lets go out before it plans. What is read
after that is either before the run, or shows that the run is there; of that one only what its committed
shards took may be billed. What rarely changes is kept between transactions, by the ids of its newest rows.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date, datetime

import polars as pl
from sqlalchemy import Connection, Row, text
from sqlalchemy.exc import IntegrityError

from billing_assets.domain.audit_acts import Act, AuditAct, Subject
from billing_assets.domain.calendar_rule import ClosedDays
from billing_assets.domain.errors import BillingError
from billing_assets.domain.on_demand import Answer, OnDemandOrder, Request
from billing_assets.domain.retries import FailedCharge, RetryAttempt
from billing_assets.domain.runs import CurrencyTotal, RunState
from billing_assets.steps.on_demand_ports import HeldRun, ShardCount, Standing
from billing_assets.steps.run_ports import Clock, Issuer, RuleRows, Run, Shard, ShardBook, silent
from billing_assets.store.audit_log import record_act
from billing_assets.store.away_months import require_date_here
from billing_assets.store.closed_days import read_closed_days
from billing_assets.store.companies import read_issuer
from billing_assets.store.connection import Database
from billing_assets.store.holds import read_holds
from billing_assets.store.inbox import keep_answers, next_requests
from billing_assets.store.invoices import DocumentTransaction, read_shard_book
from billing_assets.store.locks import IS_HELD, LockSpace, hold_lock, share_on_demand
from billing_assets.store.refusals import is_billed_once
from billing_assets.store.retries import find_failed, keep_attempts, list_failed
from billing_assets.store.rule_sets import keep_rule_set, read_rules
from billing_assets.store.run_figures import write_figures
from billing_assets.store.runs import close_run
from billing_assets.store.shards import SHARD_COLUMNS, SHARD_OF_TERM, SHARD_PLACES, shard_values

# Two requests for one policy take turns; a batch takes no lock of each, the key of lines keeps it right.
_POLICIES = """
select policy_number, policy_id,
    case when :is_one then pg_advisory_xact_lock(:policies, cast(policy_id % 2147483647 as int)) end
from policy where company_id = :company and policy_number = any(:numbers)
"""
_STANDING = f"""
select {IS_HELD} as is_busy,
    (select coalesce(max(batch_id), 0) from intake_batch where company_id = :company) as batch_id,
    (select coalesce(max(company_closed_day_id), 0) from company_closed_day where company_id = :company)
        as closed_day_id,
    array(select run_id from billing_run where company_id = :company and state = 'held'
        order by billing_date, run_id) as held_run_ids,
    array(select billing_date from billing_run where company_id = :company and state = 'held'
        order by billing_date, run_id) as held_dates,
    (select max(company_version_id) from company_version where company_id = :company) as company_version_id,
    exists (select from clock_hold where company_id = :company and lifted_at is null) as has_holds,
    (select concat_ws(' ', max(tax_rule_id), count(*), count(valid_to)) from tax_rule)
    || (select concat_ws(' ', ',', max(payment_plan_id), count(*), count(valid_to)) from payment_plan)
    || (select concat_ws(' ', ',', max(cash_unit_id), count(*), count(valid_to)) from cash_unit) as rules
"""  # noqa: S608 - constants
_BUSY = f"""
select distinct t.policy_id from policy_term t
left join billing_run r on r.company_id = :company and r.state = 'running'
left join run_shard h on h.committed_at is not null and {SHARD_OF_TERM}
where t.policy_id = any(:policies) and h.run_id is null
"""  # noqa: S608 - constants
_OPEN_RUN = """
insert into billing_run (company_id, billing_date, sequence_number, issuing_date, run_kind, backdating_reason,
    approved_by, state, book_batch_id, shard_count, due_count, plan_totals, planned_at, finalised_at,
    closed_day_id)
values (:company, :day, 0, :issuing, 'on_demand', :reason, :approved_by, 'finalised', :batch, :shards, :due,
    cast(:totals as jsonb), :at, :at, :closed_day)
returning run_id
"""
_SHARD = f"""
insert into run_shard (run_id, {SHARD_COLUMNS}, due_count, invoice_count, rule_set_id, seconds, committed_at)
values (:run, {SHARD_PLACES}, :due, :documents, :rules, '{{}}', :at)
"""  # noqa: S608 - constants


@dataclass(slots=True)
class _Kept:
    """What rarely changes, by what tells that it has not."""

    issuers: dict[str, Issuer] = field(default_factory=dict)
    closed_days: dict[tuple[int, int], ClosedDays] = field(default_factory=dict)
    rules: tuple[str, RuleRows, int] | None = None


class SqlOnDemandStore:
    """Invoices on demand in PostgreSQL; the implementation of ``steps.on_demand_ports.OnDemandStore``."""

    def __init__(self, database: Database, clock: Clock) -> None:
        """Use ``database``, and ``clock`` for the instants that rows keep."""
        self.database = database
        self.clock = clock
        self._kept = _Kept()

    @contextmanager
    def on_demand(self, company_code: str) -> Iterator["OnDemandTransaction"]:
        """Open a transaction; it commits when the block ends well."""
        company_id = self.issuer(company_code).company_id
        try:
            with self.database.transaction() as connection:
                work = OnDemandTransaction(connection, company_id, company_code, self.clock, self._kept)
                yield work
        except IntegrityError as error:
            if is_billed_once(error):
                raise _billed_meanwhile() from error
            raise
        # Only what is committed is known to be there the next time.
        self._kept.rules = work.rules or self._kept.rules

    @contextmanager
    def hold_inbox(self, company_code: str) -> Iterator[None]:
        """Hold the right to drain the inbox; it is free as soon as the block or the process ends."""
        company_id = self.issuer(company_code).company_id
        with hold_lock(self.database, LockSpace.INBOX, company_id, "waiting for another drain", silent):
            yield

    def list_failed(self, company_code: str) -> list[FailedCharge]:
        """Return every charge of the company that stands failed."""
        company_id = self.issuer(company_code).company_id
        with self.database.transaction() as connection:
            return list_failed(connection, company_id)

    def issuer(self, company_code: str) -> Issuer:
        """Return the company as it was when requests were last answered; read where none were."""
        if company_code not in self._kept.issuers:
            with self.database.transaction() as connection:
                self._kept.issuers[company_code] = read_issuer(connection, company_code)
        return self._kept.issuers[company_code]


class OnDemandTransaction(DocumentTransaction):
    """The transaction that answers requests; the implementation of ``steps.on_demand_ports.OnDemandWork``."""

    def __init__(
        self, connection: Connection, company_id: int, company_code: str, clock: Clock, kept: _Kept
    ) -> None:
        """Work on a connection whose transaction the caller commits."""
        super().__init__(connection, company_id)
        self.company_code = company_code
        self.clock = clock
        self.rules: tuple[str, RuleRows, int] | None = None
        self._kept = kept
        self._is_signed = False

    def standing(self, policy_numbers: Sequence[str]) -> Standing:
        """Return where the company stands, and keep runs from beginning until the transaction ends."""
        share_on_demand(self.connection, self.company_id)
        values = {
            "company": self.company_id,
            "numbers": list(policy_numbers),
            "is_one": len(policy_numbers) == 1,
            "policies": int(LockSpace.POLICIES),
        }
        found = self.connection.execute(text(_POLICIES), values).all()
        policy_ids = {number: policy_id for number, policy_id, _ in sorted(tuple(row) for row in found)}
        values = {"company": self.company_id, "space": int(LockSpace.RUNS)}
        row = self.connection.execute(text(_STANDING), values).one()
        _, rules, rule_set_id = self._rules(row.rules)
        return Standing(
            issuer=self._issuer(row),
            rules=rules,
            rule_set_id=rule_set_id,
            batch_id=row.batch_id,
            closed_day_id=row.closed_day_id,
            closed_days=self._closed_days(row),
            held_runs=tuple(map(HeldRun, row.held_run_ids, row.held_dates)),
            holds=tuple(read_holds(self.connection, self.company_id)) if row.has_holds else (),
            policy_ids=policy_ids,
            busy_ids=self._busy(list(policy_ids.values())) if row.is_busy else frozenset(),
        )

    def read_book(self, standing: Standing, policy_ids: Sequence[int]) -> ShardBook:
        """Return all terms of these policies and what is settled of them."""
        low, high = min(policy_ids, default=0), max(policy_ids, default=-1) + 1
        shard = Shard(
            shard_number=0, from_policy_id=low, to_policy_id=high, policy_ids=tuple(sorted(policy_ids))
        )
        as_of = shard.reads_until(date.min)
        return read_shard_book(self.connection, self.company_id, standing.batch_id, shard, as_of)

    def open_run(
        self,
        order: OnDemandOrder,
        standing: Standing,
        totals: tuple[CurrencyTotal, ...],
        shards: Sequence[ShardCount],
    ) -> Run:
        """Record the run, which is final when it is committed, with its shards."""
        require_date_here(self.connection, self.company_id, order.billing_date)
        self._is_signed = order.is_signed
        at, due_count = self.clock(), sum(shard.due_count for shard in shards)
        values = {
            "company": self.company_id,
            "day": order.billing_date,
            "issuing": order.issuing_date,
            "reason": order.backdating.reason,
            "approved_by": order.backdating.approved_by,
            "batch": standing.batch_id,
            "shards": len(shards),
            "due": due_count,
            "totals": json.dumps([asdict(total) for total in totals]),
            "at": at,
            "closed_day": standing.closed_day_id,
        }
        run_id = self.connection.execute(text(_OPEN_RUN), values).scalar_one()
        of_run = {"run": run_id, "rules": standing.rule_set_id, "at": at}
        rows = [
            {**of_run, **shard_values(each.shard), "due": each.due_count, "documents": each.document_count}
            for each in shards
        ]
        self.connection.execute(text(_SHARD), rows)
        return Run(
            run_id=run_id,
            company_id=self.company_id,
            billing_date=order.billing_date,
            sequence_number=0,
            issuing_date=order.issuing_date,
            state=RunState.FINALISED,
            book_batch_id=standing.batch_id,
            due_count=due_count,
            plan_totals=totals,
            closed_day_id=standing.closed_day_id,
        )

    def close_run(
        self,
        run_id: int,
        figures: pl.DataFrame,
        *,
        prove: Callable[[tuple[CurrencyTotal, ...]], None],
    ) -> None:
        """Store figures and report of the run, whose recorded totals are given to ``prove``."""
        write_figures(self.connection, self.company_id, run_id, figures)
        close_run(self.connection, run_id, self.clock(), {}, prove)
        if self._is_signed:
            act = AuditAct(
                act=Act.REQUEST_INVOICES,
                subject=Subject.RUN,
                subject_id=str(run_id),
                company_id=self.company_id,
            )
            record_act(self.connection, act, self.clock())

    def next_requests(self, after_id: int, count: int) -> tuple[Request, ...]:
        """Return the oldest open requests of the inbox beyond ``after_id``."""
        return next_requests(self.connection, self.company_id, after_id, count)

    def keep_answers(self, answers: Sequence[Answer]) -> None:
        """Mark requests of the inbox with their answers."""
        keep_answers(self.connection, answers, self.clock())

    def find_failed(self, keys: Sequence[tuple[int, int]]) -> list[FailedCharge]:
        """Return those of the named charges (term, installment) that stand failed by now."""
        return find_failed(self.connection, self.company_id, keys)

    def keep_attempts(self, attempts: Sequence[RetryAttempt], owner: str, at: datetime) -> None:
        """Keep what attempts came to, and give what is given up to ``owner``; each attempt once."""
        keep_attempts(self.connection, self.company_id, attempts, owner, at)

    def _busy(self, policy_ids: list[int]) -> frozenset[int]:
        """Return the policies that no committed shard of the run under way has taken."""
        values = {"company": self.company_id, "policies": policy_ids}
        return frozenset(self.connection.execute(text(_BUSY), values).scalars())

    def _rules(self, stamp: str) -> tuple[str, RuleRows, int]:
        kept = self._kept.rules
        if kept is None or kept[0] != stamp:
            rules = read_rules(self.connection)
            kept = (stamp, rules, keep_rule_set(self.connection, rules, self.clock()))
            self.rules = kept
        return kept

    def _issuer(self, row: Row[tuple[object, ...]]) -> Issuer:
        if self._kept.issuers[self.company_code].company_version_id != row.company_version_id:
            self._kept.issuers[self.company_code] = read_issuer(self.connection, self.company_code)
        return self._kept.issuers[self.company_code]

    def _closed_days(self, row: Row[tuple[object, ...]]) -> ClosedDays:
        key = (self.company_id, row.closed_day_id)
        if key not in self._kept.closed_days:
            self._kept.closed_days[key] = read_closed_days(self.connection, *key)
        return self._kept.closed_days[key]


def _billed_meanwhile() -> BillingError:
    return BillingError(
        "billed_meanwhile",
        "a charge of the request was billed by another program meanwhile; nothing is doubled",
        "run the same command again: it leaves out what is billed",
    )
