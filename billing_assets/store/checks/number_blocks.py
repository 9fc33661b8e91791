"""Queries over the blocks of numbers: they are a chain, and each number of a block is a document of its date.

Belongs here: the half of I08 that asks the blocks.
Does not belong here: the half that asks the numbers of the documents one by one (``documents``). It names a
number that is doubled or missing, so that it is enough to count the documents of a block here.
"""

# The chain is short and always asked whole, the documents of the blocks in which the runs have some.
BLOCKS = """
with touched as materialized (
    select number_series_id, min(invoice_number) as lowest_number, max(invoice_number) as highest_number
    from invoice where :is_everything or run_id = any(:runs) group by number_series_id
), chained as (
    select *, lag(last_number, 1, 0::bigint) over blocks as last_before,
        lag(issue_date, 1, issue_date) over blocks as date_before
    from number_block
    window blocks as (partition by number_series_id order by first_number)
)
select concat('series ', s.prefix, ': its block from ', b.first_number, ' does not follow the one before it')
from chained b join number_series s using (number_series_id)
where b.first_number <> b.last_before + 1 or b.issue_date < b.date_before
union all
select concat('series ', s.prefix, ': its counter or its last issue date is not that of its last block')
from number_series s
left join lateral (
    select last_number, issue_date from number_block b where b.number_series_id = s.number_series_id
    order by first_number desc limit 1
) b on true
where (s.last_number, s.last_issue_date) is distinct from (coalesce(b.last_number, 0), b.issue_date)
union all
select concat('series ', s.prefix, ': its block from ', b.first_number, ' to ', b.last_number, ' has ',
    d.document_count, ' documents, not one for each number and all of its date')
from touched t
join number_block b on b.number_series_id = t.number_series_id
    and b.last_number >= t.lowest_number and b.first_number <= t.highest_number
join number_series s on s.number_series_id = b.number_series_id
cross join lateral (
    select count(*) as document_count, min(issue_date) as first_date, max(issue_date) as last_date
    from invoice i
    where i.number_series_id = b.number_series_id
        and i.invoice_number between b.first_number and b.last_number
) d
where (d.document_count, d.first_date, d.last_date)
    is distinct from (b.last_number - b.first_number + 1, b.issue_date, b.issue_date)
"""
