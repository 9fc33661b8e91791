"""Which rule rows a shard was priced by, so that it can be priced again by the same rows.

A rule row never changes but for its end. A set names its rows, each with the end that it had then.
"""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TABLE = """
create table rule_set (
    rule_set_id integer generated always as identity primary key,
    content text not null,
    content_sha256 bytea not null unique check (content_sha256 = sha256(convert_to(content, 'UTF8'))),
    recorded_at timestamptz not null
);
alter table run_shard add column rule_set_id integer references rule_set;
"""

FROZEN = ("rule_set",)
"""Tables whose rows are written once, never changed, never removed."""

UPDATES = {"run_shard": "rule_set_id"}
"""What the application may change beside what it may already, column by column."""


def upgrade() -> None:
    """Make the table, for the application to add to, and the column of shards."""
    op.execute(TABLE)
    for table in FROZEN:
        op.execute(
            f"create trigger refuse_change before update or delete on {table} "
            "for each row execute function refuse_change()"
        )
        op.execute(
            f"create trigger refuse_truncate before truncate on {table} "
            "for each statement execute function refuse_change()"
        )
        op.execute(f"grant select, insert on {table} to billing_app")
    for table, columns in UPDATES.items():
        op.execute(f"grant update ({columns}) on {table} to billing_app")
    op.execute("grant usage on all sequences in schema billing to billing_app")
