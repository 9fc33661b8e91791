"""Completeness certificates in the store: counting what they hold against each other, and keeping them.

Belongs here: the counts over book, shards and charges, writing and reading certificates.
Does not belong here: what a certificate says (``domain.certificates``), the proof that it still holds
(``checks.certificates``).

The terms of the book are counted by one pass over it, which knows of the shards only where each begins.
What the shards read they told with their checkpoints. A run that began before shards told it has none.
"""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection, Row, RowMapping, text

from billing_assets.domain.certificate_files import KeptCertificate, canonical_text
from billing_assets.domain.certificates import (
    TERM_OUTCOMES,
    CertificateFacts,
    Phase,
    TermCount,
    build_certificate,
)
from billing_assets.domain.errors import BillingError
from billing_assets.domain.invoices import DocumentKind
from billing_assets.domain.numbering import document_number
from billing_assets.domain.runs import CurrencyTotal, Outcome
from billing_assets.domain.selections import SELECTION_FIELDS
from billing_assets.reports.run_report import RunFacts
from billing_assets.store.invoices import reach_values
from billing_assets.store.shard_sums import read_written_sums
from billing_assets.store.shards import selected

_RUN = """
select r.company_id, r.book_batch_id, r.catch_up, r.held_until, r.is_open_day, r.shard_count, r.plan_sha256,
    r.plan_totals, r.selection, h.shard_count as committed_count, h.due_count as charge_count,
    h.invoice_count, h.has_counts
from billing_run r cross join lateral (
    select count(committed_at) as shard_count, coalesce(sum(due_count), 0) as due_count,
        coalesce(sum(invoice_count), 0) as invoice_count,
        coalesce(bool_and(term_counts is not null), true) as has_counts
    from run_shard h where h.run_id = r.run_id
) h
where r.run_id = :run
"""
_BATCH = """
select batch_id, batch_kind, encode(file_sha256, 'hex') as file_sha256, row_count, problem_count,
    control_totals
from intake_batch where batch_id = :batch
"""
_EARLIER_RUNS = """
select r.run_id, r.sequence_number, r.run_kind, r.state, r.due_count, r.selection,
    encode(c.content_sha256, 'hex') as content_sha256
from billing_run r left join run_certificate c using (run_id)
where r.company_id = :company and r.billing_date = :day and r.run_id < :run order by r.run_id
"""
# Which shard a term belongs to is told by where the shards begin, not by the condition that they read by.
# The borders come as values: beside a table of them the server would count on one core.
_CUT = """
select (select payer_plans from run_shard where run_id = :run limit 1) as plans,
    array_agg(from_policy_id order by shard_number) filter (where to_payer_id = 0) as policies,
    array_agg(shard_number order by shard_number) filter (where to_payer_id = 0) as of_policies,
    array_agg(from_payer_id order by shard_number) filter (where to_payer_id > 0) as payers,
    array_agg(shard_number order by shard_number) filter (where to_payer_id > 0) as of_payers
from run_shard where run_id = :run
"""
_SELECTED = selected("v", ":batch", ":{}")
_BOOK_TERMS = f"""
select case when v.plan_code = any(cast(:plans as text[]))
        then (cast(:of_payers as int[]))[width_bucket(v.payer_id, cast(:payers as bigint[]))]
        else (cast(:of_policies as int[]))[width_bucket(v.policy_id, cast(:policies as bigint[]))]
    end as shard_number,
    v.currency,
    case when v.effective_date > :reach then 'far_ahead'
        when v.expiration_date <= v.cut_over_date - :longest_due_days then 'before_cut_over'
        when v.effective_date > :day then 'not_begun'
        when v.expiration_date <= :day then 'ended'
        else 'in_force' end as phase,
    count(*) as term_count, sum(v.premium_minor)::text as premium_minor,
    sum(v.policy_term_id)::text as term_id_sum, 0 as due_term_count
from policy_term_version v
where v.company_id = :company and v.batch_id <= :batch and v.away_months = '{{}}'
    and (v.superseded_batch_id is null or v.superseded_batch_id > :batch)
    and {_SELECTED}
group by 1, 2, 3
"""  # noqa: S608 - constants
_SHARD_TERMS = """
select h.shard_number, t.currency, t.phase, t.term_count, t.premium_minor::text, t.term_id_sum::text,
    t.due_term_count
from run_shard h cross join lateral jsonb_to_recordset(h.term_counts) as t (currency text, phase text,
    term_count bigint, premium_minor numeric, term_id_sum numeric, due_term_count bigint)
where h.run_id = :run and h.committed_at is not null
"""
# A term counts once, by the last of its outcomes: those from each outcome on are counted, then subtracted.
# Sorting the ids, as this does, takes half of the time of a group for each term.
_FROM = [", ".join(f"'{each}'" for each in TERM_OUTCOMES[place:]) for place in range(len(TERM_OUTCOMES))]
_TERM_OUTCOMES = f"""
select {", ".join(f"count(distinct policy_term_id) filter (where outcome in ({each}))" for each in _FROM)}
from due_charge where run_id = :run
"""  # noqa: S608 - constants
# Read only where a tax row is ever contained in a price: no other invoice can have any.
_CONTAINED_TAX = """
select i.currency, sum(l.contained_tax_minor)::text
from invoice i join invoice_line l using (invoice_id)
where exists (select from tax_rule where is_inclusive) and i.run_id = :run and i.document_kind = 'invoice'
group by i.currency
"""
_KEEP = """
insert into run_certificate (run_id, content, content_sha256)
values (:run, :content, sha256(convert_to(:content, 'UTF8'))) on conflict do nothing
"""
_FOUND = """
select r.state, r.run_kind, c.content, encode(c.content_sha256, 'hex') as content_sha256
from billing_run r left join run_certificate c using (run_id)
where r.company_id = :company and r.run_id = :run
"""


def keep_certificate(connection: Connection, facts: RunFacts) -> None:
    """Write the certificate of a run that is finalised just now; ``facts`` are those of its report.

    A run of which shards were committed before they told what they read gets none; a run has one for ever.
    """
    row = connection.execute(text(_RUN), {"run": facts.run_id}).one()
    if row.has_counts:
        content = canonical_text(build_certificate(_facts(connection, facts, row)))
        connection.execute(text(_KEEP), {"run": facts.run_id, "content": content})


def _facts(connection: Connection, facts: RunFacts, row: Row[Any]) -> CertificateFacts:
    run = {"run": facts.run_id}
    values = {**run, "company": row.company_id, "batch": row.book_batch_id, "day": facts.billing_date}
    batch = connection.execute(text(_BATCH), {"batch": row.book_batch_id}).mappings().first()
    kinds = ((DocumentKind.INVOICE, facts.invoices), (DocumentKind.CREDIT_NOTE, facts.credit_notes))
    return CertificateFacts(
        run=_head(facts, row),
        book=dict(batch) if batch else {"batch_id": row.book_batch_id},
        earlier_runs=[_earlier(each) for each in connection.execute(text(_EARLIER_RUNS), values).mappings()],
        shard_count=row.shard_count,
        committed=(row.committed_count, row.charge_count, row.invoice_count),
        plan_sha256=row.plan_sha256,
        plan_totals=[CurrencyTotal(**total) for total in row.plan_totals],
        book_terms=_book_terms(
            connection, values | facts.selection.lists() | reach_values(facts.billing_date)
        ),
        shard_terms=[_term_count(each) for each in connection.execute(text(_SHARD_TERMS), run)],
        term_outcomes=_term_outcomes(connection, facts.run_id),
        charges=facts.charges,
        documents=[(kind, *each) for kind, amounts in kinds for each in amounts],
        contained_tax={each[0]: int(each[1]) for each in connection.execute(text(_CONTAINED_TAX), run)},
        numbers=[
            (document_number(prefix, first), document_number(prefix, last))
            for prefix, first, last in facts.numbers
        ],
    )


def _book_terms(connection: Connection, values: Mapping[str, Any]) -> list[TermCount]:
    """Return the terms of the book, those that the run was to take, by the shard in whose range they lie."""
    cut = connection.execute(text(_CUT), values).mappings().one()
    lists = {name: list(values[name]) for name in SELECTION_FIELDS}
    return [_term_count(each) for each in connection.execute(text(_BOOK_TERMS), {**values, **lists, **cut})]


def _earlier(row: RowMapping) -> dict[str, Any]:
    """Return an earlier run of the date as a certificate names it; its selection where it has one."""
    return {name: value for name, value in row.items() if name != "selection" or value}


def _term_outcomes(connection: Connection, run_id: int) -> dict[Outcome, int]:
    """Return the due terms by what they came to, each once (``TERM_OUTCOMES``)."""
    sums = read_written_sums(connection, run_id)
    if sums:
        return dict(zip(TERM_OUTCOMES, sums.term_counts, strict=True))
    counts = [*connection.execute(text(_TERM_OUTCOMES), {"run": run_id}).one(), 0]
    return {
        outcome: count - later
        for outcome, (count, later) in zip(TERM_OUTCOMES, pairwise(counts), strict=True)
    }


def _head(facts: RunFacts, row: Row[Any]) -> dict[str, Any]:
    return {
        "run_id": facts.run_id,
        "company_code": facts.company_code,
        "billing_date": facts.billing_date.isoformat(),
        "sequence_number": facts.sequence_number,
        "issuing_date": facts.issuing_date.isoformat(),
        "catch_up": row.catch_up,
        "is_open_day": row.is_open_day,
        "held_until": row.held_until.isoformat() if row.held_until else None,
        **({"selection": facts.selection.record()} if row.selection else {}),
        "planned_at": facts.planned_at.isoformat(),
        "finalised_at": facts.finalised_at.isoformat(),
    }


def _term_count(row: Row[Any]) -> TermCount:
    return TermCount(
        shard_number=row.shard_number,
        currency=row.currency,
        phase=Phase(row.phase),
        term_count=row.term_count,
        premium_minor=int(row.premium_minor),
        term_id_sum=int(row.term_id_sum),
        due_term_count=row.due_term_count,
    )


def read_certificate(connection: Connection, company_id: int, run_id: int) -> KeptCertificate:
    """Return the certificate of a run.

    Raises:
        BillingError: ``run_unknown``; ``certificate_missing``, saying why the run has none.
    """
    row = connection.execute(text(_FOUND), {"company": company_id, "run": run_id}).first()
    if row is None:
        raise BillingError("run_unknown", f"there is no run {run_id}", "'billing runs' shows what there is")
    if row.content is None:
        raise _missing(run_id, row.state, row.run_kind)
    return KeptCertificate(run_id=run_id, content=row.content, content_sha256=row.content_sha256)


def _missing(run_id: int, state: str, run_kind: str) -> BillingError:
    if state != "finalised":
        why = f"run {run_id} is {state}: a run has its certificate once it is finalised"
    elif run_kind == "on_demand":
        why = f"run {run_id} billed on demand: nothing was due in it but what was asked for"
    elif run_kind != "billing":
        why = f"run {run_id} gives back by credit notes that were asked for: nothing is due in it"
    else:
        why = f"run {run_id} began before runs had certificates"
    return BillingError("certificate_missing", why, f"what it did: 'billing runs show {run_id}'")
