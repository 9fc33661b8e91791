"""How a run catches up what was missed: an invoice for each due date, or one for each policy term."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

COLUMN = """
alter table billing_run
    add column catch_up text not null default 'per_period' check (catch_up in ('per_period', 'one_invoice'));
"""

UPDATES = {"billing_run": "catch_up"}
"""What the application may change beside what it may already, column by column."""


def upgrade() -> None:
    """Make the column, for the application to set while a run is planned."""
    op.execute(COLUMN)
    for table, columns in UPDATES.items():
        op.execute(f"grant update ({columns}) on {table} to billing_app")
