"""The query over holds: nothing was billed that a hold of the billing clock had stopped.

Belongs here: I28. Does not belong here: what waits in the outbox (``deliveries``).

A hold counts for what was committed while it stood; billing and the setting of holds take turns. A run that
was interrupted goes on by the holds of that moment, so that its shards are asked, not its plan.
"""

from billing_assets.store.shards import SHARD_OF_TERM

HELD_BILLS = f"""
select concat('line ', l.line_number, ' of invoice ', l.invoice_id, ': hold ', s.hold_id,
    ' stops billing for its policy term ', l.policy_term_id)
from clock_hold s
join billing_run r on r.company_id = s.company_id
    and (r.billing_date between s.from_date and coalesce(s.until_date, 'infinity')
        or r.issuing_date between s.from_date and coalesce(s.until_date, 'infinity'))
join invoice i on i.run_id = r.run_id
join invoice_line l on l.invoice_id = i.invoice_id and l.credited_invoice_id is null
join policy_term_version v on v.policy_term_version_id = l.policy_term_version_id
where 'bill' = any(s.clocks) and is_held_by(s, v.place_code, v.product_code)
    and (:is_everything or r.run_id = any(:runs))
    and exists (select from policy_term t join run_shard h on {SHARD_OF_TERM}
        where t.policy_term_id = l.policy_term_id and h.committed_at >= s.set_at
            and (s.lifted_at is null or h.committed_at < s.lifted_at))
"""  # noqa: S608 - constants
