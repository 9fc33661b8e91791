"""The ways to a payer beside e-mail: endpoints to which documents are pushed, and batches for a print shop.

Another address or another secret of an endpoint is another row of the same code; the former one is removed,
and loses its address and secrets with it.
"""

from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

ENDPOINTS = """
create table push_endpoint (
    push_endpoint_id bigint generated always as identity primary key,
    company_id smallint not null references company,
    endpoint_code text not null check (endpoint_code ~ '^[a-z][a-z0-9_-]{0,39}$'),
    url text not null,
    sealed_secrets text not null,
    secret_count smallint not null check (secret_count > 0),
    added_by text not null check (added_by <> ''),
    added_at timestamptz not null,
    removed_by text not null default '',
    removed_at timestamptz check (removed_at >= added_at),
    check ((removed_at is null) = (removed_by = '')),
    check ((removed_at is null) = (url <> '' and sealed_secrets <> ''))
);
create unique index push_endpoint_in_use on push_endpoint (company_id, endpoint_code)
    where removed_at is null;
grant select, insert on push_endpoint to billing_app;
grant usage on all sequences in schema billing to billing_app;
alter table delivery add constraint known_channel check (channel in ('email', 'api_push', 'print_post'));
"""

UPDATES = {"push_endpoint": "removed_by, removed_at, url, sealed_secrets"}
"""What the application may change, column by column."""


def upgrade() -> None:
    """Make the table."""
    op.execute(ENDPOINTS)
    for table, columns in UPDATES.items():
        op.execute(f"grant update ({columns}) on {table} to billing_app")
