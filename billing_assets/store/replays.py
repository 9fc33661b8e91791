"""Closed runs read again, as they were: the book, what was settled, and what was recorded.

Belongs here: the store's side of ``steps.replay_ports``. Does not belong here: the comparison
(``frames.replays``); nothing here writes.

Runs of a company never overlap, so a charge that another run recorded was settled before a shard if the
other shard's checkpoint is the earlier one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl
from sqlalchemy import Connection, Row, text

from billing_assets.domain.calendar_rule import ClosedDays
from billing_assets.domain.detached_months import month_away
from billing_assets.domain.runs import CatchUp, Outcome
from billing_assets.frames.columns import SETTLED_SCHEMA
from billing_assets.frames.replays import (
    RECORDED_CHARGES,
    RECORDED_DOCUMENTS,
    RECORDED_LINES,
    RECORDED_TAXES,
    Recorded,
)
from billing_assets.steps.replay_ports import ReplayShard
from billing_assets.steps.run_ports import RuleRows, ShardBook
from billing_assets.store.change_books import ZERO_BY_CHANGES, ChangeRange, read_change_book
from billing_assets.store.charge_lines import read_charge_lines
from billing_assets.store.closed_days import read_closed_days
from billing_assets.store.companies import read_issuer
from billing_assets.store.connection import Database
from billing_assets.store.copy import copy_out
from billing_assets.store.invoices import read_terms
from billing_assets.store.payer_shares import read_payer_shares
from billing_assets.store.rule_sets import read_rule_set
from billing_assets.store.shards import SHARD_COLUMNS, SHARD_OF_TERM, TAKEN, listed, range_values, shard_of

# The company is the one of the time at which the run was planned, or the first that was recorded.
_SHARDS = f"""
select r.run_id, {SHARD_COLUMNS}, s.committed_at, r.book_batch_id,
    r.company_id, r.billing_date, s.rule_set_id, r.closed_day_id, r.catch_up, r.held_until,
    c.content::jsonb ->> 'place_code' as place_code, array(
        select p.policy_number from unnest(s.policy_ids) with ordinality as u (policy_id, place)
        join policy p using (policy_id) order by u.place) as policy_numbers
from billing_run r
join run_shard s using (run_id)
join company_version c on c.company_version_id = coalesce(
    (select max(v.company_version_id) from company_version v
    where v.company_id = r.company_id and v.recorded_at <= r.planned_at),
    (select min(v.company_version_id) from company_version v where v.company_id = r.company_id))
where r.company_id = :company and r.billing_date between :first and :last and r.state = 'finalised'
    and r.run_kind <> 'correction'
order by r.billing_date, r.run_id, s.shard_number
"""  # noqa: S608 - constants
# Not one by one: that a shard of payers lies all over the book must not let each of them read all of it.
_OF_TERM = f"""t.policy_id >= %(low)s and t.policy_id < %(high)s and {listed("t")} and (
    cardinality(cast(%(payer_plans)s as text[])) = 0 and %(is_whole)s or t.policy_term_id in (
        select v.policy_term_id from policy_term_version v
        where v.company_id = %(company)s and v.policy_id >= %(low)s and v.policy_id < %(high)s
            and v.batch_id <= %(batch)s
            and (v.superseded_batch_id is null or v.superseded_batch_id > %(batch)s) and {TAKEN}))"""  # noqa: S608 - constants
_SETTLED_THEN = f"""
select l.policy_term_id, l.installment_number
from policy_term t
join invoice_line l using (policy_term_id)
join invoice i using (invoice_id)
join billing_run r on r.run_id = i.run_id
join run_shard h on {SHARD_OF_TERM}
where {_OF_TERM} and i.run_id <> %(run)s
    and l.revision = 0 and l.charge_kind = 'premium' and l.credited_invoice_id is null
    and (h.committed_at, h.run_id) < (%(at)s, %(run)s)
union
select d.policy_term_id, d.installment_number
from policy_term t
join policy_term_version v using (policy_id, policy_term_id)
join due_charge d on d.company_id = v.company_id and d.policy_term_id = v.policy_term_id
    and (d.policy_term_version_id = v.policy_term_version_id or {ZERO_BY_CHANGES})
    and d.outcome <> 'invoiced' and d.charge_kind <> 'premium_change'
join billing_run r on r.run_id = d.run_id
join run_shard h on {SHARD_OF_TERM}
where {_OF_TERM} and d.run_id <> %(run)s
    and v.batch_id <= %(batch)s and (v.superseded_batch_id is null or v.superseded_batch_id > %(batch)s)
    and (h.committed_at, h.run_id) < (%(at)s, %(run)s)
    and (d.outcome = 'zero' or (r.billing_date = %(day)s and r.run_kind = 'billing'))
"""  # noqa: S608 - constants
_CHARGES = f"""
select p.policy_number, d.policy_term_id, d.installment_number, d.charge_kind, d.revision, d.charge_number,
    d.payer_id, d.policy_term_version_id, d.outcome, d.reason_code, d.billing_date, d.due_date,
    d.period_from_date, d.period_to_date, d.currency, d.net_minor, d.invoice_id
from due_charge d join policy_term t using (policy_term_id) join policy p using (policy_id)
where d.run_id = %(run)s and {_OF_TERM}
"""  # noqa: S608 - constants
_OF_SHARD = f"""
with of_shard as (
    select distinct d.invoice_id from due_charge d join policy_term t using (policy_term_id)
    where d.run_id = %(run)s and d.outcome = %(outcome)s and {_OF_TERM}
)
"""  # noqa: S608 - constants
_LINES = """
select l.policy_term_id, l.installment_number, l.charge_kind, l.revision, l.charge_number, l.payer_id,
    l.installment_count, l.payment_plan_id, l.net_minor, l.tax_minor, l.contained_tax_minor
from invoice_line l join of_shard using (invoice_id)
"""
_TAXES = """
select x.invoice_id, x.tax_rule_id, x.base_minor, x.tax_minor
from invoice_tax x join of_shard using (invoice_id)
"""
_DOCUMENTS = """
select i.invoice_id, document_number(s.prefix, i.invoice_number), i.invoice_number, s.prefix, i.issue_date,
    i.due_date, i.tax_point_date, i.currency, i.net_minor, i.tax_minor, i.total_minor, i.cash_unit_id,
    i.cash_unit_minor, i.cash_rounding_minor, i.payer_version_id, i.record_format, (
        select coalesce(string_agg(code, ' '), '')
        from jsonb_array_elements_text(c.content::jsonb -> 'cash_rounding') code),
    encode(c.content_sha256, 'hex'), encode(p.content_sha256, 'hex'),
    encode(i.snapshot_sha256, 'hex')
from invoice i
join of_shard using (invoice_id)
join number_series s using (number_series_id)
join company_version c using (company_version_id)
join template_version p using (template_version_id)
"""


# What a run recorded of a closed term it worked out from all that was billed of the term before.
_AWAY = """
with asked as (
    select run_id from billing_run
    where company_id = :company and billing_date between :first and :last and state = 'finalised'
        and run_kind <> 'correction'
)
select month from away_charge join asked using (run_id)
union
select unnest(v.away_months) from policy_term_version v
where v.company_id = :company and v.away_months <> '{}' and exists (
    select from due_charge d join asked using (run_id) where d.policy_term_id = v.policy_term_id)
order by 1
"""


def _require_here(connection: Connection, values: Mapping[str, object]) -> None:
    months = list(connection.execute(text(_AWAY), values).scalars())
    if months:
        raise month_away("what these runs recorded, or what it rests on, lies", months)


class SqlReplayStore:
    """Closed runs in PostgreSQL; the implementation of ``steps.replay_ports.ReplayStore``."""

    def __init__(self, database: Database) -> None:
        """Use ``database``."""
        self.database = database
        self._rules: tuple[int | None, RuleRows] | None = None

    def replay_shards(self, company_code: str, from_date: date, to_date: date) -> Sequence[ReplayShard]:
        """Return the committed shards of the finalised runs of these dates, in the order of the dates.

        Raises:
            BillingError: ``month_away`` where documents of the runs, or of their terms, are detached.
        """
        with self.database.transaction() as connection:
            company_id = read_issuer(connection, company_code).company_id
            values = {"company": company_id, "first": from_date, "last": to_date}
            _require_here(connection, values)
            rows = connection.execute(text(_SHARDS), values).all()
        return tuple(_replay_shard(row) for row in rows)

    def read_book_as_then(self, shard: ReplayShard) -> ShardBook:
        """Return the terms that the shard read, and what was settled before its checkpoint."""
        as_of = shard.shard.reads_until(shard.billing_date)
        values = {
            **_range_of(shard),
            "at": shard.committed_at,
            "day": as_of,
        }
        with self.database.transaction() as connection:
            terms = read_terms(connection, shard.company_id, shard.book_batch_id, shard.shard, as_of)
            settled = copy_out(connection, _SETTLED_THEN, values, SETTLED_SCHEMA)
            changes = read_change_book(
                connection,
                ChangeRange(shard.company_id, shard.book_batch_id, shard.shard, as_of),
                before=(shard.run_id, shard.committed_at),
            )
            charge_lines = read_charge_lines(connection, values)
            payer_shares = read_payer_shares(connection, values)
        return ShardBook(
            terms=terms,
            settled=settled,
            changes=changes,
            charge_lines=charge_lines,
            payer_shares=payer_shares,
        )

    def recorded(self, shard: ReplayShard) -> Recorded:
        """Return what the shard recorded: outcomes, lines, taxes and heads."""
        values = _range_of(shard)
        with self.database.transaction() as connection:
            charges = copy_out(connection, _CHARGES, values, RECORDED_CHARGES)
            is_credited = pl.col("outcome") == Outcome.CREDITED.value
            credited = charges.filter(is_credited)
            found = _documents(connection, charges.filter(~is_credited), values, Outcome.INVOICED)
            notes = None
            if not credited.is_empty():
                notes = _documents(connection, credited, values, Outcome.CREDITED)
        return replace(found, charges=charges, credits=notes)

    def rules_as_then(self, rule_set_id: int | None) -> RuleRows:
        """Return the rows of a set as they were then; today's where there is no set."""
        # Shards in a row mostly have one set.
        if self._rules is None or self._rules[0] != rule_set_id:
            with self.database.transaction() as connection:
                rules = read_rule_set(connection, rule_set_id)
            self._rules = (rule_set_id, rules)
        return self._rules[1]

    def closed_days(self, company_id: int, closed_day_id: int) -> ClosedDays:
        """Return what the company had closed itself, by the rows up to that one."""
        with self.database.transaction() as connection:
            return read_closed_days(connection, company_id, closed_day_id)


def _documents(
    connection: Connection, charges: pl.DataFrame, values: Mapping[str, object], outcome: Outcome
) -> Recorded:
    """Return what a shard recorded of the documents of one kind."""
    wanted = {**values, "outcome": outcome.value}
    return Recorded(
        charges=charges,
        lines=copy_out(connection, _OF_SHARD + _LINES, wanted, RECORDED_LINES),
        taxes=copy_out(connection, _OF_SHARD + _TAXES, wanted, RECORDED_TAXES),
        documents=copy_out(connection, _OF_SHARD + _DOCUMENTS, wanted, RECORDED_DOCUMENTS),
    )


def _replay_shard(row: Row[Any]) -> ReplayShard:
    return ReplayShard(
        run_id=row.run_id,
        shard=shard_of(row),
        committed_at=row.committed_at,
        book_batch_id=row.book_batch_id,
        company_id=row.company_id,
        billing_date=row.billing_date,
        rule_set_id=row.rule_set_id,
        closed_day_id=row.closed_day_id,
        place_code=row.place_code,
        catch_up=CatchUp(row.catch_up),
        held_until=row.held_until,
        until=tuple(zip(row.policy_numbers, row.until_dates, strict=True)),
    )


def _range_of(shard: ReplayShard) -> dict[str, object]:
    """Return what names a run and a range of its policies in the queries."""
    return {
        "run": shard.run_id,
        "company": shard.company_id,
        "batch": shard.book_batch_id,
        **range_values(shard.shard),
        "is_whole": shard.shard.is_whole,
    }
