"""The policy book in the store: payers, policies, terms and their versions, written a batch at a time.

Belongs here: the store's side of ``steps.intake_ports``. Does not belong here: what changed and what that
means (``frames.book_changes``).

A batch is one transaction: its rows go by COPY into temporary tables and from there, whole sets at a time,
into the book. Imports of one company wait for each other on an advisory lock that ends with the transaction,
so that what is not there yet can be looked for first, which costs less than a conflict at each row.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date

import polars as pl
import psycopg
from sqlalchemy import Connection, text
from sqlalchemy.exc import DataError, IntegrityError

from billing_assets.domain.errors import BillingError
from billing_assets.frames.book_changes import SettledBook, StoredBook
from billing_assets.frames.columns import IN_FORCE_SCHEMA, STORED_PAYER_SCHEMA, STORED_TERM_SCHEMA
from billing_assets.steps.intake_ports import EarlierBatch, NewBatch
from billing_assets.steps.run_ports import Progress
from billing_assets.store.companies import read_issuer
from billing_assets.store.connection import Database
from billing_assets.store.copy import copy_in, copy_out
from billing_assets.store.locks import hold_for_import
from billing_assets.store.problems import (
    close_answered,
    hold_awaited_terms,
    read_open_holds,
    read_open_problems,
    release_holds,
    write_holds,
    write_problems,
)
from billing_assets.store.standing_lines import standing

# A term of a detached month was billed to its end: its lines may be away.
_STORED_TERMS = """
select p.policy_number, v.effective_date, v.line_of_business, v.place_code, v.currency, v.plan_code,
    v.expiration_date, v.anchor_date, v.premium_minor,
    case when v.charge_count > 0 then charges_of(v.policy_term_version_id) else '' end,
    case when v.payer_count > 0 then payers_of(v.policy_term_version_id) else '' end, v.cover_to_date,
    v.hold_code, encode(v.content_sha256, 'hex'), b.line_of_business, b.place_code, b.currency, b.plan_code,
    b.expiration_date, b.anchor_date,
    b.premium_minor, case when b.charge_count > 0 then charges_of(b.policy_term_version_id)
        when b.charge_count = 0 then '' end, case when b.payer_count > 0
        then payers_of(b.policy_term_version_id) when b.payer_count = 0 then '' end, b.cover_to_date,
    case when v.away_months <> '{{}}' then v.expiration_date else billed.to_date end,
    array_to_string(v.away_months, ' ')
from incoming_key k
join policy p on p.company_id = {company} and p.policy_number = k.key
join policy_term_version v on v.company_id = p.company_id and v.policy_id = p.policy_id
    and v.superseded_batch_id is null
left join lateral (
    select max(l.policy_term_version_id) as version_id, max(l.period_to_date) as to_date
    from invoice_line l where l.policy_term_id = v.policy_term_id and l.credited_invoice_id is null
        and l.charge_kind <> 'premium_change' and {standing}
) billed on true
left join policy_term_version b on b.policy_term_version_id = case when v.away_months <> '{{}}'
    then v.policy_term_version_id else billed.version_id end
"""

_STORED_PAYERS = """
select p.payer_key, encode(v.content_sha256, 'hex')
from incoming_key k
join payer p on p.company_id = {company} and p.payer_key = k.key
join lateral (
    select content_sha256 from payer_version where payer_id = p.payer_id order by payer_version_id desc limit
    1
) v on true
"""

_PAYER_CONTENTS = """
select p.payer_key, v.content
from incoming_key k
join payer p on p.company_id = {company} and p.payer_key = k.key
join lateral (
    select content from payer_version where payer_id = p.payer_id order by payer_version_id desc limit 1
) v on true
"""

# No source is null: of a book that is not full, no term has to be there.
_IN_FORCE = """
select p.policy_number, v.effective_date, least(v.cover_to_date, v.expiration_date)
from policy_term_version v join policy p using (policy_id) join intake_batch b using (batch_id)
where v.company_id = %s and v.superseded_batch_id is null and b.source_code = %s
    and least(v.cover_to_date, v.expiration_date) > greatest(%s, v.effective_date)
"""

_WRITE = """
insert into payer (company_id, payer_key)
    select :company, payer_key from incoming_payer i where not exists (
        select from payer p where p.company_id = :company and p.payer_key = i.payer_key) order by row_id;
insert into payer_version (payer_id, company_id, content, content_sha256, batch_id)
    select p.payer_id, p.company_id, i.content, i.content_sha256, :batch
    from incoming_payer i join payer p on p.company_id = :company and p.payer_key = i.payer_key order by
    i.row_id;
insert into policy (company_id, policy_number)
    select :company, policy_number from incoming_term i where not exists (
        select from policy p where p.company_id = :company and p.policy_number = i.policy_number)
    group by policy_number order by min(row_id);
insert into policy_term (policy_id, effective_date)
    select p.policy_id, i.effective_date
    from incoming_term i join policy p on p.company_id = :company and p.policy_number = i.policy_number
    where not exists (
        select from policy_term t where t.policy_id = p.policy_id and t.effective_date = i.effective_date)
    order by i.row_id;
update policy_term_version v set superseded_batch_id = :batch
    from incoming_term i join policy p on p.company_id = :company and p.policy_number = i.policy_number
    join policy_term t on t.policy_id = p.policy_id and t.effective_date = i.effective_date
    where v.policy_term_id = t.policy_term_id and v.superseded_batch_id is null;
insert into policy_term_version (policy_term_id, policy_id, company_id, payer_id, product_code,
line_of_business,
        place_code, currency, plan_code, effective_date, expiration_date, anchor_date, cover_to_date,
        cut_over_date, premium_minor, hold_code, content_sha256, charge_count, payer_count,
        batch_id)
    select t.policy_term_id, t.policy_id, :company, y.payer_id, i.product_code, i.line_of_business,
        i.place_code, i.currency, i.plan_code, i.effective_date, i.expiration_date, i.anchor_date,
        i.cover_to_date, i.cut_over_date, i.premium_minor, i.hold_code, i.content_sha256, i.charge_count,
        i.payer_count, :batch
    from incoming_term i join policy p on p.company_id = :company and p.policy_number = i.policy_number
    join policy_term t on t.policy_id = p.policy_id and t.effective_date = i.effective_date
    join payer y on y.company_id = :company and y.payer_key = i.payer_key
    order by i.row_id;
"""

_INCOMING_TERM = """
create temporary table incoming_term (
    row_id bigint, policy_number text, payer_key text, product_code text, line_of_business text, place_code
    text, currency text, plan_code text, effective_date date, expiration_date date, anchor_date date,
    cover_to_date date, cut_over_date date, premium_minor bigint, content_sha256 bytea, hold_code text,
    charge_count smallint, payer_count smallint
) on commit drop
"""

_INCOMING_CHARGE = """
create temporary table incoming_charge (policy_number text, effective_date date, charge_number smallint,
    charge_code text, charge_name text, line_of_business text, premium_minor bigint) on commit drop
"""
# By keys alone: versions that a batch has just written are in no statistics. Looked for by their batch,
# each charge would read all of them.
_WRITE_CHARGES = """
insert into policy_term_charge (policy_term_version_id, charge_number, charge_code, charge_name,
        line_of_business, premium_minor)
    select v.policy_term_version_id, i.charge_number, i.charge_code, i.charge_name, i.line_of_business,
        i.premium_minor
    from incoming_charge i join policy p on p.company_id = :company and p.policy_number = i.policy_number
    join policy_term t on t.policy_id = p.policy_id and t.effective_date = i.effective_date
    join policy_term_version v on v.policy_term_id = t.policy_term_id and v.superseded_batch_id is null
    order by v.policy_term_version_id, i.charge_number
"""

_INCOMING_SHARE = """
create temporary table incoming_share (policy_number text, effective_date date, payer_number smallint,
    payer_key text, share_ppm integer) on commit drop
"""
_WRITE_SHARES = """
insert into policy_term_payer (policy_term_version_id, payer_number, payer_id, share_ppm)
    select v.policy_term_version_id, i.payer_number, y.payer_id, i.share_ppm
    from incoming_share i join policy p on p.company_id = :company and p.policy_number = i.policy_number
    join policy_term t on t.policy_id = p.policy_id and t.effective_date = i.effective_date
    join policy_term_version v on v.policy_term_id = t.policy_term_id and v.superseded_batch_id is null
    join payer y on y.company_id = :company and y.payer_key = i.payer_key
    order by v.policy_term_version_id, i.payer_number
"""

_INCOMING_PAYER = """
create temporary table incoming_payer (row_id bigint, payer_key text, content text, content_sha256 bytea)
on commit drop
"""

_BATCH = """
insert into intake_batch (company_id, file_name, file_sha256, mapping_sha256, source_code, is_full,
    cut_over_date, row_count, new_count, changed_count, unchanged_count, duplicate_count, problem_count,
    control_totals, imported_at)
values (:company, :file_name, decode(:file_sha256, 'hex'), decode(:mapping_sha256, 'hex'), :source_code,
    :is_full, :cut_over_date, :row_count, :new_count, :changed_count, :unchanged_count, :duplicate_count,
    :problem_count, cast(:totals as jsonb), :imported_at)
returning batch_id
"""


class SqlIntakeStore:
    """Imports into one database."""

    def __init__(self, database: Database) -> None:
        """Use ``database``."""
        self.database = database

    @contextmanager
    def intake(self, company_code: str, progress: Progress) -> Iterator["IntakeTransaction"]:
        """Open an import's transaction; it commits when the block ends well.

        Imports and billing of a company take turns; ``progress`` is told whom this one waits for.
        """
        with self.database.transaction() as connection:
            company_id = read_issuer(connection, company_code).company_id
            # Billing and imports of a company take turns: what an import finds billed is all that is billed.
            hold_for_import(connection, company_id, progress)
            refuse_unfinished_run(connection, company_id)
            yield IntakeTransaction(connection, company_id)


def refuse_unfinished_run(connection: Connection, company_id: int) -> None:
    """Raise ``run_unfinished`` where a run was interrupted: its rest bills the book that it began with."""
    query = text(
        "select min(billing_date) from billing_run where company_id = :company and state = 'running'"
    )
    day = connection.execute(query, {"company": company_id}).scalar_one()
    if day is not None:
        raise BillingError(
            "run_unfinished",
            f"the run of {day} was interrupted and is not finished",
            f"finish it with 'billing run {day}', then import again",
        )


class IntakeTransaction:
    """One import's transaction; see ``steps.intake_ports.IntakeWork``."""

    def __init__(self, connection: Connection, company_id: int) -> None:
        """Work for ``company_id`` inside the transaction of ``connection``."""
        self.connection = connection
        self.company_id = company_id

    def earlier_batch(self, source_code: str, file_sha256: str, mapping_sha256: str) -> EarlierBatch | None:
        """Return the latest batch of that source with that file under that mapping."""
        return self._batch(
            "source_code = :source and file_sha256 = decode(:file, 'hex') "
            "and mapping_sha256 = decode(:mapping, 'hex')",
            {"source": source_code, "file": file_sha256, "mapping": mapping_sha256},
        )

    def last_cut_over_date(self) -> date | None:
        """Return the cut-over date that was given last for the company, None where none ever was."""
        query = text(
            "select cut_over_date from intake_batch where company_id = :company "
            "and cut_over_date is not null order by batch_id desc limit 1"
        )
        return self.connection.execute(query, {"company": self.company_id}).scalar_one_or_none()

    def last_batch(self, source_code: str, *, is_full: bool | None = None) -> EarlierBatch | None:
        """Return the last batch of the company that came from that source, of full books or changes only."""
        condition = "source_code = :source and is_full = coalesce(:is_full, is_full)"
        return self._batch(condition, {"source": source_code, "is_full": is_full})

    def plan_codes(self) -> frozenset[str]:
        """Return the codes of all payment plans."""
        return frozenset(self.connection.execute(text("select plan_code from payment_plan")).scalars())

    def stored_book(
        self,
        policy_numbers: pl.Series,
        payer_keys: pl.Series,
        full_source_code: str | None,
        as_of: date,
    ) -> StoredBook:
        """Return what the store has for a book; see ``steps.intake_ports.IntakeWork``."""
        return StoredBook(
            terms=self._by_key(_STORED_TERMS, policy_numbers, STORED_TERM_SCHEMA),
            payers=self._by_key(_STORED_PAYERS, payer_keys, STORED_PAYER_SCHEMA),
            problems=read_open_problems(self.connection, self.company_id),
            holds=read_open_holds(self.connection, self.company_id),
            in_force=copy_out(
                self.connection, _IN_FORCE, (self.company_id, full_source_code, as_of), IN_FORCE_SCHEMA
            ),
        )

    def payer_contents(self, payer_keys: pl.Series) -> pl.DataFrame:
        """Return those payers as they are now; see ``steps.intake_ports.IntakeWork``."""
        schema = {"payer_key": pl.String, "payer_content": pl.String}
        return self._by_key(_PAYER_CONTENTS, payer_keys, schema)

    def write(self, batch: NewBatch, book: SettledBook) -> int:
        """Write the batch with everything that it brings, and return its id.

        Raises:
            BillingError: ``store_refused_batch``; the server's own words would repeat a row.
        """
        try:
            return self._write(batch, book)
        except (IntegrityError, DataError, psycopg.IntegrityError, psycopg.DataError) as error:
            raise _refused(error) from None

    def _write(self, batch: NewBatch, book: SettledBook) -> int:
        batch_id = self._insert_batch(batch, book)
        for create, table, rows in (
            (_INCOMING_TERM, "incoming_term", book.terms),
            (_INCOMING_PAYER, "incoming_payer", book.payers),
        ):
            self.connection.execute(text(create))
            copy_in(self.connection, table, rows.with_row_index("row_id"))
            self.connection.execute(text(f"analyze {table}"))
        for statement in _WRITE.split(";\n"):
            if statement.strip():
                self.connection.execute(text(statement), {"company": self.company_id, "batch": batch_id})
        self._write_parts("incoming_charge", book.charge_lines, _INCOMING_CHARGE, _WRITE_CHARGES)
        self._write_parts("incoming_share", book.payer_shares, _INCOMING_SHARE, _WRITE_SHARES)
        at = batch.imported_at
        write_problems(self.connection, self.company_id, batch_id, book.problems, at)
        write_holds(self.connection, self.company_id, batch_id, book.holds)
        hold_awaited_terms(self.connection, self.company_id, batch_id)
        release_holds(self.connection, self.company_id, batch_id, book.released)
        close_answered(self.connection, self.company_id, batch_id, book.answered_ids)
        return batch_id

    def _write_parts(self, table: str, parts: pl.DataFrame, create: str, write: str) -> None:
        """Write what belongs to the terms of the batch that have any of it."""
        if parts.is_empty():
            return
        self.connection.execute(text(create))
        copy_in(self.connection, table, parts)
        self.connection.execute(text(f"analyze {table}"))
        self.connection.execute(text(write), {"company": self.company_id})

    def _insert_batch(self, batch: NewBatch, book: SettledBook) -> int:
        values = {
            "company": self.company_id,
            "file_name": batch.file_name,
            "file_sha256": batch.file_sha256,
            "mapping_sha256": batch.mapping_sha256,
            "source_code": batch.source_code,
            "is_full": batch.is_full,
            "cut_over_date": batch.cut_over_date,
            "row_count": book.row_count,
            "new_count": book.new_count,
            "changed_count": book.changed_count,
            "unchanged_count": book.unchanged_count,
            "duplicate_count": book.duplicate_count,
            "problem_count": book.problem_count,
            "totals": json.dumps(batch.control_totals),
            "imported_at": batch.imported_at,
        }
        return int(self.connection.execute(text(_BATCH), values).scalar_one())

    def _batch(self, condition: str, values: Mapping[str, object]) -> EarlierBatch | None:
        query = (
            "select batch_id, row_count, imported_at from intake_batch "  # noqa: S608 - constants
            f"where company_id = :company and batch_kind = 'book' and {condition} "
            "order by batch_id desc limit 1"
        )
        row = self.connection.execute(text(query), {"company": self.company_id, **values}).first()
        return None if row is None else EarlierBatch(**row._asdict())

    def _by_key(self, query: str, keys: pl.Series, schema: Mapping[str, type[pl.DataType]]) -> pl.DataFrame:
        self.connection.execute(text("create temporary table incoming_key (key text) on commit drop"))
        copy_in(self.connection, "incoming_key", keys.rename("key").to_frame())
        self.connection.execute(text("analyze incoming_key"))
        asked = query.format(company=self.company_id, standing=standing("l"))
        found = copy_out(self.connection, asked, (), schema)
        self.connection.execute(text("drop table incoming_key"))
        return found


def _refused(error: Exception) -> BillingError:
    cause = getattr(error, "orig", None) or error
    rule = cause.diag.constraint_name if isinstance(cause, psycopg.Error) else None
    return BillingError(
        "store_refused_batch",
        f"the store refused the batch: {rule or type(cause).__name__}",
        "nothing was imported; what intake accepts must fit the store: this is a fault of the program",
    )
