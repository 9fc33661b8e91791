"""Statistics on request: after a large run the planner is to know at once how many rows there are.

Until the server's own housekeeping comes round, it plans for tables as small as they were before the night;
the checks that follow then search where they should join. Only the owner of a table may have it analysed, so
the function is the owner's.
"""

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

FUNCTION = """
create function refresh_statistics() returns void language plpgsql security definer
set search_path = billing, pg_temp as $$
begin
    analyze policy, policy_term, policy_term_version, payer, payer_version, due_charge, invoice,
        invoice_line, invoice_tax, ledger_entry, ledger_posting;
end $$;
revoke execute on function refresh_statistics() from public;
grant execute on function refresh_statistics() to billing_app;
"""


def upgrade() -> None:
    """Make the function."""
    op.execute(FUNCTION)
