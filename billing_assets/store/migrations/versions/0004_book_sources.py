"""What a policy book is one of: the system it comes from, and whether it names every policy."""

from alembic import op

revision = "0004"
down_revision = "0001"
branch_labels = None
depends_on = None

BATCHES = """
alter table intake_batch
    add column source_code text not null default '',
    add column is_full boolean not null default false;
create index intake_batch_source on intake_batch (company_id, source_code, batch_id desc);
create index intake_batch_file on intake_batch (company_id, file_sha256);
"""


def upgrade() -> None:
    """Add what later books are compared by."""
    op.execute(BATCHES)
