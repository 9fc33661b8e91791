"""Sums of shards: each counts in the store what it has written, before it commits.

The final accounts of a run add them up in place of reading every charge and invoice once more. Shards that
were committed before have none, and their runs are counted from the rows as before.
"""

from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

UPDATES = {"run_shard": "written_sums"}
"""What the application may change beside what it may already, column by column."""


def upgrade() -> None:
    """Make the column, for the application to fill."""
    op.execute("alter table run_shard add column written_sums jsonb")
    for table, columns in UPDATES.items():
        op.execute(f"grant update ({columns}) on {table} to billing_app")
