"""Queries over billing runs: every charge that was due has one outcome, and the invoice where it says so.

Belongs here: the half of I17 that holds what runs recorded against their plans and their invoices. What went
with a detached month counts by its sums.
Does not belong here: what an invoice holds (``documents``), what the book says was due (``installments``).
"""

OUTCOMES = """
with planned as (
    select r.run_id, t.currency, sum(t.charge_count) as charge_count, sum(t.net_minor) as net_minor
    from billing_run r
    cross join lateral jsonb_to_recordset(r.plan_totals)
        as t (currency text, charge_count bigint, net_minor numeric)
    where r.state = 'finalised' and (:is_everything or r.run_id = any(:runs))
    group by r.run_id, t.currency
), recorded as (
    select run_id, currency, sum(charge_count) as charge_count, sum(net_minor) as net_minor
    from (
        select d.run_id, d.currency::text as currency, count(*) as charge_count, sum(d.net_minor) as net_minor
        from due_charge d join billing_run r using (run_id)
        where r.state = 'finalised' and (:is_everything or r.run_id = any(:runs))
        group by d.run_id, d.currency
        union all
        select a.run_id, a.currency::text, a.charge_count, a.net_minor from away_charge a
        where :is_everything or a.run_id = any(:runs)
    ) here_and_away
    group by run_id, currency
)
select concat('run ', run_id, ': its charges in ', currency,
    ' are not those of its plan, in count or in money')
from planned full join recorded using (run_id, currency)
where (planned.charge_count, planned.net_minor) is distinct from (recorded.charge_count, recorded.net_minor)
union all
select concat('run ', r.run_id, ': its charges are not as many as its plan says')
from billing_run r left join recorded d using (run_id)
where r.state = 'finalised' and (:is_everything or r.run_id = any(:runs))
group by r.run_id having coalesce(sum(d.charge_count), 0) <> r.due_count
union all
select concat('run ', r.run_id, ': its shards do not add up to it')
from billing_run r left join run_shard h using (run_id)
where r.state = 'finalised' and (r.run_kind <> 'correction' or r.shard_count > 0)
    and (:is_everything or r.run_id = any(:runs))
group by r.run_id
having count(h.committed_at) <> r.shard_count or count(*) <> r.shard_count
    or coalesce(sum(h.due_count), 0) <> r.due_count
    or coalesce(sum(h.invoice_count), 0) <> (select count(*) from invoice i where i.run_id = r.run_id)
        + (select coalesce(sum(a.document_count), 0) from away_document a where a.run_id = r.run_id)
union all
select concat('run ', r.run_id, ': shard ', h.shard_number, ' takes another selection than its run')
from billing_run r join run_shard h using (run_id)
where r.run_kind = 'billing' and (:is_everything or r.run_id = any(:runs))
    and (h.product_codes, h.place_codes, h.plan_codes, h.payer_groups) is distinct from (
        array(select jsonb_array_elements_text(r.selection -> 'product_codes')),
        array(select jsonb_array_elements_text(r.selection -> 'place_codes')),
        array(select jsonb_array_elements_text(r.selection -> 'plan_codes')),
        array(select jsonb_array_elements_text(r.selection -> 'payer_groups')))
union all
select concat('charge ', d.policy_term_id, '/', d.installment_number, ' of run ', d.run_id,
    ': it counts as invoiced, and there is no such line')
from due_charge d
left join invoice i on i.invoice_id = d.invoice_id and i.run_id = d.run_id
left join invoice_line l on l.invoice_id = i.invoice_id and l.policy_term_id = d.policy_term_id
    and l.installment_number = d.installment_number and l.revision = d.revision
    and l.charge_kind = d.charge_kind and l.payer_id = d.payer_id and l.charge_number = d.charge_number
where (:is_everything or d.run_id = any(:runs)) and d.outcome = 'invoiced'
    and (d.net_minor, d.policy_term_version_id, d.period_from_date, d.period_to_date, d.currency)
        is distinct from (l.net_minor + l.contained_tax_minor, l.policy_term_version_id, l.period_from_date,
            l.period_to_date, i.currency)
union all
select concat('line ', l.line_number, ' of invoice ', l.invoice_id, ': no due charge of its run says so')
from invoice i
join invoice_line l using (invoice_id)
left join due_charge d on d.run_id = i.run_id and d.policy_term_id = l.policy_term_id
    and d.installment_number = l.installment_number and d.revision = l.revision
    and d.charge_kind = l.charge_kind and d.charge_number = l.charge_number and d.payer_id = l.payer_id
    and d.invoice_id = l.invoice_id and d.outcome = 'invoiced'
where (:is_everything or i.run_id = any(:runs)) and d.run_id is null and l.credited_invoice_id is null
union all
select concat('charge ', d.policy_term_id, '/', d.installment_number, ' of run ', d.run_id,
    ': it counts as given back, and there is no such line')
from due_charge d
left join invoice i on i.invoice_id = d.invoice_id and i.run_id = d.run_id and i.document_kind = 'credit_note'
left join invoice_line l on l.invoice_id = i.invoice_id and l.policy_term_id = d.policy_term_id
    and l.installment_number = d.installment_number and l.revision = d.revision
    and l.charge_kind = d.charge_kind and l.payer_id = d.payer_id and l.charge_number = d.charge_number
where (:is_everything or d.run_id = any(:runs)) and d.outcome = 'credited'
    and (d.net_minor, d.policy_term_version_id, d.period_from_date, d.period_to_date, d.currency)
        is distinct from (-l.net_minor, l.policy_term_version_id, l.period_from_date, l.period_to_date,
            i.currency)
union all
select concat('line ', l.line_number, ' of credit note ', l.invoice_id, ': no charge of its run says so')
from billing_run r
join invoice i using (run_id)
join invoice_line l using (invoice_id)
left join due_charge d on d.run_id = i.run_id and d.policy_term_id = l.policy_term_id
    and d.installment_number = l.installment_number and d.revision = l.revision
    and d.charge_kind = l.charge_kind and d.charge_number = l.charge_number and d.payer_id = l.payer_id
    and d.invoice_id = l.invoice_id and d.outcome = 'credited'
where (:is_everything or i.run_id = any(:runs)) and r.run_kind <> 'correction' and d.run_id is null
    and l.credited_invoice_id is not null
union all
select concat('charge ', d.policy_term_id, '/', d.installment_number, ' of run ', d.run_id,
    ': it is not invoiced, and no reason is given')
from due_charge d
where (:is_everything or d.run_id = any(:runs)) and d.outcome not in ('invoiced', 'credited')
    and coalesce(d.reason_code, '') = ''
union all
select concat('run ', r.run_id, ': a run of kind ', r.run_kind, ' issued ', document_number(s.prefix,
    i.invoice_number))
from billing_run r join invoice i using (run_id) left join number_series s using (number_series_id)
where (:is_everything or r.run_id = any(:runs)) and i.document_kind <> 'credit_note'
    and (r.run_kind = 'correction') <> (i.replaced_invoice_id is not null)
"""
