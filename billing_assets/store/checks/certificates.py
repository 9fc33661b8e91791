"""Queries over completeness certificates: they are there, unchanged, complete, and still true.

Belongs here: I26. Does not belong here: what a certificate says (``domain.certificates``), whether what was
recorded was due at all (``installments``).

The book is not counted again: it stood still while the run counted it, and the batch that it read is named.
What went with a detached month counts by the sums that were kept of it.
"""

# A run of which a shard told nothing began before there were certificates, and has none.
CERTIFICATES = """
with asked as (
    select r.run_id, r.plan_sha256, r.billing_date, r.book_batch_id, c.content, c.content_sha256,
        c.content::jsonb as said
    from billing_run r left join run_certificate c using (run_id)
    where r.state = 'finalised' and r.run_kind = 'billing' and (:is_everything or r.run_id = any(:runs))
), certified as (
    select * from asked where content is not null
), said_charge as (
    select a.run_id, s.outcome, s.reason_code, s.currency, s.charge_count, s.net_minor
    from certified a cross join lateral jsonb_to_recordset(said #> '{outcomes,charges}') as s (outcome text,
        reason_code text, currency text, charge_count bigint, net_minor numeric)
), stored_charge as (
    select run_id, outcome, reason_code, currency, sum(charge_count) as charge_count,
        sum(net_minor) as net_minor
    from (
        select d.run_id, d.outcome, coalesce(d.reason_code, '') as reason_code, d.currency::text as currency,
            count(*) as charge_count, sum(d.net_minor) as net_minor
        from due_charge d join certified using (run_id)
        group by 1, 2, 3, 4
        union all
        select a.run_id, a.outcome, '', a.currency::text, a.charge_count, a.net_minor
        from away_charge a join certified using (run_id)
    ) here_and_away
    group by 1, 2, 3, 4
), said_document as (
    select a.run_id, s.document_kind, s.currency, s.document_count, s.net_minor, s.tax_minor, s.total_minor
    from certified a cross join lateral jsonb_to_recordset(said -> 'documents') as s (document_kind text,
        currency text, document_count bigint, net_minor numeric, tax_minor numeric, total_minor numeric)
), stored_document as (
    select run_id, document_kind, currency, sum(document_count) as document_count,
        sum(net_minor) as net_minor, sum(tax_minor) as tax_minor, sum(total_minor) as total_minor
    from (
        select i.run_id, i.document_kind, i.currency::text as currency, count(*) as document_count,
            sum(i.net_minor) as net_minor, sum(i.tax_minor) as tax_minor, sum(i.total_minor) as total_minor
        from invoice i join certified using (run_id)
        group by 1, 2, 3
        union all
        select a.run_id, a.document_kind, a.currency::text, a.document_count, a.net_minor, a.tax_minor,
            a.total_minor
        from away_document a join certified using (run_id)
    ) here_and_away
    group by 1, 2, 3
)
select concat('run ', run_id, ': it has no certificate')
from asked a
where content is null and not exists (
    select from run_shard h where h.run_id = a.run_id and h.term_counts is null)
union all
select concat('run ', run_id, ': its certificate does not hash to the stored value')
from certified where content_sha256 <> sha256(convert_to(content, 'UTF8'))
union all
select concat('run ', run_id, ': its certificate is of another run, plan or book')
from certified
where (said #>> '{run,run_id}', said #>> '{run,billing_date}', said #>> '{due,plan_sha256}',
        said #>> '{book,batch_id}')
    is distinct from (run_id::text, billing_date::text, plan_sha256, book_batch_id::text)
union all
select concat('run ', run_id, ': it is not complete: ', t.tie, ' ', t.currency, ' is ', t.found, ' of ',
    t.expected)
from certified cross join lateral jsonb_to_recordset(said -> 'ties')
    as t (tie text, currency text, expected numeric, found numeric, is_equal boolean)
where t.found is distinct from t.expected or not t.is_equal
union all
select concat('run ', run_id, ': its certificate does not say that it is complete')
from certified where (said -> 'is_complete') is distinct from 'true'::jsonb or said -> 'ties' = '[]'::jsonb
union all
select concat('run ', run_id, ': charges ', outcome, ' ', reason_code, ' in ', currency,
    ' are not those of its certificate')
from said_charge s full join stored_charge c using (run_id, outcome, reason_code, currency)
where (s.charge_count, s.net_minor) is distinct from (c.charge_count, c.net_minor)
union all
select concat('run ', run_id, ': documents of kind ', document_kind, ' in ', currency,
    ' are not those of its certificate')
from said_document s full join stored_document i using (run_id, document_kind, currency)
where (s.document_count, s.net_minor, s.tax_minor, s.total_minor)
    is distinct from (i.document_count, i.net_minor, i.tax_minor, i.total_minor)
"""
