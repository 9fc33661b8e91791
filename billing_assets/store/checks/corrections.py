"""The query over credit notes: each gives back lines of one invoice, and never more than was charged.

Belongs here: I10.
Does not belong here: what holds for every document (``documents``, ``taxes``, ``records``).

Without ``:is_everything`` only the credit notes of the runs in ``:runs`` are asked about, and with each all
credits of its invoice.
"""

# A part is within the rounding of each of its lines of base x rate; fixed amounts have no rate.
CREDITS = """
with note as (
    select c.*, o.invoice_id as original_id, o.document_kind as original_kind,
        o.company_id as original_company_id, o.payer_id as original_payer_id,
        o.currency as original_currency, o.issue_date as original_issue_date
    from invoice c left join invoice o on o.invoice_id = c.credited_invoice_id
    where c.document_kind = 'credit_note' and (:is_everything or c.run_id = any(:runs))
), touched as (
    select distinct original_id as invoice_id from note where original_id is not null
), credited_line as (
    select o.invoice_id, o.line_number, o.net_minor, o.tax_minor, o.contained_tax_minor,
        coalesce(sum(l.net_minor), 0) as net_back, coalesce(sum(l.tax_minor), 0) as tax_back,
        coalesce(sum(l.contained_tax_minor), 0) as contained_back
    from touched join invoice_line o using (invoice_id)
    left join invoice_line l on l.credited_invoice_id = o.invoice_id
        and l.credited_line_number = o.line_number
    group by o.invoice_id, o.line_number, o.net_minor, o.tax_minor, o.contained_tax_minor
), credited_tax as (
    select o.invoice_id, o.tax_number, o.base_minor, o.tax_minor,
        coalesce(sum(t.base_minor), 0) as base_back, coalesce(sum(t.tax_minor), 0) as tax_back
    from touched join invoice_tax o using (invoice_id)
    left join invoice c on c.credited_invoice_id = o.invoice_id
    left join invoice_tax t on t.invoice_id = c.invoice_id and t.tax_rule_id = o.tax_rule_id
    group by o.invoice_id, o.tax_number, o.base_minor, o.tax_minor
), document as (
    select invoice_id, bool_and(net_back = net_minor) as is_whole from credited_line group by invoice_id
)
select concat(document_number(s.prefix, n.invoice_number),
    case when n.original_id is null then ': the invoice that it credits is missing'
        when n.original_kind <> 'invoice' then ': it credits a credit note'
        when n.original_company_id <> n.company_id then ': it credits an invoice of another company'
        when n.original_payer_id <> n.payer_id then ': it credits an invoice of another payer'
        when n.original_currency <> n.currency then ': it credits an invoice of another currency'
        else ': it is dated before the invoice that it credits' end)
from note n left join number_series s using (number_series_id)
where (n.original_kind = 'invoice' and n.original_company_id = n.company_id
    and n.original_payer_id = n.payer_id and n.original_currency = n.currency
    and n.original_issue_date <= n.issue_date) is not true
union all
select concat(document_number(s.prefix, n.invoice_number), ': line ', l.line_number,
    ' credits no line of its invoice, or another charge than it says')
from note n
join invoice_line l using (invoice_id)
left join invoice_line o on o.invoice_id = l.credited_invoice_id and o.line_number = l.credited_line_number
left join number_series s using (number_series_id)
where (o.invoice_id = n.credited_invoice_id and o.credited_invoice_id is null
    and (o.policy_term_id, o.policy_term_version_id, o.payer_id, o.charge_kind, o.installment_number,
        o.revision, o.charge_number, o.period_from_date, o.period_to_date)
    = (l.policy_term_id, l.policy_term_version_id, l.payer_id, l.charge_kind, l.installment_number,
        l.revision, l.charge_number, l.period_from_date, l.period_to_date)) is not true
union all
select concat(document_number(s.prefix, i.invoice_number), ': line ', l.line_number,
    ' credits, and the document is no credit note')
from invoice i join invoice_line l using (invoice_id) left join number_series s using (number_series_id)
where (:is_everything or i.run_id = any(:runs)) and i.document_kind <> 'credit_note'
    and l.credited_invoice_id is not null
union all
select concat(document_number(s.prefix, i.invoice_number), ': more is given back of line ', l.line_number,
    ' than was charged')
from credited_line l join invoice i using (invoice_id) left join number_series s using (number_series_id)
where l.net_back not between least(0, l.net_minor) and greatest(0, l.net_minor)
    or l.tax_back not between least(0, l.tax_minor) and greatest(0, l.tax_minor)
    or l.contained_back not between 0 and l.contained_tax_minor
union all
select concat(document_number(s.prefix, i.invoice_number), ': more is given back of tax ', t.tax_number,
    ' than was charged')
from credited_tax t join invoice i using (invoice_id) left join number_series s using (number_series_id)
where t.base_back not between least(0, t.base_minor) and greatest(0, t.base_minor)
    or t.tax_back not between least(0, t.tax_minor) and greatest(0, t.tax_minor)
union all
select concat(document_number(s.prefix, i.invoice_number),
    ': all of its net is given back, and not all of its tax')
from document d join invoice i using (invoice_id) left join number_series s using (number_series_id)
where d.is_whole and (exists (select from credited_line l
        where l.invoice_id = d.invoice_id and l.tax_back <> l.tax_minor)
    or exists (select from credited_tax t where t.invoice_id = d.invoice_id
        and (t.base_back, t.tax_back) <> (t.base_minor::numeric, t.tax_minor::numeric)))
union all
select concat(document_number(s.prefix, n.invoice_number), ': tax ', t.tax_number,
    case when r.tax_rule_id is null or o.invoice_id is null then ': its row did not fall on the invoice'
        else ': it is not the tax on its base at the rate of the invoice' end)
from note n
join invoice_tax t using (invoice_id)
left join invoice_tax o on o.invoice_id = n.credited_invoice_id and o.tax_rule_id = t.tax_rule_id
left join tax_rule r on r.tax_rule_id = t.tax_rule_id
left join number_series s using (number_series_id)
cross join lateral (select count(*) as line_count from invoice_line l where l.invoice_id = n.invoice_id) c
where o.invoice_id is null or r.tax_rule_id is null or (r.basis in ('net', 'net_and_taxes')
    and not r.is_inclusive and abs(t.tax_minor - t.base_minor::numeric * r.rate_ppm / 1000000)
        > (c.line_count + 1) * r.rounding_minor)
"""
