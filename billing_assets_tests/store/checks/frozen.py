"""Frozen records read back from a store, and a store as it stood at its first revision.

Belongs here: what the tests of records need to hash again, and to migrate.
Does not belong here: any judgement.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import polars as pl
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

from billing_assets.frames.snapshots import FORMATS, RECORD_FORMAT, snapshot_hashes
from billing_assets.store import schema
from billing_assets.store.connection import Database, make_engine
from billing_assets.store.copy import copy_out
from billing_assets_tests.databases import run_sql, url_of

_HEADS = """
select i.invoice_id, i.record_format, i.document_kind, i.company_id,
    s.prefix || lpad(i.invoice_number::text, 8, '0'), i.issue_date, i.due_date, i.tax_point_date, i.currency,
    i.net_minor, i.tax_minor, i.total_minor,
    encode(y.content_sha256, 'hex'), encode(c.content_sha256, 'hex'), encode(t.content_sha256, 'hex'),
    encode(i.snapshot_sha256, 'hex')
from invoice i join number_series s using (number_series_id) join payer_version y using (payer_version_id)
join company_version c using (company_version_id) join template_version t using (template_version_id)
order by i.invoice_id
"""
_LINES = """
select l.invoice_id, l.line_number, encode(v.content_sha256, 'hex'), l.charge_kind, l.installment_number,
    l.installment_count, l.revision, l.period_from_date, l.period_to_date, l.net_minor, l.tax_minor,
    encode(n.content_sha256, 'hex'), l.contained_tax_minor
from invoice_line l join policy_term_version v using (policy_term_version_id)
join payment_plan n using (payment_plan_id) order by 1, 2
"""
_TAXES = """
select t.invoice_id, t.tax_number, r.tax_code, r.category_code, r.rate_ppm, t.base_minor, t.tax_minor,
    r.exemption_reason, r.basis, r.basis_tax_codes, r.amount_minor, r.rounding_scope, r.rounding_minor,
    r.is_inclusive::text
from invoice_tax t join tax_rule r using (tax_rule_id) order by 1, 2
"""


def stored_parts(connection: Connection) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Return heads (with `snapshot_sha256`), lines and taxes as the frames hash them."""
    form, key = FORMATS[RECORD_FORMAT], "invoice_id"
    heads = copy_out(connection, _HEADS, (), _schema(key, *form.head, "snapshot_sha256"))
    lines = copy_out(connection, _LINES, (), _schema(key, *form.line))
    taxes = copy_out(connection, _TAXES, (), _schema(key, *form.tax))
    return tuple(part.rename({key: "draft_index"}) for part in (heads, lines, taxes))  # type: ignore[return-value]


def _schema(*names: str) -> dict[str, type[pl.DataType]]:
    return {
        name: pl.Date
        if name.endswith("_date")
        else pl.Int64
        if name.endswith(
            (
                "_id",
                "_minor",
                "_ppm",
                "_count",
                "revision",
                "_format",
                "line_number",
                "tax_number",
                "ment_number",
            )
        )
        and name != "document_number"
        else pl.String
        for name in names
    }


_FIRST_PLANS = ("daily", "weekly", "monthly", "quarterly", "half_yearly", "yearly")
_LATER_PLANS = "delete from payment_plan where plan_code <> all(:shipped)"
_LATER_BATCHES = "delete from intake_batch where file_name = 'changes.csv'"


@contextmanager
def first_store(server_url: str, source: Database, name: str) -> Iterator[str]:
    """Yield the URL of a store at the first revision with the rows of `source`, its records in format 1."""
    url = url_of(server_url, name)
    run_sql(server_url, f"create database {name}")
    try:
        _make_first_schema(url)
        superuser = make_engine(url, "postgres")
        with source.transaction() as there, superuser.begin() as here:
            here.execute(text("set local session_replication_role = replica"))
            for table in here.execute(text(_TABLES)).scalars():
                _copy_table(there, here, table)
            here.execute(text(_LATER_PLANS), {"shipped": list(_FIRST_PLANS)})
            here.execute(text(_LATER_BATCHES))
            heads, lines, taxes = stored_parts(there)
            _rehash(here, heads["draft_index"], snapshot_hashes(heads, lines, taxes, 1))
            for statement in here.execute(text(_SEQUENCES)).scalars().all():
                here.execute(text(statement))
        superuser.dispose()
        yield url
    finally:
        run_sql(server_url, f"drop database if exists {name} with (force)")


def _make_first_schema(url: str) -> None:
    upgrade_to = command.upgrade
    with pytest.MonkeyPatch.context() as patch:

        def stop_early(config: Config, _revision: str) -> None:
            upgrade_to(config, "0001")

        patch.setattr(command, "upgrade", stop_early)
        patch.setattr(schema, "seed_rules", lambda _connection: None)
        schema.upgrade(url)


_TABLES = """
select tablename from pg_tables where schemaname = 'billing' and tablename <> 'alembic_version'
"""
_COLUMNS = """
select attname from pg_attribute where attrelid = cast(:name as regclass) and attnum > 0 and not attisdropped
order by attnum
"""
_SEQUENCES = """
select format('select setval(%L, coalesce(max(%I), 1)) from %I',
    pg_get_serial_sequence(quote_ident(table_name), column_name), column_name, table_name)
from information_schema.columns where table_schema = 'billing' and is_identity = 'YES'
union all select 'select setval(''invoice_id_sequence'', max(invoice_id)) from invoice'
"""


def _copy_table(there: Connection, here: Connection, table: str) -> None:
    names = ", ".join(here.execute(text(_COLUMNS), {"name": table}).scalars())
    source, target = (each.connection.driver_connection for each in (there, here))
    assert source is not None
    assert target is not None
    with (
        source.cursor() as reader,
        target.cursor() as writer,
        reader.copy(f"copy (select {names} from {table}) to stdout") as rows,
        writer.copy(f"copy {table} ({names}) from stdin") as into,
    ):
        for block in rows:
            into.write(block)


def _rehash(connection: Connection, invoice_ids: pl.Series, hashes: pl.Series) -> None:
    values = {"ids": invoice_ids.to_list(), "hashes": hashes.to_list()}
    for table in ("invoice", "document"):
        changed = connection.execute(
            text(
                f"update {table} i set snapshot_sha256 = decode(h.hash, 'hex') "
                "from unnest(cast(:ids as bigint[]), cast(:hashes as text[])) as h (invoice_id, hash) "
                "where i.invoice_id = h.invoice_id"
            ),
            values,
        )
        assert changed.rowcount > 0
