"""The basis of a run as a hash: the same basis again, and nothing billed since, has nothing new to bill.

Runs before have none, and a run that was taken up again gives its own up: its rest was priced by newer rules.
"""

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


UPDATES = {"billing_run": "basis_sha256"}
"""What the application may change beside what it may already, column by column."""


def upgrade() -> None:
    """Add the hash, which belongs to the plan and is rewritten with it."""
    op.execute("alter table billing_run add basis_sha256 bytea")
    for table, columns in UPDATES.items():
        op.execute(f"grant update ({columns}) on {table} to billing_app")
