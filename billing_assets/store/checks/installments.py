"""The query over the policy book: which installments must have an outcome by now, and which have none.

Belongs here: the half of I17 that asks the book and not the runs. It is written from the billing rules alone,
so that a term that planning and issuing skip alike is still found.
Does not belong here: whether what a run recorded agrees with its plan (``runs``).

**Who must have answered.** A finalised run of date D answers for every version of a term that stood in the
book that it read, and for every installment whose billing date is not after D; a run of a selection answers
for nothing. On a day that is closed on the company's calendar a run answers for the plans alone that hold the
sending, and the store knows no calendars: a run counts where its date was open and it found something due.
Beside these, of 17 dates in a row at least one is open, so that 17 finalised dates that end on D answer for
everything up to D - 16.

**What was due.** The grid counts from the anchor (PostgreSQL clamps ``anchor + interval`` to the month
end); installment 1 begins on the effective date, the others on the grid dates inside the term and its
cover; a plan may have fewer installments, and none that falls due in its blackout. Where small ones wait
for others, the query waits for the end of the term. The cut-over goes by the nominal due date. A billing
date may be rolled forward by at most 16 days for each of the plan's two roll rules that can go forward; so
much later the query begins to ask. Lead days count as calendar days, also where they are open ones and
reach further.

Without ``:is_everything`` only the runs in ``:runs`` are asked, and of these only installments of the last
``WINDOW_DAYS``.
"""

from collections.abc import Mapping

from billing_assets.domain.frequencies import FREQUENCIES, PeriodUnit

WINDOW_DAYS = 60
"""So far back the check of one date looks; the audit of everything looks at everything."""

_CYCLES = [row for row in FREQUENCIES.values() if row.unit in (PeriodUnit.DAY, PeriodUnit.MONTH)]
_STEPS = {unit: [row.step if row.unit is unit else 0 for row in _CYCLES] for unit in PeriodUnit}

PARAMETERS: Mapping[str, object] = {
    "frequency_codes": [row.frequency_code for row in _CYCLES],
    "step_months": _STEPS[PeriodUnit.MONTH],
    "step_days": _STEPS[PeriodUnit.DAY],
    "window_days": WINDOW_DAYS,
}
"""Values of the placeholders of ``UNANSWERED``."""

# What was due up to a date whose run is held, or was when a run was planned, that run has left out.
_LEFT_OUT = """(
        select from billing_run h
        where h.company_id = r.company_id and h.billing_date < r.billing_date
            and (h.state = 'held' or (h.state = 'rejected' and h.decided_at > r.planned_at)))"""

UNANSWERED = f"""
with frequency as (
    select * from unnest(cast(:frequency_codes as text[]), cast(:step_months as int[]),
        cast(:step_days as int[])) as f (frequency_code, step_months, step_days)
), finalised as (
    select distinct on (company_id, billing_date) company_id, billing_date, run_id, book_batch_id
    from billing_run r
    where state = 'finalised' and run_kind = 'billing' and selection = '{{}}' and not exists {_LEFT_OUT}
    order by company_id, billing_date, sequence_number desc
), row_of_dates as (
    select company_id, billing_date, run_id, count(*) over dates as date_count,
        min(book_batch_id) over dates as oldest_batch_id, max(book_batch_id) over dates as newest_batch_id
    from finalised
    window dates as (partition by company_id order by billing_date
        range between interval '16 days' preceding and current row)
), proof as (
    select company_id, billing_date as reach_date, book_batch_id as oldest_batch_id,
        book_batch_id as newest_batch_id
    from billing_run r
    where state = 'finalised' and run_kind = 'billing' and not exists {_LEFT_OUT} and due_count > 0
        and is_open_day and selection = '{{}}'
        and (:is_everything or run_id = any(:runs))
    union all
    select company_id, billing_date - 16, oldest_batch_id, newest_batch_id
    from row_of_dates
    where date_count = 17 and (:is_everything or run_id = any(:runs))
), standing as (
    select distinct company_id, batch_id, coalesce(superseded_batch_id, 0) as superseded_batch_id
    from policy_term_version
), reach as materialized (
    select s.company_id, s.batch_id, s.superseded_batch_id, max(p.reach_date) as reach_date
    from standing s
    join proof p on p.company_id = s.company_id and p.oldest_batch_id >= s.batch_id
        and (s.superseded_batch_id = 0 or s.superseded_batch_id > p.newest_batch_id)
    group by s.company_id, s.batch_id, s.superseded_batch_id
), answerable as (
    select v.policy_term_version_id, v.policy_term_id, v.policy_id, v.company_id, v.anchor_date,
        v.effective_date, v.expiration_date, v.cover_to_date, v.cut_over_date, v.plan_code, r.reach_date
    from policy_term_version v
    join reach r on r.company_id = v.company_id and r.batch_id = v.batch_id
        and r.superseded_batch_id = coalesce(v.superseded_batch_id, 0)
    where v.away_months = '{{}}'
), planned as (
    select a.*, f.step_months, f.step_days, least(a.expiration_date, a.cover_to_date) as end_date,
        coalesce(nullif(n.maximum_installment_count, 0), 2147483647) as most_count,
        case when n.blackout_days > 0 then a.expiration_date - n.blackout_days - n.due_days
            else 'infinity' end as blackout_from_date,
        due.latest_from_date, greatest(a.cut_over_date - n.due_days,
            case when not :is_everything then due.latest_from_date - :window_days end) as earliest_from_date
    from answerable a
    join payment_plan n on n.plan_code = a.plan_code and n.valid_from <= a.effective_date
        and (n.valid_to is null or a.effective_date < n.valid_to)
    join frequency f using (frequency_code)
    cross join lateral (
        select a.reach_date + n.lead_days - n.due_days
            - 16 * (n.due_roll not in ('none', 'preceding'))::int
            - 16 * (n.generate_roll not in ('none', 'preceding'))::int as latest_from_date
    ) due
    where a.effective_date <= due.latest_from_date
        and (n.minimum_bill_minor = 0 or a.expiration_date <= due.latest_from_date)
), due as (
    select p.policy_term_version_id, p.policy_term_id, p.policy_id, p.company_id, 1 as installment_number
    from planned p
    where p.effective_date >= p.earliest_from_date
    union all
    select p.policy_term_version_id, p.policy_term_id, p.policy_id, p.company_id,
        g.number - before.number - (at_begin.grid_date <= p.effective_date)::int + 2
    from planned p
    cross join lateral (
        select case when p.step_months > 0 then floor(
            ((extract(year from p.effective_date) - extract(year from p.anchor_date)) * 12
            + extract(month from p.effective_date) - extract(month from p.anchor_date)) / p.step_months)
            else floor((p.effective_date - p.anchor_date)::numeric / p.step_days) end::int as number
    ) before
    cross join lateral (
        select (p.anchor_date + make_interval(months => p.step_months * before.number,
            days => p.step_days * before.number))::date as grid_date
    ) at_begin
    cross join lateral generate_series(before.number, before.number + 2
        + (least(p.end_date, p.latest_from_date) - p.effective_date) / (28 * p.step_months + p.step_days)
    ) as g (number)
    cross join lateral (
        select (p.anchor_date + make_interval(months => p.step_months * g.number,
            days => p.step_days * g.number))::date as from_date
    ) period
    where p.end_date > p.effective_date and period.from_date > p.effective_date
        and period.from_date < p.end_date
        and period.from_date between p.earliest_from_date and p.latest_from_date
        and period.from_date < p.blackout_from_date
        and g.number - before.number - (at_begin.grid_date <= p.effective_date)::int + 2 <= p.most_count
)
select concat('policy ', d.policy_id, ': installment ', d.installment_number, ' of term ', d.policy_term_id,
    ' was due and has no outcome')
from due d
where not exists (
        select from invoice_line l
        where l.policy_term_id = d.policy_term_id and l.installment_number = d.installment_number
            and l.charge_kind = 'premium' and l.revision = 0 and l.credited_invoice_id is null)
    and not exists (
        select from due_charge c
        where c.company_id = d.company_id and c.policy_term_id = d.policy_term_id
            and c.installment_number in (d.installment_number, 0)
            and (c.policy_term_version_id = d.policy_term_version_id
                or (c.outcome = 'zero' and c.reason_code in ('cancelled', 'nothing_left')))
            and c.outcome <> 'invoiced' and c.charge_kind <> 'premium_change')
union all
select concat('policy ', a.policy_id, ': term ', a.policy_term_id, ' has no plan row and no outcome')
from answerable a
where a.effective_date <= a.reach_date and a.expiration_date > a.cut_over_date
    and (:is_everything or a.effective_date > a.reach_date - :window_days)
    and not exists (
        select from payment_plan n
        where n.plan_code = a.plan_code and n.valid_from <= a.effective_date
            and (n.valid_to is null or a.effective_date < n.valid_to))
    and not exists (
        select from invoice_line l where l.policy_term_id = a.policy_term_id)
    and not exists (
        select from due_charge c
        where c.company_id = a.company_id and c.policy_term_id = a.policy_term_id
            and c.policy_term_version_id = a.policy_term_version_id and c.outcome <> 'invoiced')
"""  # noqa: S608 - only with the text above
