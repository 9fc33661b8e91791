"""Terms that have changes, with everything that was documented of them.

Belongs here: one read model of a shard, as of now and as of an earlier run.
Does not belong here: bringing changes in (``policy_changes``), what follows from them (``frames``).

A shard without changes costs one look into an index. Of one that has some, the lines of every invoice of
these terms are read, because a credit note is worked out from the whole invoice, whatever other terms of its
payer stand on it; terms that ended long ago and were settled are left out.
"""

from datetime import date, datetime
from typing import NamedTuple

import polars as pl
from sqlalchemy import Connection, text

from billing_assets.domain.charges import PREMIUM, PREMIUM_CHANGE
from billing_assets.domain.errors import BillingError
from billing_assets.domain.invoice_sources import ChangeSource, PartLine
from billing_assets.domain.policy_changes import ChangeKind, TermChange
from billing_assets.domain.problems import BILLED_ELSEWHERE
from billing_assets.frames.change_balances import ChangeBook
from billing_assets.frames.columns import (
    ANSWERED_SCHEMA,
    CHANGE_SCHEMA,
    CHARGED_TAX_SCHEMA,
    DOCUMENTED_LINE_SCHEMA,
    SETTLED_SCHEMA,
)
from billing_assets.steps.run_ports import Shard
from billing_assets.store.away_months import require_terms_here
from billing_assets.store.charged_rules import CHARGED_TAXES
from billing_assets.store.copy import copy_out
from billing_assets.store.shards import SHARD_OF_TERM, TAKEN, listed, range_values


class ChangeRange(NamedTuple):
    """The policies of a shard, as of a batch of the company's book, for a run of a date."""

    company_id: int
    batch_id: int
    shard: Shard
    as_of: date


_REACH_DAYS = 900
"""So long after a term has ended each of its installments has had its billing date."""

# A run of the whole book that settles, of an open day, has answered for all changes that it knew; what it
# could not settle it has held or failed. Long after the end of a term there is nothing more to find but by
# another change.
_CHANGES = f"""
with settled as materialized (
    select run_id, billing_date, book_batch_id from billing_run r
    where r.company_id = %(company)s and r.state = 'finalised' and r.run_kind = 'billing' and r.is_open_day
        and r.selection = '{{}}' and r.held_until is null and (%(run)s = 0
            or (r.run_id <> %(run)s and r.finalised_at < cast(%(at)s as timestamptz)))
    order by billing_date desc, run_id desc limit 1
), changed as materialized (
    select c.policy_term_id, c.policy_id, max(c.batch_id) as batch_id from policy_change c
    where c.company_id = %(company)s and c.policy_id >= %(low)s and c.policy_id < %(high)s and {listed("c")}
        and c.batch_id <= %(batch)s
    group by c.policy_term_id, c.policy_id
)
select c.policy_term_id, c.change_number, c.change_kind, c.change_date, v.currency, c.premium_minor,
    c.method_code
from changed n
join policy_term_version v on v.company_id = %(company)s and v.policy_id = n.policy_id
    and v.policy_term_id = n.policy_term_id and v.batch_id <= %(batch)s
    and (v.superseded_batch_id is null or v.superseded_batch_id > %(batch)s)
join policy_change c on c.policy_term_id = n.policy_term_id and c.batch_id <= %(batch)s
where {TAKEN} and not exists (
    select from settled s
    where v.expiration_date + {_REACH_DAYS} < s.billing_date
        and greatest(n.batch_id, v.batch_id) <= s.book_batch_id
        and not exists (
            select from due_charge d
            where d.run_id = s.run_id and d.policy_term_id = n.policy_term_id
                and d.outcome in ('held', 'failed')))
order by c.policy_term_id, c.change_number
"""  # noqa: S608 - constants

ZERO_BY_CHANGES = "d.outcome = 'zero' and d.reason_code in ('cancelled', 'nothing_left')"
"""What changes ended stays so for the term, whatever version of it the book gives; ``d`` is the charge."""

# Runs of a company never overlap; what a run has written before its own checkpoint is its own work.
_WAS_THERE = f"""(%(run)s = 0 or (r.run_id <> %(run)s and coalesce((
        select h.committed_at from run_shard h where {SHARD_OF_TERM}
    ), r.finalised_at) < cast(%(at)s as timestamptz)))"""  # noqa: S608 - constants

_LINES = f"""
select i.invoice_id, document_number(s.prefix, i.invoice_number), i.issue_date, l.line_number,
    l.policy_term_id, l.policy_term_version_id, l.payer_id, y.payer_version_id, l.charge_kind,
    l.installment_number, l.installment_count, l.revision, l.charge_number, l.split_number,
    coalesce(h.line_of_business, v.line_of_business), v.place_code, i.currency,
    v.effective_date, l.period_from_date, l.period_to_date, l.net_minor, l.tax_minor, l.contained_tax_minor,
    coalesce(c.net_minor, 0), coalesce(c.tax_minor, 0), null::bigint, n.payment_plan_id, i.cash_unit_id,
    i.cash_unit_minor,
    encode(v.content_sha256, 'hex'), encode(y.content_sha256, 'hex'), encode(n.content_sha256, 'hex'),
    coalesce(c.corrected_minor, 0)
from (
    select distinct invoice_id from invoice_line
    where policy_term_id = any(%(terms)s) and credited_invoice_id is null
) w
join invoice i using (invoice_id)
join invoice_line l using (invoice_id)
join policy_term t on t.policy_term_id = l.policy_term_id
join billing_run r using (run_id)
join number_series s using (number_series_id)
join policy_term_version v using (policy_term_version_id)
left join policy_term_charge h on h.policy_term_version_id = l.policy_term_version_id
    and h.charge_number = l.charge_number
join payment_plan n on n.payment_plan_id = coalesce(l.payment_plan_id, (
    select p.payment_plan_id from payment_plan p
    where p.plan_code = v.plan_code and p.valid_from <= v.effective_date
    order by p.valid_from desc limit 1))
cross join lateral (
    select payer_version_id, content_sha256 from payer_version
    where payer_id = i.payer_id and batch_id <= %(batch)s order by payer_version_id desc limit 1
) y
left join lateral (
    select sum(k.net_minor) as net_minor, sum(k.tax_minor) as tax_minor,
        sum(k.net_minor) filter (where r.run_kind = 'correction') as corrected_minor
    from invoice_line k join invoice j on j.invoice_id = k.invoice_id
    join billing_run r on r.run_id = j.run_id
    where k.credited_invoice_id = l.invoice_id and k.credited_line_number = l.line_number and {_WAS_THERE}
) c on true
where {_WAS_THERE} and not exists (
    select from invoice n join billing_run r on r.run_id = n.run_id
    where n.replaced_invoice_id = i.invoice_id and {_WAS_THERE})
order by i.invoice_id, l.line_number
"""  # noqa: S608 - constants

# The terms first: without statistics the planner takes the charges for one, and reads the book for each.
_ZEROS = f"""
with term as materialized (
    select t.policy_term_id, t.policy_id, v.policy_term_version_id, v.company_id
    from policy_term t
    join policy_term_version v on v.company_id = %(company)s and v.policy_id = t.policy_id
        and v.policy_term_id = t.policy_term_id and v.batch_id <= %(batch)s
        and (v.superseded_batch_id is null or v.superseded_batch_id > %(batch)s)
    where t.policy_term_id = any(%(terms)s)
)
select distinct d.policy_term_id, d.installment_number
from term t
join due_charge d on d.company_id = t.company_id and d.policy_term_id = t.policy_term_id
    and (d.policy_term_version_id = t.policy_term_version_id or {ZERO_BY_CHANGES})
join billing_run r on r.run_id = d.run_id
where d.outcome = 'zero' and d.charge_kind = 'premium' and {_WAS_THERE}
"""  # noqa: S608 - constants
_ANSWERED = f"""
select distinct d.policy_term_id, d.revision
from policy_term t join due_charge d on d.company_id = %(company)s and d.policy_term_id = t.policy_term_id
join billing_run r on r.run_id = d.run_id
where t.policy_term_id = any(%(terms)s) and d.outcome in ('held', 'failed')
    and d.charge_kind = 'premium_change' and r.billing_date = %(day)s and {_WAS_THERE}
"""  # noqa: S608 - constants

# A part is told again once its term has a change that the run before did not know.
_TOLD = f"""
select distinct d.policy_term_id, d.revision
from policy_term t join due_charge d on d.company_id = %(company)s and d.policy_term_id = t.policy_term_id
join billing_run r on r.run_id = d.run_id
where t.policy_term_id = any(%(terms)s) and d.outcome = 'failed' and d.reason_code = %(elsewhere)s
    and d.charge_kind = 'premium_change' and {_WAS_THERE}
    and not exists (select from policy_change c
        where c.policy_term_id = d.policy_term_id and c.batch_id > r.book_batch_id
            and c.batch_id <= %(batch)s)
"""  # noqa: S608 - constants


def read_change_book(
    connection: Connection, wanted: ChangeRange, before: tuple[int, datetime] | None = None
) -> ChangeBook | None:
    """Return the terms of a shard that have changes, None where none has.

    ``before``: as of the checkpoint of that run, for a replay; without it, all that is there.
    """
    run_id, at = before or (0, None)
    values: dict[str, object] = {
        "company": wanted.company_id,
        **range_values(wanted.shard),
        "batch": wanted.batch_id,
        "day": wanted.as_of,
        "run": run_id,
        "at": at,
        "elsewhere": BILLED_ELSEWHERE,
    }
    changes = copy_out(connection, _CHANGES, values, CHANGE_SCHEMA)
    if changes.is_empty():
        return None
    values["terms"] = changes["policy_term_id"].unique().to_list()
    lines = copy_out(connection, _LINES, values, DOCUMENTED_LINE_SCHEMA)
    ids = {"ids": lines["original_invoice_id"].unique().to_list()}
    return ChangeBook(
        changes=changes,
        lines=lines,
        taxes=copy_out(connection, CHARGED_TAXES, ids, CHARGED_TAX_SCHEMA),
        zeros=copy_out(connection, _ZEROS, values, SETTLED_SCHEMA),
        answered=copy_out(connection, _ANSWERED, values, ANSWERED_SCHEMA),
        told=copy_out(connection, _TOLD, values, ANSWERED_SCHEMA),
    )


_RUN_OF = f"""
select r.run_id, r.book_batch_id, r.billing_date, r.company_id, h.shard_number, h.committed_at, t.policy_id
from invoice i join billing_run r using (run_id) join policy_term t on t.policy_term_id = :term
join run_shard h on {SHARD_OF_TERM}
where i.invoice_id = :invoice
"""  # noqa: S608 - constants


def read_change_source(
    connection: Connection, invoice_id: int, policy_term_id: int, revision: int
) -> ChangeSource:
    """Return what a line of a change rests on, as of the run that billed it or gave it back.

    Raises:
        BillingError: ``record_incomplete`` where its run or its changes are gone; ``month_away`` where
            invoices of the term are detached that it rests on.
    """
    require_terms_here(connection, [policy_term_id], "what the line of a change comes to")
    run = connection.execute(text(_RUN_OF), {"term": policy_term_id, "invoice": invoice_id}).first()
    book = None
    if run is not None:
        shard = Shard(
            shard_number=run.shard_number, from_policy_id=run.policy_id, to_policy_id=run.policy_id + 1
        )
        wanted = ChangeRange(run.company_id, run.book_batch_id, shard, run.billing_date)
        book = read_change_book(connection, wanted, (run.run_id, run.committed_at))
    if run is None or book is None:
        raise BillingError(
            "record_incomplete",
            f"the changes of policy term {policy_term_id} are gone",
            "restore them from a backup; 'billing audit' says what is missing",
        )
    mine = pl.col("policy_term_id") == policy_term_id
    is_change = pl.col("charge_kind") == PREMIUM_CHANGE.charge_kind
    is_premium = is_change | (pl.col("charge_kind") == PREMIUM.charge_kind)
    lines = book.lines.filter(mine, is_premium)
    of_part = lines.filter(pl.col("revision") == revision)
    billed = lines.filter(~is_change, pl.col("revision") == 0)["installment_number"]
    zeros = book.zeros.filter(mine)["installment_number"]
    return ChangeSource(
        changes=_changes_of(book.changes.filter(mine), policy_term_id, run.policy_id),
        change_number=revision,
        documented_minor=_documented(of_part),
        corrected_minor=int(of_part["corrected_net_minor"].sum()),
        premium_documented_minor=_documented(lines.filter(pl.col("revision") == 0)),
        settled_numbers=frozenset(billed) | frozenset(zeros),
        premium_lines=_said_by_day(lines.filter(pl.col("revision") == 0)),
        is_begun=not book.lines.filter(mine).is_empty(),
        part_lines=_part_lines(of_part),
    )


def _changes_of(rows: pl.DataFrame, policy_term_id: int, policy_id: int) -> tuple[TermChange, ...]:
    return tuple(
        TermChange(
            policy_term_id=policy_term_id,
            policy_id=policy_id,
            change_number=row["change_number"],
            change_kind=ChangeKind(row["change_kind"]),
            change_date=row["change_date"],
            premium_minor=row["premium_minor"],
            method_code=row["method_code"] or "",
        )
        for row in rows.iter_rows(named=True)
    )


def _documented(lines: pl.DataFrame) -> int:
    return int((lines["net_minor"] - lines["credited_net_minor"]).sum())


def _part_lines(lines: pl.DataFrame) -> tuple[PartLine, ...]:
    left = pl.col("net_minor") - pl.col("credited_net_minor")
    of_line = lines.select("original_invoice_id", "line_number", "period_from_date", left)
    return tuple(
        PartLine(invoice_id=invoice_id, line_number=number, period_from_date=day, left_minor=left_minor)
        for invoice_id, number, day, left_minor in of_line.iter_rows()
    )


def _said_by_day(lines: pl.DataFrame) -> tuple[tuple[date, int], ...]:
    said = pl.col("net_minor") - pl.col("credited_net_minor") + pl.col("corrected_net_minor")
    return tuple(lines.select("period_from_date", said).iter_rows())
