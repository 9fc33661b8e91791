"""Guards of tables whose rows are records.

Belongs here: the triggers, as migrations from 0023 on make them. What they do never changes: a store that
was upgraded before has them as they were. Does not belong here: which tables (the migrations).
"""

from alembic import op


def freeze(table: str) -> None:
    """Let the rows of a table be written once, never changed and never removed."""
    for name, acts, each in (
        ("refuse_change", "update or delete", "row"),
        ("refuse_truncate", "truncate", "statement"),
    ):
        op.execute(
            f"create trigger {name} before {acts} on {table} for each {each} execute function refuse_change()"
        )
