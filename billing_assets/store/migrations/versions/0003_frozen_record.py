"""The frozen record is whole: the plan row of each line, the mail's first rendering, one form of a number.

Invoices that were issued before keep their record of format 1 and go on hashing to what was stored.
"""

from alembic import op

revision = "0003"
down_revision = "0001"
branch_labels = None
depends_on = None

# domain.numbering.document_number, the one place where SQL builds a number; a lost series leaves the digits.
NUMBERS = """
create function document_number(prefix text, number bigint) returns text
language sql immutable parallel safe
return coalesce(prefix, '') || lpad(number::text, greatest(8, length(number::text)), '0');
"""


def upgrade() -> None:
    """Add what format 2 of the frozen record needs, and its guards."""
    op.execute(NUMBERS)
