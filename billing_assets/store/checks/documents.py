"""Queries over issued documents: their sums, currencies, periods and numbers.

Belongs here: I01, I03, I07 and I08.
Does not belong here: the blocks of their numbers (``number_blocks``), their taxes (``taxes``), their frozen
records (``records``), what becomes of them (``deliveries``), the runs that made them (``runs``).

Each query returns one text column that names an offender. ``:is_everything`` tells whether all runs are
asked about; otherwise ``:runs`` holds their ids. Missing rows are offenders too: no reference here rests on a
foreign key.
"""

SUMS = """
select concat(document_number(s.prefix, i.invoice_number), ': ',
    case when count(l.line_number) = 0 then 'it has no line'
        when i.total_minor <> i.net_minor + i.tax_minor then 'its total is not net + tax'
        else 'net or tax is not the sum of its lines' end)
from invoice i
left join number_series s using (number_series_id)
left join invoice_line l using (invoice_id)
where :is_everything or i.run_id = any(:runs)
group by i.invoice_id, s.number_series_id
having count(l.line_number) = 0 or sum(l.net_minor) <> i.net_minor or sum(l.tax_minor) <> i.tax_minor
    or i.total_minor <> i.net_minor + i.tax_minor
union all
select concat('line ', l.line_number, ' of invoice ', l.invoice_id, ': there is no such invoice')
from invoice_line l
where :is_everything and not exists (select from invoice i where i.invoice_id = l.invoice_id)
"""

AMOUNTS = """
select concat(document_number(s.prefix, i.invoice_number), ': its currency is not known')
from invoice i
left join number_series s using (number_series_id)
where (:is_everything or i.run_id = any(:runs)) and i.currency::text <> all(:currencies)
union all
select concat(document_number(s.prefix, i.invoice_number),
    ': its currency is not that of the policy term of line ', l.line_number)
from invoice i
join invoice_line l using (invoice_id)
join policy_term_version v using (policy_term_version_id)
left join number_series s using (number_series_id)
where (:is_everything or i.run_id = any(:runs)) and v.currency <> i.currency
union all
select concat('charge ', d.policy_term_id, '/', d.installment_number, ' of run ', d.run_id,
    ': its currency is not known, or not that of its policy term')
from due_charge d
left join policy_term_version v using (policy_term_version_id)
where (:is_everything or d.run_id = any(:runs))
    and (d.currency::text <> all(:currencies) or v.currency <> d.currency)
union all
select concat('policy term version ', v.policy_term_version_id, ': its currency is not known')
from policy_term_version v
where :is_everything and v.currency::text <> all(:currencies)
union all
select concat('column ', c.relname, '.', a.attname, ': an amount must be a bigint that is never null')
from pg_attribute a
join pg_class c on c.oid = a.attrelid
join pg_namespace n on n.oid = c.relnamespace
where n.nspname = :schema and c.relkind in ('r', 'p') and not a.attisdropped and a.attname like '%\\_minor'
    and not (a.atttypid = 'bigint'::regtype and a.attnotnull)
"""

# What was replaced is billed no more. The running maximum finds an overlap with any earlier period, not only
# with the neighbour. Terms of which a
# month is away are left out: they were asked about before it went, and a trigger lets none be billed again.
PERIODS = """
with touched as (
    select distinct t.policy_id
    from invoice i join invoice_line l using (invoice_id) join policy_term t using (policy_term_id)
    where :is_everything or i.run_id = any(:runs)
), billed as (
    select l.*, t.policy_id from touched
    join policy_term t using (policy_id)
    join invoice_line l using (policy_term_id)
    where l.credited_invoice_id is null
        and not exists (select from invoice r where r.replaced_invoice_id = l.invoice_id) and not exists (
        select from policy_term_version w
        where w.policy_term_id = l.policy_term_id and w.away_months <> '{}')
), ordered as (
    select b.*, max(b.period_to_date) over (
        partition by b.payer_id, b.policy_id, b.charge_kind
        order by b.period_from_date, b.period_to_date, b.invoice_id, b.line_number
        rows between unbounded preceding and 1 preceding) as billed_to_date
    -- the lines of one installment share its period, and the first of them speaks for it
    from billed b where b.revision = 0 and b.charge_kind <> 'premium_change' and b.split_number = 0
)
select concat(document_number(s.prefix, i.invoice_number),
    ': the period of line ', o.line_number, ' is billed already')
from ordered o
left join invoice i using (invoice_id)
left join number_series s using (number_series_id)
where o.period_from_date < o.billed_to_date
union all
select concat('policy term ', b.policy_term_id, ': installment ', b.installment_number,
    ' is billed ', count(*), ' times')
from billed b
group by b.policy_term_id, b.installment_number, b.charge_kind, b.payer_id, b.revision, b.split_number
having count(*) > 1
union all
-- all payers of an installment are billed together: who is billed by another version is billed it again
select concat('policy term ', b.policy_term_id, ': installment ', b.installment_number,
    ' is billed by several versions of the term')
from billed b
where b.charge_kind <> 'premium_change'
group by b.policy_term_id, b.installment_number, b.charge_kind, b.revision
having min(b.policy_term_version_id) <> max(b.policy_term_version_id)
union all
select concat('policy term ', b.policy_term_id, ': the lines of installment ', b.installment_number,
    ' stand on several invoices, or one of its charges twice')
from billed b
where b.charge_number > 0
group by b.policy_term_id, b.installment_number, b.charge_kind, b.payer_id, b.revision
having min(b.invoice_id) <> max(b.invoice_id) or count(distinct b.charge_number) <> count(*)
    or max(b.split_number) <> count(*) - 1
union all
select concat('policy term ', b.policy_term_id, ': change ', b.revision,
    case when count(*) <> max(b.installment_number) then ' is billed by lines that are not numbered from 1'
        else ' is billed, and there is no such change' end)
from billed b
left join policy_change c on c.policy_term_id = b.policy_term_id and c.change_number = b.revision
    and c.change_kind = 'endorsement'
where b.charge_kind = 'premium_change'
group by b.policy_term_id, b.revision, c.policy_change_id
having count(*) <> max(b.installment_number) or (b.revision > 0 and c.policy_change_id is null)
"""

# The runs of one date are checked from their first number to the end of the series: what came before them
# was checked before them. Materialised, or the first number would be looked up again for every document. The
# numbers of a detached month are ranges of one date each.
NUMBERS = """
with series as materialized (
    select s.*, case when :is_everything then 1 else (
        select min(i.invoice_number) from invoice i
        where i.number_series_id = s.number_series_id and i.run_id = any(:runs)) end as first_number
    from number_series s
), given as (
    select s.number_series_id, i.invoice_number as first_number, i.invoice_number as last_number, i.issue_date
    from series s join invoice i
        on i.number_series_id = s.number_series_id and i.invoice_number >= greatest(s.first_number - 1, 1)
    where s.first_number is not null
    union all
    select s.number_series_id, greatest(a.first_number, s.first_number - 1), a.last_number, a.issue_date
    from series s join away_number a
        on a.number_series_id = s.number_series_id and a.last_number >= greatest(s.first_number - 1, 1)
    where s.first_number is not null
), numbered as (
    select s.number_series_id, s.prefix, s.last_number, s.last_issue_date,
        g.first_number as invoice_number, g.last_number as end_number, g.issue_date,
        lag(g.last_number) over neighbours as number_before,
        lag(g.issue_date) over neighbours as date_before,
        lead(g.first_number) over neighbours as number_after,
        greatest(s.first_number - 1, 1) as lowest_number
    from series s join given g using (number_series_id)
    window neighbours as (partition by g.number_series_id order by g.first_number)
)
select concat(document_number(prefix, invoice_number),
    ': the number before it is missing or doubled')
from numbered
where invoice_number <> coalesce(number_before + 1, lowest_number)
union all
select concat(document_number(prefix, invoice_number),
    ': it is dated before the number before it')
from numbered
where issue_date < date_before
union all
select concat('series ', prefix, ': its counter or its last issue date is not that of its last document')
from numbered
where number_after is null and (end_number, issue_date) is distinct from (last_number, last_issue_date)
union all
select concat('series ', s.prefix, ': its counter stands at ', s.last_number, ' and there is no document')
from number_series s
where s.last_number <> 0 and not exists (select from invoice i where i.number_series_id = s.number_series_id)
    and not exists (select from away_number a where a.number_series_id = s.number_series_id)
union all
select concat('invoice ', i.invoice_id, ': its number series does not exist')
from invoice i
where (:is_everything or i.run_id = any(:runs))
    and not exists (select from number_series s where s.number_series_id = i.number_series_id)
"""
