"""What may not change of the charges of a term once it was billed: their codes, and no longer their numbers.

A number is the place of a charge in the mapping. A new charge before others, or one that left the export,
numbers those behind it anew, and held every term that was billed, though nothing of it had changed. The order
stays: of charges that are alike the first is rounded first.
"""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

CHARGES_OF = """
create or replace function charges_of(version_id bigint) returns text language sql stable as $$
    select coalesce(string_agg(concat_ws(' ', charge_code, line_of_business, premium_minor),
        chr(10) order by charge_number), '')
    from policy_term_charge where policy_term_version_id = version_id
$$
"""


def upgrade() -> None:
    """Leave the numbers out of the text that versions are compared by."""
    op.execute(CHARGES_OF)
