"""Schedules that people keep: what each says, revision by revision, its pauses and its firings.

A firing is decided once: the key of schedule, nominal date and time refuses a second one.
"""

from alembic import op

from billing_assets.store.migrations.frozen import freeze

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

SCHEDULES = """
create table activity_schedule (
    schedule_id bigint generated always as identity primary key,
    company_id smallint not null references company,
    schedule_code text not null check (schedule_code ~ '^[a-z][a-z0-9_-]{0,39}$'),
    created_at timestamptz not null,
    revision int not null check (revision > 0),
    fired_until timestamptz not null,
    retired_at timestamptz,
    unique (company_id, schedule_code)
);
create table schedule_revision (
    schedule_id bigint not null references activity_schedule,
    revision int not null check (revision > 0),
    activity text not null check (activity <> ''),
    content jsonb not null,
    note text not null check (note <> ''),
    revised_by text not null check (revised_by <> ''),
    revised_at timestamptz not null,
    primary key (schedule_id, revision)
);
grant select, insert on activity_schedule, schedule_revision to billing_app;
"""

PAUSES = """
create table schedule_pause (
    pause_id bigint generated always as identity primary key,
    company_id smallint references company,
    scope text not null check (scope in ('schedule', 'activity', 'company', 'everything')),
    schedule_id bigint references activity_schedule,
    activity text not null default '',
    reason text not null check (reason <> ''),
    paused_by text not null check (paused_by <> ''),
    paused_at timestamptz not null,
    until_at timestamptz check (until_at > paused_at),
    missed text not null check (missed in ('skip', 'one_run', 'each')),
    resumed_at timestamptz check (resumed_at >= paused_at),
    resumed_by text not null default '',
    resume_reason text not null default '',
    check ((scope = 'everything') = (company_id is null)),
    check ((scope = 'schedule') = (schedule_id is not null)),
    check ((scope = 'activity') = (activity <> '')),
    check ((resumed_at is null) = (resumed_by = '') and (resumed_at is null) = (resume_reason = ''))
);
grant select, insert on schedule_pause to billing_app;
"""

FIRINGS = """
create table schedule_firing (
    firing_id bigint generated always as identity primary key,
    schedule_id bigint not null,
    revision int not null,
    nominal_date date not null,
    at_time time not null,
    due_at timestamptz not null,
    state text not null
        check (state in ('requested', 'started', 'done', 'failed', 'paused', 'skipped', 'merged')),
    pause_id bigint references schedule_pause,
    catches_up boolean not null default false,
    decided_at timestamptz not null,
    dagster_run_id text not null default '',
    ended_at timestamptz,
    unique (schedule_id, nominal_date, at_time),
    foreign key (schedule_id, revision) references schedule_revision,
    check ((state in ('paused', 'skipped')) <= (pause_id is not null)),
    check ((state in ('done', 'failed')) = (ended_at is not null))
);
create index schedule_firing_open on schedule_firing (schedule_id, due_at)
    where state in ('requested', 'started');
create index schedule_firing_paused on schedule_firing (pause_id) where state = 'paused';
create index schedule_firing_due on schedule_firing (schedule_id, due_at);
grant select, insert on schedule_firing to billing_app;
grant usage on all sequences in schema billing to billing_app;
"""

FROZEN = ("schedule_revision",)
UPDATES = {
    "activity_schedule": "revision, fired_until, retired_at",
    "schedule_pause": "resumed_at, resumed_by, resume_reason, missed",
    "schedule_firing": "state, catches_up, dagster_run_id, ended_at",
}
"""What the application may change, column by column."""


def upgrade() -> None:
    """Make the tables."""
    for part in (SCHEDULES, PAUSES, FIRINGS):
        op.execute(part)
    for table in FROZEN:
        freeze(table)
    for table, columns in UPDATES.items():
        op.execute(f"grant update ({columns}) on {table} to billing_app")
