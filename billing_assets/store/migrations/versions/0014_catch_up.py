"""How a run catches up what was missed, and what it left to a run that was held: both for a replay."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

COLUMN = """
alter table billing_run
    add column catch_up text not null default 'per_period' check (catch_up in ('per_period', 'one_invoice')),
    add column held_until date;
"""

UPDATES = {"billing_run": "catch_up, held_until"}
"""What the application may change beside what it may already, column by column."""


def upgrade() -> None:
    """Make the columns, for the application to set while a run is planned."""
    op.execute(COLUMN)
    for table, columns in UPDATES.items():
        op.execute(f"grant update ({columns}) on {table} to billing_app")
