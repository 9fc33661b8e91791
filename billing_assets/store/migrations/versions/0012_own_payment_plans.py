"""Payment plans of your own: who added or ended each row, when and why.

What a person added or ended is in ``payment_plan_change``; rows that are not there are the shipped ones. The
application may end a row, once: the trigger of the table holds it to that.
"""

from alembic import op

revision = "0012"
down_revision = "0009"
branch_labels = None
depends_on = None

CHANGES = """
create table payment_plan_change (
    payment_plan_change_id bigint generated always as identity primary key,
    payment_plan_id integer not null references payment_plan,
    act text not null check (act in ('added', 'ended')),
    valid_to date check (act = 'added' or valid_to is not null),
    note text not null check (note ~ '\\S'),
    recorded_by text not null check (recorded_by ~ '\\S'),
    recorded_at timestamptz not null
);
create index payment_plan_change_of on payment_plan_change (payment_plan_id, payment_plan_change_id);
"""

FROZEN = ("payment_plan_change",)
"""Tables whose rows are records: written once, never changed, never removed."""

UPDATES = {"payment_plan": "valid_to"}
"""What the application may change beside what it may already, column by column."""


def upgrade() -> None:
    """Make the table with its guards."""
    op.execute(CHANGES)
    for table in FROZEN:
        op.execute(
            f"create trigger refuse_change before update or delete on {table} "
            "for each row execute function refuse_change()"
        )
        op.execute(
            f"create trigger refuse_truncate before truncate on {table} "
            "for each statement execute function refuse_change()"
        )
        op.execute(f"grant select, insert on {table} to billing_app")
    for table, columns in UPDATES.items():
        op.execute(f"grant update ({columns}) on {table} to billing_app")
    op.execute("grant usage on all sequences in schema billing to billing_app")
