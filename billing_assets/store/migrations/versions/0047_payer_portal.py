"""The portal of payers: who may look, what lies in their inbox, what they prefer, and whose rows each sees.

Policies are forced, so that the owner of the tables is under them too; the program and the owner see all rows
by a policy of their own. Documents, payments and allocations go in by COPY, which PostgreSQL refuses for a
table with policies unless the role is above all of them: they have none, and the role of payers has no right
to them. It reads them by views that are their owner's and barriers: no condition of a query is asked of a row
before the view's own is. What ``open_document`` and ``payment_standing`` add up is added up here again: they
work with the rights of whoever asks.
"""

from alembic import op

from billing_assets.store.migrations.frozen import freeze

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

CHANNELS = """
alter table delivery drop constraint known_channel;
alter table delivery add constraint known_channel
    check (channel in ('email', 'api_push', 'print_post', 'pull', 'portal'));
alter table audit_entry drop constraint audit_entry_actor_kind_check;
alter table audit_entry add constraint audit_entry_actor_kind_check
    check (actor_kind in ('user', 'login', 'key', 'program', 'payer'));
create index invoice_payer on invoice (payer_id);
create index payer_version_email on payer_version (company_id, lower(content::json ->> 'email'));
"""

TABLES = """
create table payer_preference (
    payer_preference_id bigint generated always as identity primary key,
    company_id smallint not null references company,
    payer_id bigint not null references payer,
    language text not null check (language ~ '^[a-z]{2}$'),
    channels text not null check (string_to_array(channels, ' ')
        <@ array['email', 'api_push', 'print_post', 'pull', 'portal'] and channels <> ''),
    recorded_at timestamptz not null
);
create index payer_preference_latest on payer_preference (payer_id, payer_preference_id desc);
create table portal_document (
    portal_document_id bigint generated always as identity primary key,
    company_id smallint not null references company,
    payer_id bigint not null references payer,
    invoice_id bigint not null,
    purpose text not null,
    message_id text not null,
    content_sha256 bytea not null check (length(content_sha256) = 32),
    delivered_at timestamptz not null,
    seen_at timestamptz,
    notice_state text not null default 'none'
        check (notice_state in ('none', 'sending', 'sent', 'failed', 'unknown')),
    unique (invoice_id, purpose),
    check (seen_at >= delivered_at)
);
create index portal_document_payer on portal_document (payer_id, portal_document_id desc);
create table payer_sign_in_link (
    link_sha256 bytea primary key,
    company_id smallint not null references company,
    payer_id bigint not null references payer,
    email_sha256 bytea not null,
    expires_at timestamptz not null,
    used_at timestamptz
);
create table payer_session (
    session_sha256 bytea primary key,
    company_id smallint not null references company,
    payer_id bigint not null references payer,
    email_sha256 bytea not null,
    created_at timestamptz not null,
    last_seen_at timestamptz not null,
    expires_at timestamptz not null,
    ended_at timestamptz
);
create function only_first_seen() returns trigger language plpgsql as $$
begin
    if old.seen_at is not null and new.seen_at is distinct from old.seen_at then
        raise exception 'document % was seen before', old.portal_document_id
            using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end $$;
create trigger only_first_seen before update on portal_document
    for each row execute function only_first_seen();
"""

OWN = "payer_id = current_payer_id()"
POLICIES = {
    "payer": OWN,
    "payer_version": OWN,
    "payer_preference": OWN,
    "portal_document": OWN,
    "payer_sign_in_link": "false",
    "payer_session": "false",
}
"""Table -> which of its rows are a payer's own."""

PAYER = """
create function current_payer_id() returns bigint language sql stable parallel safe as $$
    select nullif(current_setting('billing.payer_id', true), '')::bigint
$$;
create view payer_invoice with (security_barrier = true) as
    select i.invoice_id, i.document_kind, document_number(s.prefix, i.invoice_number) as document_number,
        i.issue_date, i.due_date, i.currency, i.total_minor + i.cash_rounding_minor as payable_minor,
        coalesce(c.credited_minor, 0) as credited_minor, coalesce(a.paid_minor, 0) as paid_minor,
        coalesce(a.written_off_minor, 0) as written_off_minor,
        case when i.document_kind = 'invoice' then i.total_minor + i.cash_rounding_minor
            - coalesce(c.credited_minor, 0) - coalesce(a.paid_minor, 0) - coalesce(a.written_off_minor, 0)
            else 0 end as open_minor
    from invoice i
    join number_series s using (number_series_id)
    cross join lateral (select sum(total_minor + cash_rounding_minor)::bigint as credited_minor
        from invoice n where n.credited_invoice_id = i.invoice_id) c
    cross join lateral (select
            cast(sum(amount_minor) filter (where allocation_kind = 'payment') as bigint) as paid_minor,
            cast(sum(amount_minor) filter (where allocation_kind = 'write_off') as bigint)
                as written_off_minor
        from allocation x where x.invoice_id = i.invoice_id) a
    where i.payer_id = current_payer_id();
create view payer_payment with (security_barrier = true) as
    select p.payment_id, p.value_date, p.source_kind, p.currency, p.amount_minor,
        coalesce(r.reversed_minor, 0) as reversed_minor, coalesce(a.allocated_minor, 0) as allocated_minor,
        p.amount_minor - coalesce(r.reversed_minor, 0) - coalesce(a.allocated_minor, 0) as free_minor
    from payment p
    cross join lateral (select sum(amount_minor)::bigint as reversed_minor from payment_reversal x
        where x.payment_id = p.payment_id) r
    cross join lateral (select sum(amount_minor)::bigint as allocated_minor from allocation x
        where x.payment_id = p.payment_id) a
    where p.payment_id in (select payment_id from payment where payer_id = current_payer_id()
        union all select payment_id from payment_assignment where payer_id = current_payer_id());
create view payer_allocation with (security_barrier = true) as
    select a.allocation_id, a.allocation_kind, a.payment_id, a.invoice_id, a.currency, a.amount_minor,
        a.as_of_date
    from allocation a join invoice i using (invoice_id)
    where i.payer_id = current_payer_id() and a.payer_id = current_payer_id();
"""

FROZEN = ("payer_preference",)
UPDATES = {
    "portal_document": "seen_at, notice_state",
    "payer_sign_in_link": "used_at",
    "payer_session": "last_seen_at, ended_at",
}
"""What the application may change, column by column."""


def upgrade() -> None:
    """Make the tables, and put what payers may see under policies."""
    for part in (CHANNELS, TABLES, PAYER):
        op.execute(part)
    for table in FROZEN:
        freeze(table)
    for table, own in POLICIES.items():
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(
            f"create policy program on {table} to billing_app, billing_owner using (true) with check (true)"
        )
        op.execute(f"create policy own on {table} using ({own})")
    for table in ("payer_preference", "portal_document", "payer_sign_in_link", "payer_session"):
        op.execute(f"grant select, insert on {table} to billing_app")
    for table, columns in UPDATES.items():
        op.execute(f"grant update ({columns}) on {table} to billing_app")
    op.execute("grant usage on all sequences in schema billing to billing_app")
