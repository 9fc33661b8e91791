"""Why a run issues documents under a past date, and who approved it."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add reason and name to the runs; a run that nobody had to approve has neither."""
    op.execute(
        """
        alter table billing_run add column backdating_reason text not null default '',
            add column approved_by text not null default '',
            add check ((backdating_reason = '') = (approved_by = ''))
        """
    )
    op.execute("grant update (backdating_reason, approved_by) on billing_run to billing_app")
