"""Invoices in the store: a shard's transaction, and reading issued documents.

Belongs here: COPY of a shard's rows, drawing ids, reading the book for a run.
Does not belong here: amounts (``frames``), the order of work (``steps.raise_invoices``), drawing numbers
(``numbering``).
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl
from sqlalchemy import Connection, text

from billing_assets.frames.columns import SETTLED_SCHEMA, TERM_SCHEMA, Schema, schema_of
from billing_assets.steps.issue_ports import NumberBlock
from billing_assets.steps.run_ports import Clock, Run, Shard, ShardBook
from billing_assets.store.change_books import ZERO_BY_CHANGES, ChangeRange, read_change_book
from billing_assets.store.charge_lines import read_charge_lines
from billing_assets.store.copy import copy_in, copy_out
from billing_assets.store.numbering import draw_numbers
from billing_assets.store.payer_shares import read_payer_shares
from billing_assets.store.shard_sums import WRITTEN_SUMS, sums_values
from billing_assets.store.shards import TAKEN, listed, range_values
from billing_assets.store.standing_lines import standing

_REACH_DAYS = 430
"""Longest lead (400 days) and longest run of closed days: terms that begin later cannot be due yet."""

_LONGEST_DUE_DAYS = 400
"""An installment falls due at most so long after its period begins, so also after the term has ended."""

_BLOCK_IDS = 1_000
"""So many ids are opened by one value of the sequence of invoice ids."""

CHANGED_AFTER_BILLING = f"""
    select distinct n.policy_term_id
    from policy_term_version f
    join policy_term_version n on n.policy_term_id = f.policy_term_id and n.company_id = %(company)s
        and n.policy_id >= %(low)s and n.policy_id < %(high)s and {listed("n")} and n.batch_id <= %(batch)s
        and (n.superseded_batch_id is null or n.superseded_batch_id > %(batch)s)
        and n.away_months = '{{}}'
    join invoice_line l on l.policy_term_version_id = f.policy_term_version_id
        and l.policy_term_id = f.policy_term_id and l.credited_invoice_id is null
        and l.charge_kind <> 'premium_change' and {standing("l")}
    where f.company_id = %(company)s and f.policy_id >= %(low)s and f.policy_id < %(high)s
        and {listed("f")}
        and f.superseded_batch_id is not null and f.policy_term_version_id <> n.policy_term_version_id
        and ((f.premium_minor, f.currency, f.plan_code, f.place_code, f.line_of_business, f.effective_date,
            f.expiration_date, f.anchor_date, f.charge_count, f.payer_count) is distinct from
            (n.premium_minor, n.currency, n.plan_code, n.place_code, n.line_of_business, n.effective_date,
            n.expiration_date, n.anchor_date, n.charge_count, n.payer_count)
            or case when f.charge_count > 0 then charges_of(f.policy_term_version_id)
                <> charges_of(n.policy_term_version_id) end
            or case when f.payer_count > 0 then payers_of(f.policy_term_version_id)
                <> payers_of(n.policy_term_version_id) end
            -- a period that was cut short by an end of cover, and the book now says that cover went on
            or (l.period_to_date = f.cover_to_date
                and coalesce(n.cover_to_date, n.expiration_date) > l.period_to_date))
"""  # noqa: S608 - constants
"""The terms of a range of policies that a book changed after they were billed, however late it did."""

# The held terms are looked up in a hash, not joined: after an import the planner does not know yet how many.
_TERMS = f"""
with changed_after_billing as ({CHANGED_AFTER_BILLING}), row_is_problem as (
    select h.policy_term_id
    from problem_hold h join problem q on q.problem_id = h.problem_id and q.is_open
    where h.company_id = %(company)s and h.policy_id >= %(low)s and h.policy_id < %(high)s and {listed("h")}
        and q.batch_id <= %(batch)s
        and (h.released_batch_id is null or h.released_batch_id > %(batch)s)
)
select v.policy_term_id, v.policy_term_version_id, p.policy_number, v.payer_id, y.payer_version_id,
    v.product_code, v.line_of_business, v.place_code, v.currency, v.plan_code, v.effective_date,
    v.expiration_date, v.anchor_date, v.cover_to_date, v.cut_over_date, v.premium_minor,
    coalesce(v.hold_code, case when c.policy_term_id is not null then 'changed_after_billing'
        when v.policy_term_id in (select policy_term_id from row_is_problem) then 'row_is_problem' end),
    encode(v.content_sha256, 'hex'), encode(y.content_sha256, 'hex')
from policy_term_version v
join policy p on p.policy_id = v.policy_id and p.policy_id >= %(low)s and p.policy_id < %(high)s
    and {listed("p")}
left join changed_after_billing c on c.policy_term_id = v.policy_term_id
cross join lateral (
    select payer_version_id, content_sha256 from payer_version
    where payer_id = v.payer_id and batch_id <= %(batch)s order by payer_version_id desc limit 1
) y
where v.company_id = %(company)s and v.policy_id >= %(low)s and v.policy_id < %(high)s
    and v.batch_id <= %(batch)s and (v.superseded_batch_id is null or v.superseded_batch_id > %(batch)s)
    and {TAKEN}
    and v.effective_date <= %(reach)s and v.expiration_date > v.cut_over_date - %(longest_due_days)s
"""  # noqa: S608 - constants

_SETTLED = f"""
with shard_term as (
    select v.policy_term_id, v.policy_term_version_id from policy_term_version v
    where v.company_id = %(company)s and v.policy_id >= %(low)s and v.policy_id < %(high)s
        and v.batch_id <= %(batch)s and (v.superseded_batch_id is null or v.superseded_batch_id > %(batch)s)
        and {TAKEN}
)
select l.policy_term_id, l.installment_number from invoice_line l join shard_term using (policy_term_id)
where l.revision = 0 and l.charge_kind = 'premium' and l.credited_invoice_id is null
union
select d.policy_term_id, d.installment_number from due_charge d join shard_term s using (policy_term_id)
where d.outcome <> 'invoiced' and d.charge_kind <> 'premium_change'
    and ((d.policy_term_version_id = s.policy_term_version_id and (d.outcome = 'zero'
            or exists (select from billing_run r
                where r.run_id = d.run_id and r.billing_date = %(day)s and r.run_kind = 'billing')))
        or ({ZERO_BY_CHANGES}))
"""  # noqa: S608 - constants

_CHECKPOINT = f"""
update run_shard set due_count = :due, invoice_count = :invoices, rule_set_id = :rules, seconds = :seconds,
    term_counts = :counts, written_sums = {WRITTEN_SUMS}, committed_at = :at
where run_id = :run and shard_number = :shard and committed_at is null returning shard_number
"""  # noqa: S608 - constants


_TERM_TRAITS = """
select policy_term_version_id, product_code, place_code from policy_term_version
join unnest(cast(%(ids)s as bigint[])) wanted (policy_term_version_id) using (policy_term_version_id)
"""
_TERM_TRAITS_SCHEMA = schema_of("policy_term_version_id", "product_code", "place_code")
_LANGUAGES = """
select payer_version_id, content::json ->> 'language' from payer_version
join unnest(cast(%(ids)s as bigint[])) wanted (payer_version_id) using (payer_version_id)
"""
_LANGUAGES_SCHEMA: Schema = {**schema_of("payer_version_id"), "language": pl.String}


def read_shard_book(
    connection: Connection, company_id: int, batch_id: int, shard: Shard, as_of: date
) -> ShardBook:
    """Return the terms of a shard as of a batch, and which of their installments are settled.

    Settled is what was invoiced or recorded as zero, and what a run of this very date has already held or
    failed for the same version of the term: a second run of the date does not repeat it, the next date does.
    A term is held where the book changed after one of its installments was billed, however late it did, and
    where a row that speaks of it was refused and neither a good row nor a person has answered for it. No
    import closes a problem while a run is unfinished, so a run finds the same holds from beginning to end.
    """
    parameters = {**_range(company_id, batch_id, shard), "day": as_of}
    return ShardBook(
        terms=read_terms(connection, company_id, batch_id, shard, as_of),
        settled=copy_out(connection, _SETTLED, parameters, SETTLED_SCHEMA),
        changes=read_change_book(connection, ChangeRange(company_id, batch_id, shard, as_of)),
        charge_lines=read_charge_lines(connection, parameters),
        payer_shares=read_payer_shares(connection, parameters),
    )


def read_terms(
    connection: Connection, company_id: int, batch_id: int, shard: Shard, as_of: date
) -> pl.DataFrame:
    """Return the terms of a shard as of a batch, ``columns.TERM_SCHEMA``, those that can be due by a date."""
    parameters = {**_range(company_id, batch_id, shard), **reach_values(as_of)}
    return copy_out(connection, _TERMS, parameters, TERM_SCHEMA)


def reach_values(as_of: date) -> dict[str, object]:
    """Return ``reach`` and ``longest_due_days``, by which queries leave out terms that nothing is due of.

    >>> reach_values(date(2024, 1, 1))["reach"]
    datetime.date(2025, 3, 6)
    """
    reach = date.fromordinal(min(as_of.toordinal() + _REACH_DAYS, date.max.toordinal()))
    return {"reach": reach, "longest_due_days": _LONGEST_DUE_DAYS}


def _range(company_id: int, batch_id: int, shard: Shard) -> dict[str, object]:
    return {"company": company_id, "batch": batch_id, **range_values(shard)}


def _ids(ids: pl.Series) -> dict[str, object]:
    """Return the ids of a whole shard as the text of an array: as a list each would be adapted by itself."""
    return {"ids": f"{{{','.join(map(str, ids))}}}"}


class DocumentTransaction:
    """A transaction that issues documents of one company: ids, numbers, rows."""

    def __init__(self, connection: Connection, company_id: int) -> None:
        """Issue on a connection whose transaction the caller commits."""
        self.connection = connection
        self.company_id = company_id

    def draw_invoice_ids(self, count: int) -> pl.Series:
        """Return ``count`` unused invoice ids, ascending."""
        query = text("select nextval('invoice_id_sequence') from generate_series(1, :blocks) order by 1")
        blocks = {"blocks": -(-count // _BLOCK_IDS)}
        ids = [
            pl.int_range(first, first + _BLOCK_IDS, dtype=pl.Int64, eager=True)
            for first in self.connection.execute(query, blocks).scalars()
        ]
        return pl.concat(ids).head(count).alias("invoice_id")

    def read_term_traits(self, policy_term_version_ids: pl.Series) -> pl.DataFrame:
        """Return ``policy_term_version_id``, ``product_code`` and ``place_code`` of versions of terms."""
        return copy_out(self.connection, _TERM_TRAITS, _ids(policy_term_version_ids), _TERM_TRAITS_SCHEMA)

    def read_languages(self, payer_version_ids: pl.Series) -> pl.DataFrame:
        """Return ``payer_version_id`` and ``language`` of versions of payers."""
        return copy_out(self.connection, _LANGUAGES, _ids(payer_version_ids), _LANGUAGES_SCHEMA)

    def draw_numbers(self, count: int, document_kind: str, prefix: str, issuing_date: date) -> NumberBlock:
        """Lock the series' row until the transaction ends and return its next ``count`` numbers."""
        return draw_numbers(self.connection, self.company_id, count, document_kind, prefix, issuing_date)

    def write_lines(self, lines: pl.DataFrame) -> None:
        """Append invoice lines."""
        copy_in(self.connection, "invoice_line", lines)

    def write_taxes(self, taxes: pl.DataFrame) -> None:
        """Append invoice taxes."""
        copy_in(self.connection, "invoice_tax", taxes)

    def write_postings(self, postings: pl.DataFrame) -> None:
        """Append ledger postings, all of an entry in one frame; the store refuses what does not balance."""
        copy_in(self.connection, "ledger_posting", postings)

    def write_invoices(self, invoices: pl.DataFrame) -> None:
        """Append invoices."""
        copy_in(self.connection, "invoice", invoices)

    def write_entries(self, entries: pl.DataFrame) -> None:
        """Append ledger entries."""
        copy_in(self.connection, "ledger_entry", entries)

    def write_charges(self, charges: pl.DataFrame) -> None:
        """Append due charges with their outcome."""
        copy_in(self.connection, "due_charge", charges)


class ShardTransaction(DocumentTransaction):
    """One shard's transaction; the implementation of ``steps.run_ports.ShardWork``."""

    def __init__(self, connection: Connection, run: Run, shard: Shard, clock: Clock) -> None:
        """Work for ``shard`` of ``run`` on a connection whose transaction the caller commits."""
        super().__init__(connection, run.company_id)
        self.run = run
        self.shard = shard
        self.clock = clock
        self._charged_terms = pl.Series("policy_term_id", [], dtype=pl.Int64)
        self._blocks: list[tuple[NumberBlock, int]] = []
        claim = "select committed_at from run_shard where run_id = :run and shard_number = :shard for update"
        values = {"run": run.run_id, "shard": shard.shard_number}
        self.is_done = connection.execute(text(claim), values).scalar_one() is not None

    def read_book(self) -> ShardBook:
        """Return the shard's terms and what is settled of them."""
        run = self.run
        return read_shard_book(
            self.connection, run.company_id, run.book_batch_id, self.shard, run.billing_date
        )

    def draw_numbers(self, count: int, document_kind: str, prefix: str, issuing_date: date) -> NumberBlock:
        """Lock the series' row until the transaction ends and return its next ``count`` numbers."""
        block = super().draw_numbers(count, document_kind, prefix, issuing_date)
        self._blocks.append((block, count))
        return block

    def write_charges(self, charges: pl.DataFrame) -> None:
        """Append due charges with their outcome."""
        super().write_charges(charges)
        self._charged_terms = charges["policy_term_id"]

    def checkpoint(
        self,
        due_count: int,
        invoice_count: int,
        seconds: Mapping[str, float],
        rule_set_id: int | None = None,
        term_counts: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        """Record that this shard is done, by which rule rows, what it read, and what stands in the store."""
        values = {
            "due": due_count,
            "invoices": invoice_count,
            "rules": rule_set_id,
            "seconds": json.dumps(dict(seconds)),
            "counts": json.dumps([dict(row) for row in term_counts]),
            "at": self.clock(),
            "run": self.run.run_id,
            "shard": self.shard.shard_number,
            **sums_values(self._charged_terms, self._blocks),
        }
        self.connection.execute(text(_CHECKPOINT), values).scalar_one()
