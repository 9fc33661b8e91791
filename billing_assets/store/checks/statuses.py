"""Queries over statuses: each thing is told once, without a gap, and the last event says what is open.

Belongs here: I29. Does not belong here: what is told of a thing (``frames.statuses``).

What waits to be told is no offender. A date is asked about by the documents of its runs; numbers are asked
about where everything is. Of a detached month nothing is asked: its documents and deliveries are away.
"""

STATUSES = """
with waiting as materialized (
    select s.fact_kind, f.fact_id from status_source s cross join lateral unnest(s.fact_ids) as f (fact_id)
), asked as materialized (
    select i.invoice_id from invoice i where :is_everything or i.run_id = any(:runs)
), unsettled as materialized (
    select coalesce(i.credited_invoice_id, i.invoice_id) as invoice_id
    from waiting w join invoice i on i.invoice_id = w.fact_id where w.fact_kind = 'document'
    union
    select x.invoice_id from waiting w join allocation x on x.allocation_id = w.fact_id
    where w.fact_kind = 'allocation'
), settled as materialized (
    select a.invoice_id from asked a
    where not exists (select from unsettled u where u.invoice_id = a.invoice_id)
)
select concat('company ', b.company_id, ': its events are not numbered from 1 to ', b.last_number)
from status_book b
left join lateral (select count(*) as event_count, coalesce(max(event_number), 0) as highest
    from status_event e where e.company_id = b.company_id) e on true
where :is_everything and (e.event_count, e.highest) is distinct from (b.last_number, b.last_number)
union all
select concat('document ', a.invoice_id, ': nothing is told of it, and it does not wait to be')
from asked a
where not exists (select from waiting w where w.fact_kind = 'document' and w.fact_id = a.invoice_id)
    and not exists (select from status_event e where e.fact_kind = 'document' and e.fact_id = a.invoice_id)
union all
select concat('allocation ', x.allocation_id, ': nothing is told of it, and it does not wait to be')
from asked a join allocation x on x.invoice_id = a.invoice_id
where not exists (select from status_event e where e.fact_kind = 'allocation' and e.fact_id = x.allocation_id)
    and not exists (select from waiting w where w.fact_kind = 'allocation' and w.fact_id = x.allocation_id)
union all
select concat('delivery ', v.delivery_id, ': nothing is told of its end, and it does not wait to be')
from asked a join document d on d.invoice_id = a.invoice_id join delivery v using (document_id)
where v.state in ('sent', 'failed')
    and not exists (select from status_event e where e.fact_kind = 'delivery' and e.fact_id = v.delivery_id)
    and not exists (select from waiting w where w.fact_kind = 'delivery' and w.fact_id = v.delivery_id)
union all
select concat('document ', o.invoice_id, ': its last event does not say what is open of it')
from settled a join open_document o on o.invoice_id = a.invoice_id
left join status_account k on k.invoice_id = o.invoice_id
left join lateral (select e.open_minor from status_event e where e.invoice_id = o.invoice_id
    order by e.event_number desc limit 1) e on true
where (k.open_minor, e.open_minor) is distinct from (o.open_minor, o.open_minor)
"""
