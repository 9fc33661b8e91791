"""Decisions on deliveries, closings of problems, and the address that an attempt used.

Both new tables are records of what a person did: they accept no update and no delete, by trigger and by
grant. An attempt names the payer version whose address it used; attempts made before used the version that
the invoice froze.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

DECISIONS = """
create table delivery_decision (
    delivery_decision_id bigint generated always as identity primary key,
    company_id smallint not null,
    delivery_id bigint not null references delivery,
    decision text not null,
    note text not null check (note ~ '\\S'),
    decided_by text not null check (decided_by ~ '\\S'),
    decided_at timestamptz not null,
    state_before text not null check (state_before in ('queued', 'failed', 'unknown')),
    reason_before text not null,
    state_after text not null,
    attempt_count smallint not null,
    check ((decision, state_after) in (('delivered', 'sent'), ('again', 'queued'), ('given-up', 'failed'))),
    check (decision <> 'delivered' or state_before = 'unknown'),
    check (decision <> 'again' or state_before <> 'queued')
);
create index delivery_decision_of on delivery_decision (delivery_id, delivery_decision_id);
create unique index delivery_decided_delivered_once on delivery_decision (delivery_id)
    where decision = 'delivered';
alter table delivery_attempt add column payer_version_id bigint references payer_version;
"""

CLOSINGS = """
create table problem_closing (
    problem_id bigint primary key references problem,
    company_id smallint not null,
    batch_id bigint references intake_batch,
    note text not null,
    closed_by text not null,
    closed_at timestamptz not null,
    check (batch_id is not null or (note ~ '\\S' and closed_by ~ '\\S'))
);
"""

FROZEN = ("delivery_decision", "problem_closing")
"""Tables whose rows are records: written once, never changed, never removed."""


def upgrade() -> None:
    """Make the two tables with their guards, and the column of the address."""
    for part in (DECISIONS, CLOSINGS):
        op.execute(part)
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
