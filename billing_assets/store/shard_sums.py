"""What each shard of a run has written, counted in the store by its own transaction, and added up for a run.

Belongs here: the count behind a checkpoint, and the sums of all checkpoints of a run.
Does not belong here: the count of a run from its rows (``run_facts``, ``certificates``), which holds where a
shard told nothing; the proof that the sums are still those of the rows (``checks.certificates``).

The rows of a shard are counted while they are still at hand, in parallel with other shards. It is the store's
count: what the program believes to have written stands beside it in the checkpoint and is held against it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from sqlalchemy import Connection, Row, text

from billing_assets.domain.certificates import TERM_OUTCOMES
from billing_assets.steps.issue_ports import NumberBlock

# Terms of a range of policies lie all over the table once they were renewed, so they are listed; a block of
# numbers is a shard's own. A term counts once, by the last of its outcomes.
WRITTEN_SUMS = """(
    with charge as materialized (
        select policy_term_id, outcome, coalesce(reason_code, '') as reason_code, currency::text as currency,
            net_minor
        from due_charge where run_id = :run and policy_term_id = any(cast(:terms as bigint[]))
    ), term as (
        select max(array_position(cast(:outcomes as text[]), outcome)) as place
        from charge where outcome = any(cast(:outcomes as text[])) group by policy_term_id
    )
    select jsonb_build_object(
        'charges', (select coalesce(jsonb_agg(to_jsonb(c)), '[]') from (
            select outcome, reason_code, currency, count(*) as charge_count, sum(net_minor) as net_minor
            from charge group by 1, 2, 3) c),
        'terms', (select coalesce(jsonb_agg(to_jsonb(t)), '[]') from (
            select place, count(*) as term_count from term group by 1) t),
        'documents', (select coalesce(jsonb_agg(to_jsonb(d)), '[]') from (
            select i.document_kind, i.currency::text as currency, i.number_series_id,
                count(*) as document_count, sum(i.net_minor) as net, sum(i.tax_minor) as tax,
                sum(i.total_minor) as total, min(i.invoice_number) as first_number,
                max(i.invoice_number) as last_number,
                count(*) filter (where i.cash_rounding_minor <> 0) as rounded_count,
                sum(i.cash_rounding_minor) as rounding, min(i.issue_date) as first_date,
                max(i.issue_date) as last_date
            from unnest(cast(:series as bigint[]), cast(:firsts as bigint[]), cast(:lasts as bigint[]))
                as block (number_series_id, first_number, last_number)
            join invoice i on i.number_series_id = block.number_series_id
                and i.invoice_number between block.first_number and block.last_number
            group by 1, 2, 3) d)
    )
)"""
"""What a shard has written, as an expression over the values of ``sums_values`` and ``run``."""

_ALL_TOLD = """
select coalesce(bool_and(written_sums is not null), false) from run_shard
where run_id = :run and committed_at is not null
"""
_CHARGES = """
select t.outcome, t.reason_code, t.currency, sum(t.charge_count)::bigint, sum(t.net_minor)::text
from run_shard h cross join lateral jsonb_to_recordset(h.written_sums -> 'charges') as t (outcome text,
    reason_code text, currency text, charge_count bigint, net_minor numeric)
where h.run_id = :run and h.committed_at is not null group by 1, 2, 3
"""
_TERMS = """
select t.place, sum(t.term_count)::bigint as term_count
from run_shard h cross join lateral jsonb_to_recordset(h.written_sums -> 'terms') as t (place int,
    term_count bigint)
where h.run_id = :run and h.committed_at is not null group by 1
"""
_DOCUMENTS = """
select t.document_kind, t.currency, t.number_series_id, sum(t.document_count)::bigint as document_count,
    sum(t.net)::text as net, sum(t.tax)::text as tax, sum(t.total)::text as total,
    min(t.first_number) as first_number, max(t.last_number) as last_number,
    sum(t.rounded_count)::bigint as rounded_count, sum(t.rounding)::text as rounding,
    min(t.first_date) as first_date, max(t.last_date) as last_date, s.prefix
from run_shard h cross join lateral jsonb_to_recordset(h.written_sums -> 'documents') as t (
    document_kind text, currency text, number_series_id bigint, document_count bigint, net numeric,
    tax numeric, total numeric, first_number bigint, last_number bigint, rounded_count bigint,
    rounding numeric, first_date date, last_date date)
join number_series s using (number_series_id)
where h.run_id = :run and h.committed_at is not null
group by t.document_kind, t.currency, t.number_series_id, s.prefix
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenSums:
    """What the committed shards of a run have written.

    ``charges`` are rows of outcome, reason, currency, count and net (as text); ``documents`` rows as those of
    ``run_facts``; ``term_counts`` in the order of ``TERM_OUTCOMES``.
    """

    charges: Sequence[Row[Any]]
    documents: Sequence[Row[Any]]
    term_counts: tuple[int, ...]


def sums_values(policy_term_ids: pl.Series, blocks: Sequence[tuple[NumberBlock, int]]) -> dict[str, Any]:
    """Return the values of ``WRITTEN_SUMS`` beside ``run``: the terms charged, the blocks with their size.

    >>> block = NumberBlock(number_series_id=4, prefix="INV-", first_number=7, issue_date=None)
    >>> values = sums_values(pl.Series([8, 9, 9]), [(block, 2)])
    >>> values["terms"], values["series"], values["firsts"], values["lasts"]
    ('{8,9}', [4], [7], [8])
    """
    terms = policy_term_ids.unique().sort().cast(pl.String)
    return {
        # One text: the driver takes a list number by number.
        "terms": f"{{{terms.str.join(',').item() if terms.len() else ''}}}",
        "outcomes": [outcome.value for outcome in TERM_OUTCOMES],
        "series": [block.number_series_id for block, _ in blocks],
        "firsts": [block.first_number for block, _ in blocks],
        "lasts": [block.first_number + count - 1 for block, count in blocks],
    }


def read_written_sums(connection: Connection, run_id: int) -> WrittenSums | None:
    """Return what the committed shards of a run have written; None where one of them, or none, has told."""
    run = {"run": run_id}
    if not connection.execute(text(_ALL_TOLD), run).scalar_one():
        return None
    counts = {row.place: row.term_count for row in connection.execute(text(_TERMS), run)}
    return WrittenSums(
        charges=connection.execute(text(_CHARGES), run).all(),
        documents=connection.execute(text(_DOCUMENTS), run).all(),
        term_counts=tuple(counts.get(place, 0) for place in range(1, len(TERM_OUTCOMES) + 1)),
    )
