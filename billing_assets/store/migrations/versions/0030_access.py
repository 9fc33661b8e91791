"""The people of the office: users, sessions, links of one use, and the log of what everybody did.

Entries of the log are numbered and chained for each company, and for what is of no company: each holds the
hash of the one before it. The trigger that does so is the owner's, so that the application can add an entry
and choose neither its number nor its hash; it waits until whoever added the entry before has committed.
"""

from alembic import op

from billing_assets.store.migrations.frozen import freeze

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

RUNS = "alter table billing_run add column asked_by text not null default ''"

USERS = """
create table office_user (
    office_user_id integer generated always as identity primary key,
    company_id smallint references company,
    email text not null unique check (email = lower(email) and email ~ '^[^@[:space:]]+@[^@[:space:]]+$'),
    user_name text not null check (user_name <> ''),
    role text not null check (role in ('viewer', 'operator', 'approver', 'administrator')),
    password_hash text not null default '',
    oidc_issuer text not null default '',
    oidc_subject text not null default '',
    is_disabled boolean not null default false,
    created_at timestamptz not null,
    check ((oidc_issuer = '') = (oidc_subject = ''))
);
create unique index office_user_oidc on office_user (oidc_issuer, oidc_subject) where oidc_subject <> '';
"""

SESSIONS = """
create table office_session (
    session_sha256 bytea primary key,
    office_user_id integer references office_user,
    login_name text not null default '',
    created_at timestamptz not null,
    last_seen_at timestamptz not null,
    expires_at timestamptz not null,
    ended_at timestamptz,
    check ((office_user_id is null) = (login_name <> ''))
);
create index office_session_user on office_session (office_user_id) where ended_at is null;
create table sign_in_link (
    link_sha256 bytea primary key,
    login_name text not null check (login_name <> ''),
    expires_at timestamptz not null,
    used_at timestamptz
);
create table sign_in_attempt (
    attempt_key bytea primary key,
    attempt_count integer not null,
    first_at timestamptz not null
);
"""

AUDIT = """
create table audit_chain (
    audit_chain_id smallint generated always as identity primary key,
    company_id smallint references company,
    entry_count bigint not null,
    last_sha256 bytea not null,
    unique nulls not distinct (company_id)
);
create table audit_entry (
    company_id smallint references company,
    entry_number bigint not null,
    acted_at timestamptz not null,
    actor_kind text not null check (actor_kind in ('user', 'login', 'program')),
    actor_name text not null check (actor_name <> ''),
    office_user_id integer references office_user,
    signed_by text not null,
    act text not null check (act <> ''),
    subject_kind text not null check (subject_kind <> ''),
    subject_id text not null,
    reason text not null,
    before jsonb,
    after jsonb,
    former_sha256 bytea not null,
    entry_sha256 bytea not null,
    audit_entry_id bigint generated always as identity primary key,
    unique nulls not distinct (company_id, entry_number)
);
create index audit_entry_subject on audit_entry (subject_kind, subject_id);
create function audit_hash(entry audit_entry) returns bytea language sql stable as $$
    select sha256(convert_to(jsonb_build_array(entry.company_id, entry.entry_number,
        (extract(epoch from entry.acted_at) * 1000000)::bigint, entry.actor_kind, entry.actor_name,
        entry.office_user_id, entry.signed_by, entry.act, entry.subject_kind, entry.subject_id, entry.reason,
        entry.before::text, entry.after::text, encode(entry.former_sha256, 'hex'))::text, 'UTF8'))
$$;
create function chain_entry() returns trigger language plpgsql security definer
set search_path = billing, pg_temp as $$
declare
    chain audit_chain;
begin
    insert into audit_chain (company_id, entry_count, last_sha256) values (new.company_id, 0, '')
    on conflict (company_id) do nothing;
    select * into strict chain from audit_chain where company_id is not distinct from new.company_id
    for update;
    new.entry_number := chain.entry_count + 1;
    new.former_sha256 := chain.last_sha256;
    new.entry_sha256 := audit_hash(new);
    update audit_chain set entry_count = new.entry_number, last_sha256 = new.entry_sha256
    where audit_chain_id = chain.audit_chain_id;
    return new;
end $$;
create trigger chain_entry before insert on audit_entry for each row execute function chain_entry();
revoke execute on function chain_entry() from public;
grant select on audit_chain to billing_app;
"""

FROZEN = ("audit_entry",)
"""Tables whose rows are written once, never changed, never removed."""

ADDED = ("office_user", "office_session", "sign_in_link", "sign_in_attempt")
"""Other tables that the application adds to."""

UPDATES = {
    "office_user": "user_name, role, password_hash, oidc_issuer, oidc_subject, is_disabled",
    "office_session": "last_seen_at, ended_at",
    "sign_in_link": "used_at",
    "sign_in_attempt": "attempt_count, first_at",
    "billing_run": "asked_by",
}
"""What the application may change beside what it may already, column by column."""


def upgrade() -> None:
    """Make the tables, and the column that says who asked for a run."""
    for part in (RUNS, USERS, SESSIONS, AUDIT):
        op.execute(part)
    for table in FROZEN:
        freeze(table)
    for table in (*FROZEN, *ADDED):
        op.execute(f"grant select, insert on {table} to billing_app")
    for table, columns in UPDATES.items():
        op.execute(f"grant update ({columns}) on {table} to billing_app")
    op.execute("grant usage on all sequences in schema billing to billing_app")
