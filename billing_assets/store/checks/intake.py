"""Queries over intake: rows and money that came in were taken, repeated, or are problems that are kept.

Belongs here: I18. Does not belong here: what was billed of it (``runs``).

Without ``:is_everything`` only the batches are asked about that the runs in ``:runs`` read the book as of.
What a batch says that it wrote is counted again from the terms and payers, by currency and to the cent.
"""

ROWS_AND_MONEY = """
with asked as (
    select b.* from intake_batch b
    where :is_everything or b.batch_id in (select book_batch_id from billing_run where run_id = any(:runs))
), controlled as (
    select b.batch_id, m.currency, (m.sums ->> 'in')::numeric as in_minor,
        (m.sums ->> 'accepted')::numeric as accepted_minor,
        (m.sums ->> 'duplicate')::numeric as duplicate_minor,
        (m.sums ->> 'problem')::numeric as problem_minor
    from asked b cross join lateral jsonb_each(b.control_totals -> 'premium') as m (currency, sums)
), claimed as (
    select b.batch_id, m.currency, (m.sums ->> 'term_count')::bigint as version_count,
        (m.sums ->> 'premium')::numeric as premium_minor,
        (m.sums ->> 'standing_premium')::numeric as standing_minor
    from asked b cross join lateral jsonb_each(b.control_totals -> 'written') as m (currency, sums)
), written as (
    select v.batch_id, v.currency::text as currency, count(*) as version_count,
        sum(v.premium_minor) as premium_minor
    from policy_term_version v join asked b using (batch_id)
    group by v.batch_id, v.currency
), begun as (
    select f.batch_id, count(*) as term_count
    from (select min(batch_id) as batch_id from policy_term_version group by policy_term_id) f
    group by f.batch_id
), counted as (
    select b.*, coalesce(w.version_count, 0) as written_count, coalesce(g.term_count, 0) as begun_count,
        coalesce(y.version_count, 0) as payer_count
    from asked b
    left join (select batch_id, sum(version_count) as version_count from written group by batch_id) w
        using (batch_id)
    left join begun g using (batch_id)
    left join (select batch_id, count(*) as version_count from payer_version group by batch_id) y
        using (batch_id)
), kept as (
    select p.batch_id, count(*) as problem_count, count(distinct p.row_number) as row_count
    from problem p join asked b using (batch_id)
    where p.problem_code <> all(:row_taken) and p.problem_code <> :left_out
    group by p.batch_id
), missing as (
    select p.batch_id, count(*) as problem_count, count(p.row_number) as row_count
    from problem p join asked b using (batch_id)
    where p.problem_code = :left_out
    group by p.batch_id
)
select concat('batch ', b.batch_id, ': its rows are not its accepted, repeated and problem rows')
from asked b
where b.row_count <> b.new_count + b.changed_count + b.unchanged_count + b.duplicate_count + b.problem_count
union all
select concat('batch ', b.batch_id, ': it counts ', b.new_count, ' new and ', b.changed_count,
    ' changed terms; begun were ', b.begun_count, ', written ', b.written_count)
from counted b
where b.batch_kind = 'book' and (b.begun_count <> b.new_count
    or b.written_count + (b.control_totals ->> 'payer_change_count')::bigint
        is distinct from b.new_count + b.changed_count)
union all
select concat('batch ', b.batch_id, ': it counts ', b.new_count, ' new changes over ',
    b.control_totals ->> 'premium_of_changes', ', and ', count(c.policy_change_id), ' over ',
    coalesce(sum(c.premium_minor), 0), ' are there')
from asked b left join policy_change c using (batch_id)
where b.batch_kind = 'changes'
group by b.batch_id, b.new_count, b.control_totals
having count(c.policy_change_id) <> b.new_count
    or coalesce(sum(c.premium_minor), 0) is distinct from (b.control_totals ->> 'premium_of_changes')::numeric
union all
select concat('batch ', b.batch_id, ': it is of another kind, and brought ', count(c.policy_change_id),
    ' changes')
from asked b join policy_change c using (batch_id)
where b.batch_kind <> 'changes'
group by b.batch_id
union all
select concat('batch ', b.batch_id, ': it says that it wrote ', b.control_totals ->> 'written_payer_count',
    ' payers, and ', b.payer_count, ' are there')
from counted b
where b.batch_kind = 'book'
    and (b.control_totals ->> 'written_payer_count')::bigint is distinct from b.payer_count
union all
select concat('batch ', batch_id, ': it says that it wrote ', coalesce(c.version_count, 0), ' terms in ',
    currency, ' over ', coalesce(c.premium_minor, 0), ', and ', coalesce(w.version_count, 0), ' over ',
    coalesce(w.premium_minor, 0), ' are there')
from claimed c full join written w using (batch_id, currency)
where coalesce(c.version_count, 0) <> coalesce(w.version_count, 0)
    or coalesce(c.premium_minor, 0) <> coalesce(w.premium_minor, 0)
union all
select concat('batch ', b.batch_id, ': it counts ', b.problem_count, ' problem rows, and ',
    coalesce(k.problem_count, 0), ' are kept')
from asked b left join kept k using (batch_id)
where coalesce(k.problem_count, 0) <> b.problem_count
union all
select concat('batch ', b.batch_id, ': it counts ', b.control_totals ->> 'missing_count',
    ' terms that it leaves out, and ', coalesce(m.problem_count, 0), ' are kept')
from asked b left join missing m using (batch_id)
where b.batch_kind = 'book'
    and (b.control_totals ->> 'missing_count')::bigint is distinct from coalesce(m.problem_count, 0)
union all
select concat('batch ', k.batch_id, ': a row stands among its problems twice, or without its number')
from kept k
where k.row_count <> k.problem_count
union all
select concat('batch ', c.batch_id, ': money in ', c.currency, ' is not accepted + repeated + problems')
from controlled c
where c.in_minor is distinct from c.accepted_minor + c.duplicate_minor + c.problem_minor
union all
select concat('batch ', batch_id, ': money accepted in ', currency,
    ' is not that of the terms written and of those that stay')
from controlled m full join claimed c using (batch_id, currency)
where coalesce(m.accepted_minor, 0) <> coalesce(c.premium_minor, 0) + coalesce(c.standing_minor, 0)
union all
select concat('batch ', b.batch_id, ': no row stays as it is, and money does')
from counted b join claimed c using (batch_id)
where b.new_count + b.changed_count = b.written_count and b.unchanged_count = 0 and c.standing_minor <> 0
union all
select concat('batch ', v.batch_id, ': term ', v.policy_term_id, ' is held as ', v.hold_code,
    ', and no problem says so')
from policy_term_version v join asked b using (batch_id) join policy p using (policy_id)
where v.hold_code is not null and not exists (
    select from problem q
    where q.batch_id = v.batch_id and q.problem_code = v.hold_code and q.policy_number = p.policy_number
        and q.effective_date = v.effective_date)
"""
