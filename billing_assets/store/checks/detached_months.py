"""The query over detached months: what went is away whole, and what is kept of it agrees.

Belongs here: I27. Does not belong here: the sums of runs and the numbers of series that span what is away
(``runs``, ``certificates``, ``number_blocks``).

Asked always of the whole store: months are few, and their rows are found by keys.
"""

MONTHS = """
with away as (
    select m.*, m.content::jsonb as said, 'month ' || to_char(m.month, 'YYYY-MM') as name
    from detached_month m where m.attached_at is null
), said_total as (
    select a.detached_month_id, t.document_kind, t.currency, t.document_count, t.net_minor, t.tax_minor,
        t.total_minor
    from away a cross join lateral jsonb_to_recordset(said -> 'totals') as t (document_kind text,
        currency text, document_count bigint, net_minor numeric, tax_minor numeric, total_minor numeric)
), kept_total as (
    select d.detached_month_id, d.document_kind, d.currency::text as currency,
        sum(d.document_count) as document_count, sum(d.net_minor) as net_minor, sum(d.tax_minor) as tax_minor,
        sum(d.total_minor) as total_minor
    from away_document d group by 1, 2, 3
), counted as (
    select a.detached_month_id, a.name, (
            select sum(t.document_count) from kept_total t
            where t.detached_month_id = a.detached_month_id) as document_count, (
            select sum(n.last_number - n.first_number + 1) from away_number n
            where n.detached_month_id = a.detached_month_id) as number_count, (
            select sum(c.charge_count) from away_charge c
            where c.detached_month_id = a.detached_month_id) as charge_count, (
            select sum(t.row_count) from jsonb_to_recordset(a.said -> 'tables')
                as t (table_name text, row_count bigint) where t.table_name = 'due_charge') as said_count
    from away a
)
select concat(a.name, ': its record is of another month or company')
from away a join company c using (company_id)
where (a.said ->> 'month', a.said ->> 'company_code')
    is distinct from (to_char(a.month, 'YYYY-MM'), c.company_code)
union all
select concat(a.name, ': its sums of kind ', document_kind, ' in ', currency, ' are not those of its record')
from said_total s full join kept_total k using (detached_month_id, document_kind, currency)
join away a using (detached_month_id)
where (s.document_count, s.net_minor, s.tax_minor, s.total_minor)
    is distinct from (k.document_count, k.net_minor, k.tax_minor, k.total_minor)
union all
select concat(name, ': its numbers or charges are not as many as it says')
from counted
where document_count is distinct from number_count or coalesce(charge_count, 0) <> coalesce(said_count, 0)
union all
select concat(a.name, ': its postings in ', p.currency, ' do not add up to zero')
from away a join away_posting p using (detached_month_id)
group by a.detached_month_id, a.name, p.currency having sum(p.debit_minor) <> sum(p.credit_minor)
union all
select concat(a.name, ': ', document_number(s.prefix, i.invoice_number), ' is there')
from away a join away_number n using (detached_month_id)
join invoice i on i.number_series_id = n.number_series_id
    and i.invoice_number between n.first_number and n.last_number
left join number_series s on s.number_series_id = i.number_series_id
union all
select concat(a.name, ': run ', r.run_id, ' of a day of it has issued ', count(*), ' invoices since')
from away a join billing_run r on r.company_id = a.company_id and r.billing_date >= a.month
    and r.billing_date < a.month + interval '1 month'
join invoice i on i.run_id = r.run_id and i.document_kind = 'invoice'
group by a.detached_month_id, a.name, r.run_id
union all
select concat('policy term ', v.policy_term_id, ': it is of month ', to_char(m.month, 'YYYY-MM'),
    ', which is not away')
from policy_term_version v cross join lateral unnest(v.away_months) as m (month)
where v.away_months <> '{}' and not exists (
    select from away a where a.company_id = v.company_id and a.month = m.month)
union all
select concat('policy term ', w.policy_term_id, ': its versions are of different months that are away')
from policy_term_version w
where w.policy_term_id in (select policy_term_id from policy_term_version where away_months <> '{}')
group by w.policy_term_id having min(w.away_months) <> max(w.away_months)
"""
