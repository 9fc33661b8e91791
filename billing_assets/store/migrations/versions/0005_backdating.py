"""Why a run issues documents under a past date, and who approved it."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

UPDATES = {"billing_run": "backdating_reason, approved_by"}
"""What the application may change, column by column, beside what it could before."""


def upgrade() -> None:
    """Add reason and name to the runs; a run that nobody had to approve has neither."""
    op.execute(
        """
        alter table billing_run add column backdating_reason text not null default '',
            add column approved_by text not null default '',
            add check ((backdating_reason = '') = (approved_by = ''))
        """
    )
    for table, columns in UPDATES.items():
        op.execute(f"grant update ({columns}) on {table} to billing_app")
