"""Queries over the guards of the portal: each payer sees their own, by rules of the server that are in force.

Belongs here: the part of I22 that is about payers, and what it expects, as ``store.migrations`` makes it.
Does not belong here: the other guards (``guards``).
"""

from collections.abc import Mapping

from billing_assets.store.payer_scope import ADDED_REQUEST, READABLE, READABLE_COLUMNS
from billing_assets.store.roles import APP_ROLE, OWNER_ROLE, PAYER_ROLE

OWN_ROWS: Mapping[str, str] = {
    "payer": "(payer_id = current_payer_id())",
    "payer_version": "(payer_id = current_payer_id())",
    "payer_preference": "(payer_id = current_payer_id())",
    "portal_document": "(payer_id = current_payer_id())",
    "payer_sign_in_link": "false",
    "payer_session": "false",
    "document_request": "((payer_id = current_payer_id()) AND (source_kind = 'portal'::text))",
    "letter": "(payer_id = current_payer_id())",
}
"""Table -> the condition of a payer's own rows, as the catalogue tells it."""

NEW_ROWS: Mapping[str, str] = {
    "document_request": (
        "((payer_id = current_payer_id()) AND (source_kind = 'portal'::text) AND (state = 'asked'::text) "
        "AND (channel = 'download'::text) AND starts_with(request_key, concat('portal:', payer_id, ':')))"
    ),
}
"""Table -> what a row has to be besides, for a payer to add it."""

MAY_WRITE = (
    "insert payer_preference.company_id",
    "insert payer_preference.payer_id",
    "insert payer_preference.language",
    "insert payer_preference.channels",
    "insert payer_preference.recorded_at",
    "update portal_document.seen_at",
    *(f"insert document_request.{column}" for column in ADDED_REQUEST),
)
"""What the role of payers may write, column by column."""

PARAMETERS: Mapping[str, object] = {
    "payer_role": PAYER_ROLE,
    "own_tables": list(OWN_ROWS),
    "own_conditions": list(OWN_ROWS.values()),
    "new_conditions": [NEW_ROWS.get(table) for table in OWN_ROWS],
    "payer_reads": list(READABLE),
    "some_read": list(READABLE_COLUMNS),
    "payer_columns": [f"{table}.{each}" for table, columns in READABLE_COLUMNS.items() for each in columns],
    "payer_writes": list(MAY_WRITE),
    "own_view": "%current_payer_id()%",
    "all_rows_of": [APP_ROLE, OWNER_ROLE],
}
"""Values of the placeholders of ``GUARDS`` that those of ``guards`` have not."""

GUARDS = """
select concat('table ', e.table_name, ': its policies are not in force for everybody')
from unnest(cast(:own_tables as text[])) as e (table_name)
where not exists (
    select from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = :schema and c.relname = e.table_name and c.relrowsecurity and c.relforcerowsecurity)
union all
select concat('table ', e.table_name, ': the policy own does not show the payer''s own rows alone')
from unnest(cast(:own_tables as text[]), cast(:own_conditions as text[]), cast(:new_conditions as text[]))
    as e (table_name, condition, new_condition)
where not exists (
    select from pg_policies p where p.schemaname = :schema and p.tablename = e.table_name
        and p.policyname = 'own' and p.qual = e.condition
        and p.with_check is not distinct from e.new_condition)
union all
select concat('table ', p.tablename, ': the policy ', p.policyname, ' shows rows to others')
from pg_policies p
where p.schemaname = :schema and p.policyname <> 'own'
    and not cast(p.roles as text[]) <@ cast(:all_rows_of as text[])
union all
select concat('view ', c.relname, ': it is no barrier, or not of the payer alone')
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = :schema and c.relkind in ('v', 'm') and c.relname = any(:payer_reads)
    and not (c.relkind = 'v' and coalesce(c.reloptions, '{}') @> array['security_barrier=true']
        and pg_get_viewdef(c.oid) like :own_view)
union all
select 'function current_payer_id: it does not say who the payer is'
where not exists (
    select from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = :schema and p.proname = 'current_payer_id'
        and p.prosrc like '%nullif(current_setting(''billing.payer_id'', true), '''')%')
union all
select concat('role ', r.rolname, ': it is above the guards')
from pg_roles r
where r.rolname = :payer_role and (r.rolsuper or r.rolbypassrls or r.rolcreaterole or r.rolcreatedb
    or pg_has_role(r.oid, :owner_role, 'member') or pg_has_role(r.oid, :app_role, 'member')
    or has_schema_privilege(r.oid, :schema, 'create'))
union all
select concat('table ', c.relname, ': ', r.rolname, ' may read it')
from pg_roles r cross join pg_class c join pg_namespace n on n.oid = c.relnamespace
where r.rolname = :payer_role and n.nspname = :schema and c.relkind in ('r', 'p', 'v', 'm')
    and c.relname <> all(:payer_reads) and has_any_column_privilege(r.oid, c.oid, 'select')
union all
select concat('table ', c.relname, ': ', r.rolname, ' may read ', a.attname)
from pg_roles r cross join pg_class c join pg_namespace n on n.oid = c.relnamespace
join pg_attribute a on a.attrelid = c.oid
where r.rolname = :payer_role and n.nspname = :schema and c.relname = any(:some_read) and a.attnum > 0
    and not a.attisdropped and has_column_privilege(r.oid, c.oid, a.attnum, 'select')
    and concat(c.relname, '.', a.attname) <> all(:payer_columns)
union all
select concat('table ', c.relname, ': ', r.rolname, ' may ', e.right_name, ' ', a.attname)
from pg_roles r cross join pg_class c join pg_namespace n on n.oid = c.relnamespace
join pg_attribute a on a.attrelid = c.oid
cross join unnest(array['insert', 'update']) as e (right_name)
where r.rolname = :payer_role and n.nspname = :schema and c.relkind in ('r', 'p', 'v') and a.attnum > 0
    and not a.attisdropped and has_column_privilege(r.oid, c.oid, a.attnum, e.right_name)
    and concat(e.right_name, ' ', c.relname, '.', a.attname) <> all(:payer_writes)
union all
select concat('table ', c.relname, ': ', r.rolname, ' may ', e.right_name, ' it')
from pg_roles r cross join pg_class c join pg_namespace n on n.oid = c.relnamespace
cross join unnest(array['delete', 'truncate', 'trigger']) as e (right_name)
where r.rolname = :payer_role and n.nspname = :schema and c.relkind in ('r', 'p', 'v')
    and has_table_privilege(r.oid, c.oid, e.right_name)
"""
