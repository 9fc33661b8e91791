"""What an e-mail had of its document: the PDF, a link to it, or neither; it goes out again as it was.

Rows of before have it by whether they carried a PDF; none of them had a link.
"""

from alembic import op

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None

UPDATES = {"delivery": "mail_form"}
"""What the application may write, column by column."""


def upgrade() -> None:
    """Add the column, which the application may write."""
    op.execute(
        "alter table delivery add column mail_form text constraint known_mail_form "
        "check (mail_form in ('attached', 'linked', 'bare'))"
    )
    for table, columns in UPDATES.items():
        op.execute(f"grant update ({columns}) on {table} to billing_app")
