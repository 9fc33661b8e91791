"""The query over replacements: each stands in the place of one invoice, of which nothing is left.

Belongs here: the half of I07 that lets an installment be billed once more.
Does not belong here: that what stands is billed once (``documents``), what is given back (``corrections``).

An invoice whose month is detached is not missing: it was asked about before it went.
"""

REPLACEMENTS = """
with pair as (
    select n.invoice_id, n.number_series_id, n.invoice_number, n.company_id, n.issue_date,
        n.replaced_invoice_id, o.invoice_id as original_id, o.document_kind as original_kind,
        o.company_id as original_company_id, o.issue_date as original_issue_date, n.replaced_number,
        n.replaced_issue_date, document_number(x.prefix, o.invoice_number) as original_number
    from invoice n left join invoice o on o.invoice_id = n.replaced_invoice_id
    left join number_series x on x.number_series_id = o.number_series_id
    where n.replaced_invoice_id is not null and (:is_everything or n.run_id = any(:runs))
), of_original as (
    select p.invoice_id, o.line_number, o.net_minor, o.tax_minor, o.replacement_number,
        coalesce(sum(c.net_minor), 0) as net_back, coalesce(sum(c.tax_minor), 0) as tax_back
    from pair p join invoice_line o on o.invoice_id = p.original_id
    left join invoice_line c on c.credited_invoice_id = o.invoice_id
        and c.credited_line_number = o.line_number
    group by 1, 2, o.invoice_id, o.net_minor, o.tax_minor, o.replacement_number
), fault as (
    select p.invoice_id, case when p.original_kind <> 'invoice' then 'it replaces a credit note'
            when p.original_company_id <> p.company_id then 'it replaces an invoice of another company'
            when p.original_issue_date > p.issue_date
                then 'it is dated before the invoice that it replaces'
            else 'it says another number or date than the invoice that it replaces has' end as fault
    from pair p
    where p.original_id is not null and (p.original_kind <> 'invoice'
        or p.original_company_id <> p.company_id or p.original_issue_date > p.issue_date
        or (p.original_number, p.original_issue_date) is distinct from (p.replaced_number,
            p.replaced_issue_date))
    union all
    select p.invoice_id, 'the invoice that it replaces is missing'
    from pair p
    where p.original_id is null and not exists (
        select from invoice_line l join policy_term_version w using (policy_term_id)
        where l.invoice_id = p.invoice_id and w.away_months <> '{}')
    union all
    select invoice_id, 'the invoice that it replaces was not given back in full'
    from of_original where (net_back, tax_back) <> (net_minor::numeric, tax_minor::numeric)
    union all
    select p.invoice_id, 'its lines do not say the how many-th replacement they are of'
    from pair p join invoice_line l on l.invoice_id = p.invoice_id
    where l.replacement_number = 0 or (p.original_id is not null and l.replacement_number <> (
        select max(o.replacement_number) + 1 from of_original o where o.invoice_id = p.invoice_id))
    union all
    select coalesce(n.invoice_id, o.invoice_id), 'it does not bill the installments of what it replaces'
    from (
        select distinct p.invoice_id, l.policy_term_id, l.installment_number
        from pair p join invoice_line l on l.invoice_id = p.invoice_id where p.original_id is not null
    ) n
    full join (
        select distinct p.invoice_id, l.policy_term_id, l.installment_number
        from pair p join invoice_line l on l.invoice_id = p.original_id
    ) o on (o.invoice_id, o.policy_term_id, o.installment_number)
        = (n.invoice_id, n.policy_term_id, n.installment_number)
    where n.invoice_id is null or o.invoice_id is null
)
select concat(document_number(s.prefix, p.invoice_number), ': ', f.fault)
from fault f join pair p using (invoice_id) left join number_series s using (number_series_id)
union all
select concat('line ', l.line_number, ' of invoice ', l.invoice_id,
    ': it bills once more, and its invoice replaces none')
from invoice i join invoice_line l using (invoice_id)
where (:is_everything or i.run_id = any(:runs)) and i.replaced_invoice_id is null
    and l.replacement_number <> 0
"""
