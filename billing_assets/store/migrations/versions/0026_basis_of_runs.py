"""The basis of a run as a hash: the same basis again, and nothing billed since, has nothing new to bill.

Runs before have none, and a run that was taken up again gives its own up: its rest was priced by newer rules.
"""

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the hash, which belongs to the plan and is rewritten with it."""
    op.execute("alter table billing_run add basis_sha256 bytea")
    op.execute("grant update (basis_sha256) on billing_run to billing_app")
