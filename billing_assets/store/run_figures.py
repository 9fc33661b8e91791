"""The figures of runs, and the last bills of policies: what a run is compared with.

Belongs here: writing and reading those rows, and the dates between which a run stands.
Does not belong here: what is compared (``frames.run_figures``).
"""

from collections.abc import Sequence
from datetime import date

import polars as pl
from sqlalchemy import Connection, text

from billing_assets.frames.columns import FIGURE_SCHEMA, LAST_BILL_SCHEMA
from billing_assets.steps.run_ports import Shard
from billing_assets.store.copy import copy_in, copy_out
from billing_assets.store.standing_lines import standing

_STORED = [name for name in FIGURE_SCHEMA if name != "is_comparable"]

# An earlier run has billed what it billed, on time or not.
_EARLIER = """
select f.product_code, f.plan_code, f.place_code, f.currency, f.period_from_date, f.period_to_date,
    f.is_last::text, true::text, f.charge_count, f.net_minor, f.tax_minor
from run_figure f join billing_run r using (run_id)
where f.company_id = %(company)s and f.period_to_date = any(%(days)s) and r.state = 'finalised'
"""
_BESIDE = """
select f.product_code, f.plan_code, f.place_code, f.currency, f.period_from_date, f.period_to_date,
    f.is_last::text, true::text, f.charge_count, f.net_minor, f.tax_minor
from billing_run r join run_figure f using (run_id)
where r.company_id = %(company)s and r.billing_date = %(day)s and r.state = 'finalised'
    and r.selection <> '{}'
"""

# Row by row through the keys: joined as a whole, the planner reads every invoice that there ever was.
_LAST_BILLS = f"""
with renewed as (
    select policy_id from policy_term where policy_id >= %(low)s and policy_id < %(high)s
        and (not %(is_of_payers)s or policy_id in (
            select policy_id from policy_term where policy_term_id = any(cast(%(terms)s as bigint[]))))
    group by policy_id having count(*) > 1
), followed as materialized (
    select d.policy_term_id, d.policy_id
    from renewed join policy_term d using (policy_id)
    where d.policy_term_id = any(cast(%(terms)s as bigint[]))
), last as materialized (
    select f.policy_term_id, f.policy_id, (
        select max(l.invoice_id) from policy_term o join invoice_line l on l.policy_term_id = o.policy_term_id
        where o.policy_id = f.policy_id and o.policy_term_id <> f.policy_term_id
            and l.credited_invoice_id is null) as invoice_id
    from followed f
)
select s.policy_term_id, bill.plan_code, bill.currency, bill.total_minor, bill.period_days
from last s cross join lateral (
    -- all lines of its installments: of a bill of several policies its own, of several payers those of all
    select i.currency, sum(l.net_minor + l.tax_minor) as total_minor,
        sum(l.period_to_date - l.period_from_date)
            filter (where l.charge_kind = 'premium' and l.split_number = 0 and l.is_of_one) as period_days,
        (array_agg(v.plan_code order by l.invoice_id, l.line_number))[1] as plan_code
    from invoice i
    join lateral (
        select distinct n.policy_term_id, n.installment_number, n.revision
        from policy_term m join invoice_line n on n.policy_term_id = m.policy_term_id
        where m.policy_id = s.policy_id and n.invoice_id = s.invoice_id
    ) o on true
    join lateral (
        -- the days of an installment count once, however many pay it
        select n.*, n.payer_id = min(n.payer_id) over (partition by n.charge_kind) as is_of_one
        from invoice_line n
        where n.policy_term_id = o.policy_term_id and n.installment_number = o.installment_number
            and n.revision = o.revision and n.credited_invoice_id is null and {standing("n")}
    ) l on true
    join policy_term_version v using (policy_term_version_id)
    where i.invoice_id = s.invoice_id
    group by i.currency
) bill
"""  # noqa: S608 - constants
_HELD_UNTIL = """
select max(billing_date) from billing_run
where company_id = :company and billing_date < :day and state = 'held'
"""
_RUN_DATES = """
select min(billing_date) filter (where plan_sha256 <> ''), max(billing_date) from billing_run
where company_id = :company and billing_date <= :day and state = 'finalised' and run_kind = 'billing'
    and selection = '{}'
"""


def read_held_until(connection: Connection, company_id: int, billing_date: date) -> date | None:
    """Return the last date before ``billing_date`` whose run is held, or None."""
    values = {"company": company_id, "day": billing_date}
    found: date | None = connection.execute(text(_HELD_UNTIL), values).scalar_one()
    return found


def read_run_dates(connection: Connection, company_id: int, billing_date: date) -> tuple[date, date] | None:
    """Return the first and the last date up to ``billing_date`` with a finalised run of the whole book."""
    values = {"company": company_id, "day": billing_date}
    first, last = connection.execute(text(_RUN_DATES), values).one()
    return None if first is None else (first, last)


def write_figures(connection: Connection, company_id: int, run_id: int, figures: pl.DataFrame) -> None:
    """Write the figures of a run in the place of those that it had."""
    connection.execute(text("delete from run_figure where run_id = :run"), {"run": run_id})
    if figures.height:
        owner = [pl.lit(run_id).alias("run_id"), pl.lit(company_id).alias("company_id")]
        copy_in(connection, "run_figure", figures.select(*owner, *_STORED))


def read_figures(connection: Connection, company_id: int, days: Sequence[date]) -> pl.DataFrame:
    """Return the figures (``FIGURE_SCHEMA``) of finalised runs whose periods ended on ``days``."""
    if not days:
        return pl.DataFrame(schema=FIGURE_SCHEMA)
    return copy_out(connection, _EARLIER, {"company": company_id, "days": list(days)}, FIGURE_SCHEMA)


def read_figures_beside(connection: Connection, company_id: int, billing_date: date) -> pl.DataFrame:
    """Return the figures (``FIGURE_SCHEMA``) of the finalised runs of selections of a date."""
    return copy_out(connection, _BESIDE, {"company": company_id, "day": billing_date}, FIGURE_SCHEMA)


def read_last_bills(connection: Connection, shard: Shard, policy_term_ids: pl.Series) -> pl.DataFrame:
    """Return the last document (``LAST_BILL_SCHEMA``) of each term's policy, if it was for another term."""
    if policy_term_ids.is_empty():
        return pl.DataFrame(schema=LAST_BILL_SCHEMA)
    values = {
        "low": shard.from_policy_id,
        "high": shard.to_policy_id,
        # Policies of payers lie all over the book: only theirs are looked at.
        "is_of_payers": shard.to_payer_id > 0,
        # One text: the driver takes a list number by number, which costs more than the query.
        "terms": f"{{{policy_term_ids.unique().cast(pl.String).str.join(',').item()}}}",
    }
    return copy_out(connection, _LAST_BILLS, values, LAST_BILL_SCHEMA)
