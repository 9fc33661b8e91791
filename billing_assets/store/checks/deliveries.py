"""Queries over deliveries: at most once, only what was issued, and nothing forgotten.

Belongs here: I13, I14 and I15. Does not belong here: what the documents hold (``documents``, ``records``).

Without ``:is_everything`` only the documents of the runs in ``:runs`` are asked about. ``:at`` is the instant
that "a day ago" counts from.
"""

# Left of the @ is domain.deliveries.message_id; right of it the company's domain on the day it was queued.
IDENTITY = """
with asked as (
    select v.*, i.number_series_id, i.invoice_number
    from delivery v
    left join document d using (document_id)
    left join invoice i using (invoice_id)
    where :is_everything or i.run_id = any(:runs)
)
select concat('delivery ', v.delivery_id, ': its Message-ID is not made from its key')
from asked v
left join company c using (company_id)
left join number_series s using (number_series_id)
where split_part(v.message_id, '@', 1) <> left(encode(sha256(convert_to(concat_ws(chr(31), c.company_code,
    document_number(s.prefix, v.invoice_number), v.channel, v.purpose), 'UTF8')),
    'hex'), 32)
union all
select concat('document ', v.document_id, ': it has ', count(*), ' deliveries for one channel and purpose')
from asked v
group by v.document_id, v.channel, v.purpose having count(*) > 1
union all
select concat('delivery ', min(v.delivery_id), ': its Message-ID is used ', count(*), ' times')
from asked v
group by v.message_id having count(*) > 1
union all
select concat('delivery ', v.delivery_id, ': it was accepted ', count(*), ' times')
from asked v join delivery_attempt a using (delivery_id)
where a.state = 'sent'
group by v.delivery_id having count(*) > 1
union all
select concat('delivery ', v.delivery_id,
    case when v.state in ('queued', 'sending') then ': it was accepted and would be sent again'
        else ': it was accepted and does not count as sent' end)
from asked v
where v.state <> 'sent'
    and (exists (select from delivery_attempt a where a.delivery_id = v.delivery_id and a.state = 'sent')
        or exists (select from delivery_decision e where e.delivery_id = v.delivery_id
            and e.decision = 'delivered' and not exists (select from delivery_attempt a
                where a.delivery_id = v.delivery_id and a.state = 'returned')))
union all
select concat('delivery ', v.delivery_id,
    ': it counts as sent, and neither an accepted attempt nor a decision says so')
from asked v
where v.state = 'sent'
    and not exists (select from delivery_attempt a where a.delivery_id = v.delivery_id and a.state = 'sent')
    and not exists (select from delivery_decision e where e.delivery_id = v.delivery_id
        and e.decision = 'delivered')
"""

# An empty content hash: the message carried no PDF. An empty mail hash: it left before mails were hashed.
BYTES = """
select concat('delivery ', v.delivery_id, ': it left, and its invoice was never issued')
from delivery v
left join document d using (document_id)
left join invoice i using (invoice_id)
where :is_everything and v.state in ('sending', 'sent', 'unknown') and i.invoice_id is null
union all
select concat('delivery ', v.delivery_id, ': it carried other bytes than the first rendering of its document')
from delivery v
join document d using (document_id)
join invoice i using (invoice_id)
where (:is_everything or i.run_id = any(:runs)) and v.content_sha256 <> ''
    and v.content_sha256 is distinct from d.pdf_sha256
union all
select concat('delivery ', v.delivery_id, ': it carried another mail than the first one of its document')
from delivery v
join document d using (document_id)
join invoice i using (invoice_id)
where (:is_everything or i.run_id = any(:runs)) and v.mail_sha256 is distinct from d.mail_sha256
    and v.mail_sha256 is not null
union all
select concat('document ', d.document_id, ': the bytes kept are not its first rendering')
from document d
join invoice i using (invoice_id)
where (:is_everything or i.run_id = any(:runs)) and d.pdf is not null
    and (sha256(d.pdf) is distinct from d.pdf_sha256 or length(d.pdf) is distinct from d.pdf_size)
"""

# Only a recorded decision lets a failed row be without an owner.
STANDSTILL = """
select concat('delivery ', v.delivery_id, case v.state when 'sending' then ': in sending for more than a day'
    else concat(': ', v.state, ' for more than a day, and nobody owns it') end)
from delivery v
left join document d using (document_id)
left join invoice i using (invoice_id)
where (:is_everything or i.run_id = any(:runs)) and v.state <> 'sent'
    and (v.state = 'sending' or (v.state in ('unknown', 'failed') and v.owner = ''
        and not (v.reason_code = 'given_up' and exists (select from delivery_decision e
            where e.delivery_id = v.delivery_id and e.decision = 'given-up'))))
    and v.changed_at < cast(:at as timestamptz) - interval '24 hours'
"""
