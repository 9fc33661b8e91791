"""Months that are detached: what is kept of them, and the functions that take them away and bring them back.

A month is that of the billing date of an invoice; its credit notes go with it, whenever they were issued. The
rows of its documents leave the tables by a delete, because their keys are what bills a charge once and
numbers a document once, and those keys stay whole in tables of one part. The application may delete none of
them: only ``detach_month`` does, which asks the same conditions again, keeps the sums that the audits need,
and deletes what hashes to what was written elsewhere.

The rows of a month are known by one text for each table (``month_rows``), by which they are read, hashed and
deleted. A term of a detached month names it (``away_months``), and is billed no more: a trigger refuses the
line that would. Attached is a month only with the very rows that were detached: a trigger proves it at the
end of the transaction. The new column has a constant default: no row is written again.
"""

from alembic import op

from billing_assets.store.migrations.frozen import freeze
from billing_assets.store.migrations.month_functions import ATTACH, DETACH, OBSTACLES, ROWS, SUMS

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

TABLES = """
create table detached_month (
    detached_month_id integer generated always as identity primary key,
    company_id smallint not null references company,
    month date not null check (extract(day from month) = 1),
    content text not null,
    content_sha256 bytea not null check (content_sha256 = sha256(convert_to(content, 'UTF8'))),
    detached_at timestamptz not null,
    attached_at timestamptz check (attached_at >= detached_at),
    detached_in xid8 not null,
    attached_in xid8,
    check ((attached_at is null) = (attached_in is null))
);
create unique index detached_month_away on detached_month (company_id, month) where attached_at is null;
create index detached_month_content on detached_month (company_id, content_sha256);
create table detached_document (
    detached_month_id integer not null references detached_month,
    run_id bigint not null,
    document_kind text not null,
    currency char(3) not null,
    document_count bigint not null,
    net_minor bigint not null,
    tax_minor bigint not null,
    total_minor bigint not null,
    primary key (detached_month_id, run_id, document_kind, currency)
);
create index detached_document_run on detached_document (run_id);
create table detached_charge (
    detached_month_id integer not null references detached_month,
    run_id bigint not null,
    outcome text not null,
    currency char(3) not null,
    charge_count bigint not null,
    net_minor bigint not null,
    primary key (detached_month_id, run_id, outcome, currency)
);
create index detached_charge_run on detached_charge (run_id);
create table detached_number (
    detached_month_id integer not null references detached_month,
    number_series_id smallint not null,
    first_number bigint not null,
    last_number bigint not null check (last_number >= first_number),
    issue_date date not null,
    primary key (detached_month_id, number_series_id, first_number)
);
create index detached_number_series on detached_number (number_series_id, first_number);
create table detached_posting (
    detached_month_id integer not null references detached_month,
    posting_date date not null,
    account_number smallint not null,
    currency char(3) not null,
    debit_minor bigint not null,
    credit_minor bigint not null,
    primary key (detached_month_id, posting_date, account_number, currency)
);
alter table policy_term_version add column away_months date[] not null default '{}';
create index policy_term_version_away on policy_term_version (policy_term_id) where away_months <> '{}';
"""

# What is read of months that are away, by the checks and the lists.
VIEWS = """
create view away_document with (security_invoker = true) as
    select m.company_id, m.month, d.* from detached_month m join detached_document d using (detached_month_id)
    where m.attached_at is null;
create view away_charge with (security_invoker = true) as
    select m.company_id, m.month, c.* from detached_month m join detached_charge c using (detached_month_id)
    where m.attached_at is null;
create view away_number with (security_invoker = true) as
    select m.company_id, m.month, n.* from detached_month m join detached_number n using (detached_month_id)
    where m.attached_at is null;
create view away_posting with (security_invoker = true) as
    select m.company_id, m.month, p.* from detached_month m join detached_posting p using (detached_month_id)
    where m.attached_at is null;
"""

# Terms that are billed are mostly newer than all that are away: one look into an index spares the others.
GUARDS = """
create function refuse_removal() returns trigger language plpgsql
set search_path = billing, pg_temp as $$
begin
    if not exists (select from detached_month where detached_in = pg_current_xact_id()) then
        raise exception 'rows are removed with their month alone: % on %', tg_op, tg_table_name
            using hint = 'billing months detach', errcode = 'integrity_constraint_violation';
    end if;
    return null;
end $$;
create function refuse_away_term() returns trigger language plpgsql
set search_path = billing, pg_temp as $$
declare
    newest_id constant bigint := (
        select max(policy_term_id) from policy_term_version where away_months <> '{}');
begin
    if newest_id is not null
        and not exists (select from detached_month where attached_in = pg_current_xact_id())
        and exists (select from added a join policy_term_version v using (policy_term_id)
            where a.policy_term_id <= newest_id and a.credited_invoice_id is null
                and v.away_months <> '{}') then
        raise exception 'a policy term is billed whose invoices are in a detached month'
            using errcode = 'integrity_constraint_violation', constraint = 'term_is_away';
    end if;
    return null;
end $$;
create trigger refuse_away_term after insert on invoice_line referencing new table as added
    for each statement execute function refuse_away_term();
create function refuse_away_date() returns trigger language plpgsql
set search_path = billing, pg_temp as $$
begin
    if exists (select from detached_month where company_id = new.company_id and attached_at is null
            and new.billing_date >= month and new.billing_date < month + interval '1 month') then
        raise exception 'the month of billing date % is detached', new.billing_date
            using errcode = 'integrity_constraint_violation', constraint = 'date_is_away';
    end if;
    return new;
end $$;
create trigger refuse_away_date before insert on billing_run for each row execute function refuse_away_date();
"""

RIGHTS = """
grant select on detached_month, detached_document, detached_charge, detached_number, detached_posting,
    away_document, away_charge, away_number, away_posting to billing_app;
revoke execute on function detach_month, attach_month, keep_sums_of_month from public;
grant execute on function detach_month, attach_month to billing_app;
"""

FROZEN = ("detached_document", "detached_charge", "detached_number", "detached_posting")
"""Tables whose rows are records: written once, never changed, never removed."""

RECORDS = ("invoice", "invoice_line", "invoice_tax", "ledger_entry", "ledger_posting", "delivery_decision")
"""Of the tables of a month, those whose rows nothing may change."""

OTHERS = ("due_charge", "document", "delivery", "delivery_attempt")
"""The other tables of a month."""


def upgrade() -> None:
    """Make tables, functions and guards, and let the housekeeping follow the removal of a month."""
    for part in (TABLES, VIEWS, ROWS, OBSTACLES, SUMS, DETACH, ATTACH, GUARDS, RIGHTS):
        op.execute(part)
    for table in FROZEN:
        freeze(table)
    op.execute(
        "create trigger refuse_change before delete on detached_month "
        "for each row execute function refuse_change()"
    )
    op.execute(
        "create trigger refuse_truncate before truncate on detached_month "
        "for each statement execute function refuse_change()"
    )
    for table in RECORDS:
        op.execute(f"drop trigger refuse_change on {table}")
        op.execute(
            f"create trigger refuse_change before update on {table} "
            "for each row execute function refuse_change()"
        )
    for table in (*RECORDS, *OTHERS):
        op.execute(
            f"create trigger refuse_removal before delete on {table} "
            "for each statement execute function refuse_removal()"
        )
        # A month is a small part of a table: its room is to be used again without waiting for a fifth.
        op.execute(f"alter table {table} set (autovacuum_vacuum_scale_factor = 0.02)")
