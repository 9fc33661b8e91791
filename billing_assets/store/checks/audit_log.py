"""Queries over the audit log: it is one unbroken chain for each company, from its first entry to its last.

Belongs here: I21. Does not belong here: what was done (``store.audit_log``).

The chain is short beside everything else and is asked whole, whatever the date.
"""

AUDIT_LOG = """
with entry as (
    select e.company_id, e.entry_number, e.former_sha256, e.entry_sha256,
        audit_hash(e.*::audit_entry) as real_sha256,
        lag(e.entry_number, 1, 0::bigint) over chain as number_before,
        lag(e.entry_sha256, 1, ''::bytea) over chain as sha256_before
    from audit_entry e
    where cast(:company as smallint) is null or e.company_id is null or e.company_id = :company
    window chain as (partition by e.company_id order by e.entry_number)
), chain as (
    select c.company_id, c.entry_count, c.last_sha256 from audit_chain c
    where cast(:company as smallint) is null or c.company_id is null or c.company_id = :company
)
select concat('entry ', entry_number, ' of company ', coalesce(company_id, 0),
    ': the entry before it is missing')
from entry where entry_number <> number_before + 1
union all
select concat('entry ', entry_number, ' of company ', coalesce(company_id, 0),
    ': it does not hash to the stored value')
from entry where entry_sha256 <> real_sha256
union all
select concat('entry ', entry_number, ' of company ', coalesce(company_id, 0),
    ': it is not chained to the entry before it')
from entry where former_sha256 <> sha256_before
union all
select concat('company ', coalesce(c.company_id, 0), ': its last entries are missing, or it has too many')
from chain c left join lateral (
    select count(*) as entry_count, coalesce((array_agg(entry_sha256 order by entry_number desc))[1], '')
        as last_sha256
    from entry e where e.company_id is not distinct from c.company_id
) e on true
where (c.entry_count, c.last_sha256) is distinct from (e.entry_count, e.last_sha256)
union all
select distinct concat('company ', coalesce(e.company_id, 0), ': its entries have no chain')
from entry e
where not exists (select from chain c where c.company_id is not distinct from e.company_id)
"""
