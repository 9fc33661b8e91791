"""What the server's planner knows of how many rows there are.

Belongs here: when that is too old to plan by, and having it counted anew.
Does not belong here: any query that is planned by it.

The server counts by itself, but some minutes after a large import or run; what follows at once would be
planned for tables that are nearly empty, and search for each row where it should join.
"""

from sqlalchemy import Connection, text

STALE_ROWS = 50_000
"""So many changed rows, beside a fifth of the table, make what is known of a table too old."""

_IS_STALE = """
select exists (
    select from pg_stat_user_tables
    where schemaname = 'billing' and relname in ('policy_term_version', 'due_charge', 'invoice')
        and n_mod_since_analyze > :rows + n_live_tup / 5
)
"""


def refresh_statistics(connection: Connection) -> bool:
    """Have the rows of the large tables counted anew where what is known is too old; tell whether it was."""
    if not connection.execute(text(_IS_STALE), {"rows": STALE_ROWS}).scalar_one():
        return False
    connection.execute(text("select refresh_statistics()"))
    return True
