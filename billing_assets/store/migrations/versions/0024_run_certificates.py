"""Completeness certificates: one for each finalised run, and what each shard read, which it rests on.

Shards that were committed before tell nothing, and their runs have no certificate: nobody can count any more
what they read.
"""

from alembic import op

from billing_assets.store.migrations.frozen import freeze

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

TABLE = """
create table run_certificate (
    run_id bigint primary key references billing_run,
    content text not null,
    content_sha256 bytea not null check (content_sha256 = sha256(convert_to(content, 'UTF8')))
);
alter table run_shard add column term_counts jsonb;
"""

FROZEN = ("run_certificate",)
"""Tables whose rows are written once, never changed, never removed."""

UPDATES = {"run_shard": "term_counts"}
"""What the application may change beside what it may already, column by column."""


def upgrade() -> None:
    """Make the table, for the application to add to, and the column of shards."""
    op.execute(TABLE)
    for table in FROZEN:
        freeze(table)
        op.execute(f"grant select, insert on {table} to billing_app")
    for table, columns in UPDATES.items():
        op.execute(f"grant update ({columns}) on {table} to billing_app")
