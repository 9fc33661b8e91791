"""The query over sums payable: rounded to cash amounts where the company asks for it, and nowhere else.

Belongs here: I23. Does not belong here: totals (``documents``), the formula of billing
(``frames.cash_rounding``), from which this is written apart.

Whether a company rounds is asked of the version of its settings that the document carries. A row that was
ended after a document was issued, before its date, stays right for it.
"""

PAYABLES = """
with version as materialized (
    select v.company_version_id, code as currency
    from company_version v
    cross join lateral jsonb_array_elements_text(v.content::jsonb -> 'cash_rounding') as code
), document as (
    select i.*, document_number(s.prefix, i.invoice_number) as printed_number
    from invoice i left join number_series s using (number_series_id)
    where :is_everything or i.run_id = any(:runs)
)
select concat(d.printed_number, ': its sum payable is rounded, and no cash unit says so')
from document d
where d.cash_unit_id is null and (d.cash_unit_minor <> 0 or d.cash_rounding_minor <> 0)
union all
select concat(d.printed_number, ': its cash unit is not that of a row of its currency')
from document d left join cash_unit u using (cash_unit_id)
where d.cash_unit_id is not null and (u.currency = d.currency and u.cash_unit_minor = d.cash_unit_minor
    and (d.document_kind = 'credit_note' or u.valid_from <= d.issue_date)) is not true
union all
select concat(d.printed_number, ': its sum payable is not the nearest multiple of its cash unit')
from document d
where d.cash_unit_id is not null and d.cash_unit_minor > 0 and d.total_minor + d.cash_rounding_minor
    <> round(d.total_minor::numeric / d.cash_unit_minor) * d.cash_unit_minor
union all
select concat(d.printed_number, ': it is rounded, and its company does not round its currency')
from document d left join version v using (company_version_id, currency)
where d.document_kind = 'invoice' and d.cash_unit_id is not null and v.currency is null
union all
select concat(d.printed_number, ': it is not rounded, and its company rounds its currency')
from document d
join version v using (company_version_id, currency)
join cash_unit u on u.currency = d.currency and u.valid_from <= d.issue_date
    and (u.valid_to is null or d.issue_date < u.valid_to)
where d.document_kind = 'invoice' and d.cash_unit_id is null
union all
select concat(d.printed_number, ': it goes by another cash unit than the invoice that it credits')
from document d join invoice o on o.invoice_id = d.credited_invoice_id
where d.document_kind = 'credit_note' and d.cash_unit_id is distinct from o.cash_unit_id
"""
