"""Queries over the blocks of numbers: they are a chain, and each number of a block is a document of its date.

Belongs here: the half of I08 that asks the blocks.
Does not belong here: the half that asks the numbers of the documents one by one (``documents``). It names a
number that is doubled or missing, so that it is enough to count the documents of a block here.
Those of a detached month count by the ranges of numbers that were kept of it.
"""

# The chain of a series is short and asked whole, the documents of the blocks in which the runs have some.
BLOCKS = """
with touched as (
    select number_series_id, min(lowest_number) as lowest_number, max(highest_number) as highest_number
    from (
        select number_series_id, min(invoice_number) as lowest_number, max(invoice_number) as highest_number
        from invoice where :is_everything or run_id = any(:runs) group by number_series_id
        union all
        select number_series_id, first_number, last_number from away_number where :is_everything
    ) here_and_away
    group by number_series_id
), series as materialized (
    select s.*, t.lowest_number, t.highest_number
    from number_series s left join touched t using (number_series_id)
    where :is_everything or t.number_series_id is not null
), chained as (
    select s.*, b.first_number, b.last_number as end_number, b.issue_date,
        lag(b.last_number, 1, 0::bigint) over blocks as end_before,
        lag(b.issue_date, 1, b.issue_date) over blocks as date_before,
        lead(b.first_number) over blocks as number_after
    from series s join number_block b using (number_series_id)
    window blocks as (partition by number_series_id order by b.first_number)
)
select concat('series ', prefix, ': its block from ', first_number, ' does not follow the one before it')
from chained
where first_number <> end_before + 1 or issue_date < date_before
union all
select concat('series ', prefix, ': its counter or its last issue date is not that of its last block')
from chained
where number_after is null and (end_number, issue_date) is distinct from (last_number, last_issue_date)
union all
select concat('series ', s.prefix, ': its counter stands at ', s.last_number, ' and there is no block')
from series s
where s.last_number <> 0
    and not exists (select from number_block b where b.number_series_id = s.number_series_id)
union all
select concat('series ', c.prefix, ': its block from ', c.first_number, ' to ', c.end_number, ' has ',
    d.document_count, ' documents, not one for each number and all of its date')
from chained c
cross join lateral (
    select sum(document_count) as document_count, min(first_date) as first_date, max(last_date) as last_date
    from (
        select count(*) as document_count, min(i.issue_date) as first_date, max(i.issue_date) as last_date
        from invoice i
        where i.number_series_id = c.number_series_id
            and i.invoice_number between c.first_number and c.end_number
        union all
        select least(a.last_number, c.end_number) - greatest(a.first_number, c.first_number) + 1,
            a.issue_date, a.issue_date
        from away_number a
        where a.number_series_id = c.number_series_id and a.first_number <= c.end_number
            and a.last_number >= c.first_number
    ) here_and_away
) d
where c.end_number >= c.lowest_number and c.first_number <= c.highest_number
    and (d.document_count, d.first_date, d.last_date)
        is distinct from (c.end_number - c.first_number + 1, c.issue_date, c.issue_date)
"""
