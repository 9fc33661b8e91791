"""The query over holds: nothing was billed that a hold of the billing clock had stopped.

Belongs here: I28. Does not belong here: what waits in the outbox (``deliveries``).

A hold counts for a run that was planned while it stood; billing and the setting of holds take turns.
"""

HELD_BILLS = """
select concat('line ', l.line_number, ' of invoice ', l.invoice_id, ': hold ', h.hold_id,
    ' stops billing for its policy term ', l.policy_term_id)
from clock_hold h
join billing_run r on r.company_id = h.company_id and r.run_kind <> 'correction' and r.planned_at >= h.set_at
    and (h.lifted_at is null or r.planned_at < h.lifted_at)
    and (r.billing_date between h.from_date and coalesce(h.until_date, 'infinity')
        or r.issuing_date between h.from_date and coalesce(h.until_date, 'infinity'))
join invoice i on i.run_id = r.run_id
join invoice_line l on l.invoice_id = i.invoice_id and l.credited_invoice_id is null
join policy_term_version v on v.policy_term_version_id = l.policy_term_version_id
where 'bill' = any(h.clocks) and is_held_by(h, v.place_code, v.product_code)
    and (:is_everything or r.run_id = any(:runs))
"""
