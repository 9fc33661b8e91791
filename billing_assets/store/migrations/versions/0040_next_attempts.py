"""When a message that was refused for now is tried again by itself, and what came back after all.

An attempt that was accepted and came back is ``returned``: it counts as accepted no more, so that a person
may send the message again.
"""

from alembic import op

from billing_assets.store.migrations.frozen import freeze

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

# What waits from before has no instant: it is due at once, as it was.
NEXT_ATTEMPT = """
alter table delivery add column next_attempt_at timestamptz;
alter table delivery add constraint only_queued_tries_again
    check (next_attempt_at is null or state = 'queued');
alter table delivery_attempt drop constraint delivery_attempt_state_check;
alter table delivery_attempt add constraint delivery_attempt_state_check
    check (state in ('queued', 'sending', 'sent', 'failed', 'unknown', 'returned'));
"""

# Of a mail that is no report on a message of ours nothing but its hash is kept. A delivery leaves the store
# with its month; what came back of it stays, so that a mail that is read once more is known.
BOUNCES = """
create table delivery_bounce (
    bounce_id bigint generated always as identity primary key,
    company_id smallint not null references company,
    delivery_id bigint,
    attempt_number smallint,
    content_sha256 bytea not null check (length(content_sha256) = 32),
    action text not null check (action in ('', 'failed', 'delayed', 'delivered', 'relayed', 'expanded')),
    status text not null check (status ~ '^([245]\\.[0-9]{1,3}\\.[0-9]{1,3})?$'),
    reason_code text not null,
    diagnostic text not null check (length(diagnostic) <= 500),
    recorded_at timestamptz not null,
    unique (company_id, content_sha256),
    check ((delivery_id is null) = (attempt_number is null)),
    check ((action = '') <= (delivery_id is null))
);
create index delivery_bounce_of_delivery on delivery_bounce (delivery_id) where delivery_id is not null;
grant select, insert on delivery_bounce to billing_app;
grant usage on all sequences in schema billing to billing_app;
"""

FROZEN = ("delivery_bounce",)
UPDATES = {"delivery": "next_attempt_at"}
"""What the application may change, column by column."""


def upgrade() -> None:
    """Add column and table."""
    for part in (NEXT_ATTEMPT, BOUNCES):
        op.execute(part)
    for table in FROZEN:
        freeze(table)
    for table, columns in UPDATES.items():
        op.execute(f"grant update ({columns}) on {table} to billing_app")
