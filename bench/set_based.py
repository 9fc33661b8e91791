"""The night in SQL alone: statements over whole sets that read the same book and write the same rows.

Belongs here: the statements and the sessions that run them. Does not belong here: the program.

They are written for what this book has, terms of a year with whole periods, one line a document and rates on
the net amount, and do nothing for what else a term may have. That favours them. The book is cut into ranges
of policies, as the program cuts it; the sessions take the ranges in turn. A range is one transaction, and
draws its numbers after the range before has committed.
"""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, text

from bench.peak_book import BILLING_DATE, PLACES
from bench.servers import AS_OWNER
from billing_assets.domain.calendar_rule import Purpose
from billing_assets.domain.places import calendar_code_of
from billing_assets.frames.calendars import is_closed

RANGE_POLICIES = 50_000

_BEGIN = """
create table open_day (purpose text, place_code text, day date, primary key (purpose, place_code, day));
insert into billing_run (company_id, billing_date, sequence_number, issuing_date, state, book_batch_id,
    shard_count, due_count, plan_totals, planned_at)
select 1, :day, 1, :day, 'running', max(batch_id), :ranges, 0, '[]', now() from intake_batch;
insert into number_series (company_id, document_kind, prefix) values (1, 'invoice', 'INV-')
"""
_OPEN_DAYS = "insert into open_day values (:purpose, :place, :day)"
_FINISH = """
update billing_run set state = 'finalised', finalised_at = now(),
    due_count = (select count(*) from due_charge), plan_totals = (select jsonb_agg(to_jsonb(t)) from (
        select outcome, currency, count(*) as charge_count, sum(net_minor) as net_minor
        from due_charge group by outcome, currency) t)
"""
# Which installments are due is asked once for all terms with the same plan, place and dates.
_TERMS = """
create temporary table term on commit drop as
select v.policy_term_id, v.policy_term_version_id, v.policy_id, v.payer_id, v.line_of_business, v.place_code,
    v.currency, v.plan_code, v.effective_date, v.premium_minor, v.cut_over_date,
    v.content_sha256 as term_sha256, y.payer_version_id, y.content_sha256 as payer_sha256
from policy_term_version v
cross join lateral (select payer_version_id, content_sha256 from payer_version
    where payer_id = v.payer_id order by payer_version_id desc limit 1) y
where v.company_id = 1 and v.policy_id >= :low and v.policy_id < :high and v.superseded_batch_id is null
    and v.hold_code is null and v.cover_to_date is null and v.charge_count = 0 and v.payer_count = 0
    and v.expiration_date = v.effective_date + interval '1 year' and v.anchor_date = v.effective_date
"""
_SCHEDULES = """
create temporary table schedule on commit drop as
with period as (
    select k.plan_code, k.place_code, k.effective_date, n.payment_plan_id, n.content_sha256 as plan_sha256,
        12 / m.months as installment_count, g.number as installment_number, n.lead_days,
        cast(k.effective_date + (g.number - 1) * m.months * interval '1 month' as date) as period_from_date,
        cast(k.effective_date + g.number * m.months * interval '1 month' as date) as period_to_date,
        n.due_days, cast(:day as date) + n.minimum_payment_days as earliest
    from (select distinct plan_code, place_code, effective_date from term) k
    join payment_plan n on n.plan_code = k.plan_code and n.valid_from <= k.effective_date
        and (n.valid_to is null or n.valid_to > k.effective_date)
    join (values ('monthly', 1), ('quarterly', 3), ('half_yearly', 6), ('yearly', 12)) m (frequency, months)
        on m.frequency = n.frequency_code
    cross join lateral generate_series(1, 12 / m.months) g (number)
), due as (
    select p.*, (select min(day) from open_day o where o.purpose = 'due' and o.place_code = p.place_code
        and o.day >= p.period_from_date + p.due_days) as due_date
    from period p
), billed as (
    select d.*, (select max(day) from open_day o where o.purpose = 'generate' and o.place_code = 'ES'
            and o.day <= d.due_date - d.lead_days) as billing_date,
        case when d.due_date < d.earliest then (select min(day) from open_day o where o.purpose = 'due'
            and o.place_code = d.place_code and o.day >= d.earliest) else d.due_date end as printed_due_date
    from due d
)
select * from billed where billing_date <= :day
"""
# While the tables grow the planner does not know their size: what is settled is looked up in a hash.
_DUE = """
create temporary table due on commit drop as
with bound as (
    select min(policy_term_id) as low, max(policy_term_id) as high from term
), settled as materialized (
    select policy_term_id, installment_number from invoice_line
    where policy_term_id between (select low from bound) and (select high from bound)
        and charge_kind = 'premium' and revision = 0 and credited_invoice_id is null
    union
    select policy_term_id, installment_number from due_charge
    where company_id = 1 and policy_term_id between (select low from bound) and (select high from bound)
        and outcome <> 'invoiced'
), priced as (
    select t.*, s.payment_plan_id, s.plan_sha256, s.installment_count, s.installment_number,
        s.period_from_date, s.period_to_date, s.due_date, s.printed_due_date, s.billing_date,
        case when s.installment_number < s.installment_count
            then (2 * premium_minor + s.installment_count) / (2 * s.installment_count)
            else premium_minor - (s.installment_count - 1)
                * ((2 * premium_minor + s.installment_count) / (2 * s.installment_count)) end as net_minor
    from term t join schedule s using (plan_code, place_code, effective_date)
    where s.period_from_date >= t.cut_over_date
        and (t.policy_term_id, s.installment_number) not in (
            select policy_term_id, installment_number from settled)
)
select *, row_number() over (order by policy_id, installment_number) - 1 as draft_index from priced
"""
_IDS = """
create temporary table id_block on commit drop as
select row_number() over (order by id) - 1 as block, id
from (select nextval('invoice_id_sequence') as id
    from generate_series(1, (select (count(*) + 999) / 1000 from due))) b
"""
# The rows of a place, line and day are found and numbered once, then joined to the lines.
_TAXES = """
create temporary table tax on commit drop as
with kind as (
    select distinct place_code, line_of_business, period_from_date from due
), fallen as (
    select k.*, r.tax_rule_id, r.tax_code, r.valid_from, r.category_code, r.rate_ppm, r.rounding_minor,
        concat_ws('|', r.exemption_reason, r.basis, r.basis_tax_codes, r.amount_minor, r.rounding_scope,
            r.rounding_minor, r.is_inclusive::text) as words,
        r.line_of_business <> '*' as is_named,
        bool_or(r.line_of_business <> '*') over (partition by k.place_code, k.line_of_business,
            k.period_from_date) as has_named
    from kind k join tax_rule r on r.place_code = k.place_code
        and r.line_of_business in (k.line_of_business, '*') and r.valid_from <= k.period_from_date
        and (r.valid_to is null or r.valid_to > k.period_from_date)
        and 'premium' = any(string_to_array(r.charge_kinds, ' '))
), numbered as (
    select *, row_number() over (partition by place_code, line_of_business, period_from_date
        order by tax_code, valid_from) as tax_number
    from fallen where is_named = has_named
)
select d.draft_index, n.tax_number, n.tax_rule_id, n.tax_code, n.category_code, n.rate_ppm, n.words,
    d.net_minor as base_minor, n.rounding_minor * ((2 * d.net_minor * n.rate_ppm
        + 1000000 * n.rounding_minor) / (2000000 * n.rounding_minor)) as tax_minor
from due d join numbered n using (place_code, line_of_business, period_from_date)
"""
_DRAFTS = """
create temporary table draft on commit drop as
select d.*, b.id + d.draft_index % 1000 as invoice_id, x.tax_minor, concat_ws(chr(10),
    concat_ws('|', 'line', 1, encode(d.term_sha256, 'hex'), 'premium', d.installment_number,
        d.installment_count, 0, d.period_from_date, d.period_to_date, d.net_minor, x.tax_minor,
        encode(d.plan_sha256, 'hex'), 0), x.body) as body
from due d join id_block b on b.block = d.draft_index / 1000
join (select draft_index, sum(tax_minor)::bigint as tax_minor, string_agg(concat_ws('|', 'tax', tax_number,
        tax_code, category_code, rate_ppm, base_minor, tax_minor, words), chr(10) order by tax_number) as body
    from tax group by draft_index) x using (draft_index)
"""
_WRITE = (
    """
insert into due_charge (run_id, policy_term_id, installment_number, company_id, policy_term_version_id,
    payer_id, charge_kind, outcome, billing_date, due_date, period_from_date, period_to_date, currency,
    net_minor, invoice_id)
select 1, policy_term_id, installment_number, 1, policy_term_version_id, payer_id, 'premium', 'invoiced',
    billing_date, due_date, period_from_date, period_to_date, currency, net_minor, invoice_id
from draft order by draft_index
""",
    """
insert into invoice_line (invoice_id, line_number, company_id, policy_term_id, policy_term_version_id,
    payer_id, charge_kind, installment_number, installment_count, period_from_date, period_to_date, net_minor,
    tax_minor, payment_plan_id)
select invoice_id, 1, 1, policy_term_id, policy_term_version_id, payer_id, 'premium', installment_number,
    installment_count, period_from_date, period_to_date, net_minor, tax_minor, payment_plan_id
from draft order by draft_index
""",
    """
insert into invoice_tax (invoice_id, tax_number, company_id, tax_rule_id, base_minor, tax_minor)
select d.invoice_id, t.tax_number, 1, t.tax_rule_id, t.base_minor, t.tax_minor
from tax t join draft d using (draft_index) order by draft_index, tax_number
""",
    # The accounts of the receivable, of taxes and of written premium; nothing of zero is posted.
    """
insert into ledger_posting (ledger_entry_id, posting_number, company_id, account_number, currency,
    amount_minor)
select d.invoice_id, 1, 1, p.account_number, d.currency, p.amount_minor
from draft d cross join lateral (values (1200, d.net_minor + d.tax_minor), (2200, -d.tax_minor),
    (4000, -d.net_minor)) p (account_number, amount_minor)
where p.amount_minor <> 0 order by d.draft_index, p.account_number
""",
)
_NUMBERS = """
update number_series set last_number = last_number + (select count(*) from draft),
    last_issue_date = greatest(last_issue_date, cast(:day as date))
where company_id = 1 and document_kind = 'invoice' and prefix = 'INV-'
returning number_series_id, last_number - (select count(*) from draft) + 1 as first_number, last_issue_date
"""
_INVOICES = """
insert into invoice (invoice_id, company_id, run_id, number_series_id, invoice_number, document_kind,
    issue_date, due_date, tax_point_date, currency, net_minor, tax_minor, total_minor, payer_id,
    payer_version_id, company_version_id, template_version_id, record_format, snapshot_sha256)
select invoice_id, 1, 1, :series, :first + draft_index, 'invoice', :issued, printed_due_date,
    period_from_date, currency, net_minor, tax_minor, net_minor + tax_minor, payer_id, payer_version_id,
    c.company_version_id, m.template_version_id, 3, sha256(convert_to(concat_ws(chr(10), concat_ws('|', 3,
        'invoice', 1, document_number('INV-', :first + draft_index), cast(:issued as date), printed_due_date,
        period_from_date, currency, net_minor, tax_minor, net_minor + tax_minor, encode(payer_sha256, 'hex'),
        encode(c.content_sha256, 'hex'), encode(m.content_sha256, 'hex')), body), 'UTF8'))
from draft
cross join (select * from company_version order by company_version_id desc limit 1) c
cross join (select * from template_version where document_kind = 'invoice'
    order by template_version_id desc limit 1) m
order by draft_index
"""
_ENTRIES = """
insert into ledger_entry (ledger_entry_id, company_id, entry_kind, posting_date)
select invoice_id, 1, 'invoice', cast(:issued as date) from draft order by draft_index
"""
_CHECKPOINT = """
insert into run_shard (run_id, shard_number, from_policy_id, to_policy_id, due_count, invoice_count, seconds,
    committed_at)
select 1, :number, :low, :high, count(*), count(*), '{}', now() from draft
"""


class _Turns:
    """Numbers are drawn in the order of the ranges: each after the range before has committed."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._next = 0

    def wait(self, number: int) -> None:
        """Return when the ranges before are done; raise where one of them has failed."""
        with self._changed:
            self._changed.wait_for(lambda: self._next in {number, _FAILED})
        if self._next == _FAILED:
            raise RuntimeError("a range before has failed")

    def pass_to(self, number: int) -> None:
        """Let a range draw its numbers, or all of them fail."""
        with self._changed:
            self._next = number
            self._changed.notify_all()


_FAILED = -1


def bill_by_sql(url: str, policy_count: int, sessions: int) -> float:
    """Bill the date by SQL alone, in so many sessions; return the seconds."""
    engine = create_engine(url, connect_args=AS_OWNER, pool_size=sessions)
    ranges = range(1, policy_count + 1, RANGE_POLICIES)
    started = time.perf_counter()
    with engine.begin() as connection:
        for statement in _BEGIN.split(";"):
            connection.execute(text(statement), {"day": BILLING_DATE, "ranges": len(ranges)})
        connection.execute(text(_OPEN_DAYS), _open_days())
        connection.execute(text("analyze open_day"))
    turns = _Turns()
    with ThreadPoolExecutor(sessions) as pool:
        done = [pool.submit(_bill_range, engine, turns, number, low) for number, low in enumerate(ranges)]
        for each in done:
            each.result()
    with engine.begin() as connection:
        connection.execute(text(_FINISH))
    seconds = time.perf_counter() - started
    engine.dispose()
    return seconds


def _open_days() -> Sequence[dict[str, Any]]:
    first, last = date(BILLING_DATE.year - 1, 12, 1), date(BILLING_DATE.year + 1, 12, 31)
    days = [first + timedelta(days=n) for n in range((last - first).days)]
    return [
        {"purpose": purpose.value, "place": place, "day": day}
        for purpose in (Purpose.DUE, Purpose.GENERATE)
        for place, _ in PLACES
        for day in days
        if not is_closed(calendar_code_of(place, purpose), day)
    ]


def _bill_range(engine: Engine, turns: _Turns, number: int, low: int) -> None:
    values = {"number": number, "low": low, "high": low + RANGE_POLICIES, "day": BILLING_DATE}
    try:
        with engine.begin() as connection:
            _write_range(connection, values)
            turns.wait(number)
            _write_heads(connection, values)
    except BaseException:
        turns.pass_to(_FAILED)
        raise
    turns.pass_to(number + 1)


def _write_range(connection: Connection, values: dict[str, Any]) -> None:
    for name in ("work_mem", "temp_buffers"):
        connection.execute(text(f"select set_config('{name}', '64MB', false)"))
    for statement, key in (
        (_TERMS, "term (policy_term_id)"),
        (_SCHEDULES, "schedule"),
        (_DUE, "due (draft_index)"),
        (_IDS, "id_block"),
        (_TAXES, "tax (draft_index)"),
        (_DRAFTS, "draft (draft_index)"),
    ):
        connection.execute(text(statement), values)
        connection.execute(text(f"analyze {key}"))
    for statement in _WRITE:
        connection.execute(text(statement))


def _write_heads(connection: Connection, values: dict[str, Any]) -> None:
    drawn = connection.execute(text(_NUMBERS), values).one()
    heads = {"series": drawn.number_series_id, "first": drawn.first_number, "issued": drawn.last_issue_date}
    connection.execute(text(_INVOICES), heads)
    connection.execute(text(_ENTRIES), heads)
    connection.execute(text(_CHECKPOINT), values)
