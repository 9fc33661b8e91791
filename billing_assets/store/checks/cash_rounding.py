"""The query over sums payable: rounded to cash amounts where the company asks for it, and nowhere else.

Belongs here: I23. Does not belong here: totals (``documents``), the formula of billing
(``frames.cash_rounding``), from which this is written apart.

Whether a company rounds is asked of the version of its settings that the document carries. A row that was
ended after a document was issued, before its date, stays right for it.
"""

# One look at each document, as nearly all of them have nothing to say; only credit notes look at another.
PAYABLES = """
with rounded as materialized (
    select v.company_version_id, code as currency
    from company_version v
    cross join lateral jsonb_array_elements_text(v.content::jsonb -> 'cash_rounding') as code
), document as (
    select i.number_series_id, i.invoice_number, case
        when i.document_kind = 'credit_note' and i.cash_unit_id is distinct from (
                select o.cash_unit_id from invoice o where o.invoice_id = i.credited_invoice_id)
            then 'it goes by another cash unit than the invoice that it credits'
        when i.cash_unit_id is null and (i.cash_unit_minor <> 0 or i.cash_rounding_minor <> 0)
            then 'its sum payable is rounded, and no cash unit says so'
        when i.cash_unit_id is null and i.document_kind = 'invoice' and r.currency is not null and exists (
                select from cash_unit w where w.currency = i.currency and w.valid_from <= i.issue_date
                    and (w.valid_to is null or i.issue_date < w.valid_to))
            then 'it is not rounded, and its company rounds its currency'
        when i.cash_unit_id is null then null
        when (u.currency = i.currency and u.cash_unit_minor = i.cash_unit_minor
                and (i.document_kind = 'credit_note' or u.valid_from <= i.issue_date)) is not true
            then 'its cash unit is not that of a row of its currency'
        when i.total_minor + i.cash_rounding_minor
                <> round(i.total_minor::numeric / i.cash_unit_minor) * i.cash_unit_minor
            then 'its sum payable is not the nearest multiple of its cash unit'
        when i.document_kind = 'invoice' and r.currency is null
            then 'it is rounded, and its company does not round its currency'
        end as fault
    from invoice i
    left join cash_unit u using (cash_unit_id)
    left join rounded r on r.company_version_id = i.company_version_id and r.currency = i.currency
    where :is_everything or i.run_id = any(:runs)
)
select concat(document_number(s.prefix, d.invoice_number), ': ', d.fault)
from document d left join number_series s using (number_series_id)
where d.fault is not null
"""
