"""Ids of invoices in blocks: each value of the sequence opens a thousand ids, for whoever drew it.

A shard of 25,000 documents draws 25 values and no longer 25,000. Blocks begin above every id that was given
before, so ids of later draws stay above those of earlier ones. What a block has left over is never used: ids
are not shown, the numbers of documents come from their series and have no gap.
"""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let the sequence count in blocks."""
    op.execute("alter sequence invoice_id_sequence increment by 1000")
