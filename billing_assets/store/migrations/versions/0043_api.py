"""The API: keys of other systems, and the answers to requests that are done once.

Of a key only its keyed hash is kept. An answer is kept for 35 days; then the application removes it, which is
one of the few things that it may remove: the records that the request made stay.
"""

from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

KEYS = """
create table api_key (
    api_key_id bigint generated always as identity primary key,
    company_id smallint not null references company,
    key_code text not null unique check (key_code ~ '^[a-z0-9]{12}$'),
    key_name text not null check (length(key_name) between 1 and 60),
    scopes text[] not null check (cardinality(scopes) > 0),
    key_hmac bytea not null check (length(key_hmac) = 32),
    created_at timestamptz not null,
    expires_at timestamptz check (expires_at > created_at),
    last_used_at timestamptz,
    revoked_at timestamptz check (revoked_at >= created_at)
);
create index api_key_company on api_key (company_id);
create table api_secret (
    is_only boolean primary key default true check (is_only),
    secret bytea not null check (length(secret) = 32),
    made_at timestamptz not null
);
"""

REQUESTS = """
create table api_request (
    api_request_id bigint generated always as identity primary key,
    company_id smallint not null references company,
    api_key_id bigint not null references api_key,
    idempotency_key text not null check (length(idempotency_key) between 1 and 255),
    request_sha256 bytea not null check (length(request_sha256) = 32),
    started_at timestamptz not null,
    answered_at timestamptz check (answered_at >= started_at),
    status smallint,
    content_type text not null default '',
    location text not null default '',
    etag text not null default '',
    body bytea,
    unique (api_key_id, idempotency_key),
    check ((answered_at is null) = (status is null)),
    check ((answered_at is null) = (body is null))
);
create index api_request_age on api_request (started_at);
"""

ACTORS = """
alter table audit_entry drop constraint audit_entry_actor_kind_check;
alter table audit_entry add constraint audit_entry_actor_kind_check
    check (actor_kind in ('user', 'login', 'key', 'program'));
"""

ADDED = ("api_key", "api_secret", "api_request")
"""Tables that the application adds to."""

UPDATES = {
    "api_key": "last_used_at, revoked_at",
    "api_request": "started_at, answered_at, status, content_type, location, etag, body",
}
"""What the application may change, column by column."""


def upgrade() -> None:
    """Make the tables, and let the audit log name a key."""
    for part in (KEYS, REQUESTS, ACTORS):
        op.execute(part)
    for table in ADDED:
        op.execute(f"grant select, insert on {table} to billing_app")
    for table, columns in UPDATES.items():
        op.execute(f"grant update ({columns}) on {table} to billing_app")
    op.execute("grant delete on api_request to billing_app")
    op.execute("grant usage on all sequences in schema billing to billing_app")
