"""Notifications: what happened, who is told, and each message that is to tell it; last results of the checks.

An event has a key of its own, so that it is one row however often it is looked for. A delivery that was told
of is remembered by its number and attempt. A rule is never edited: a change is its next version. The target
of a channel may hold a secret; it goes with the channel.
"""

from alembic import op

from billing_assets.store.migrations.frozen import freeze

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

CHECKS = """
create table check_result (
    check_result_id bigint generated always as identity primary key,
    check_id text not null,
    company_id smallint references company,
    billing_date date,
    is_holding boolean not null,
    offender_count bigint not null check (offender_count >= 0),
    checked_at timestamptz not null,
    episode_number integer not null check (episode_number >= 0),
    failed_at timestamptz,
    failed_count bigint not null default 0,
    examples jsonb not null default '[]',
    recovered_at timestamptz,
    unique nulls not distinct (check_id, company_id, billing_date),
    check (is_holding = (offender_count = 0)),
    check ((episode_number = 0) = (failed_at is null))
);
"""

RULES = """
create table notification_channel (
    channel_id integer generated always as identity primary key,
    channel_name text not null unique check (channel_name ~ '^[a-z0-9][a-z0-9-]{0,39}$'),
    channel_kind text not null check (channel_kind in ('email', 'apprise')),
    target text not null,
    language text not null,
    is_removed boolean not null default false,
    changed_by text not null check (changed_by <> ''),
    changed_at timestamptz not null,
    check (is_removed = (target = ''))
);
create table notification_rule (
    rule_id bigint generated always as identity primary key,
    rule_name text not null check (rule_name ~ '^[a-z0-9][a-z0-9-]{0,39}$'),
    version_number integer not null check (version_number > 0),
    channel_id integer not null references notification_channel,
    content jsonb not null,
    is_removed boolean not null default false,
    hears_from timestamptz not null,
    recorded_by text not null check (recorded_by <> ''),
    recorded_at timestamptz not null,
    unique (rule_name, version_number)
);
"""

EVENTS = """
create table notification_event (
    event_id bigint generated always as identity primary key,
    event_key text not null unique,
    event_kind text not null,
    severity text not null check (severity in ('info', 'warning', 'error', 'critical')),
    company_id smallint references company,
    billing_date date,
    run_id bigint references billing_run,
    item_count bigint,
    amounts jsonb not null default '{}',
    facts jsonb not null default '{}',
    occurred_at timestamptz not null,
    recorded_at timestamptz not null,
    queued_at timestamptz
);
create index notification_event_unqueued on notification_event (event_id) where queued_at is null;
create table notification_subject (
    subject_kind text not null check (subject_kind in ('stuck', 'failed', 'unknown')),
    delivery_id bigint not null references delivery,
    attempt_count smallint not null,
    event_key text not null references notification_event (event_key) deferrable initially deferred,
    primary key (subject_kind, delivery_id, attempt_count)
);
"""

MESSAGES = """
create table notification_message (
    message_id bigint generated always as identity primary key,
    rule_id bigint not null references notification_rule,
    channel_id integer not null references notification_channel,
    company_id smallint references company,
    due_at timestamptz not null,
    state text not null default 'queued' check (state in ('queued', 'sending', 'sent', 'failed', 'unknown')),
    reply_code smallint not null default 0,
    reason_code text not null default '',
    reply_text text not null default '',
    attempt_count smallint not null default 0,
    refused_count smallint not null default 0,
    next_attempt_at timestamptz not null,
    subject text not null default '',
    body_text text not null default '',
    body_html text not null default '',
    queued_at timestamptz not null,
    changed_at timestamptz not null,
    retried_by text not null default '',
    retried_at timestamptz,
    unique nulls not distinct (rule_id, company_id, due_at)
);
create index notification_message_open on notification_message (next_attempt_at) where state <> 'sent';
create table notification_message_event (
    message_id bigint not null references notification_message,
    event_id bigint not null references notification_event,
    primary key (message_id, event_id)
);
create table notification_attempt (
    message_id bigint not null references notification_message,
    attempt_number smallint not null,
    started_at timestamptz not null,
    ended_at timestamptz,
    state text not null default 'sending' check (state in ('queued', 'sending', 'sent', 'failed', 'unknown')),
    reply_code smallint not null default 0,
    reason_code text not null default '',
    primary key (message_id, attempt_number)
);
create unique index notification_accepted_once on notification_attempt (message_id) where state = 'sent';
"""

ADDED = """
grant select, insert on check_result, notification_channel, notification_rule, notification_event,
    notification_subject, notification_message, notification_message_event, notification_attempt
    to billing_app;
grant usage on all sequences in schema billing to billing_app;
"""

FROZEN = ("notification_rule",)
"""Tables whose rows are written once, never changed, never removed."""

UPDATES = {
    "check_result": "is_holding, offender_count, checked_at, episode_number, failed_at, failed_count, "
    "examples, recovered_at",
    "notification_channel": "channel_kind, target, language, is_removed, changed_by, changed_at",
    "notification_event": "queued_at",
    "notification_message": "state, reply_code, reason_code, reply_text, attempt_count, refused_count, "
    "next_attempt_at, subject, body_text, body_html, changed_at, retried_by, retried_at",
    "notification_attempt": "ended_at, state, reply_code, reason_code",
}
"""What the application may change, column by column, beside what it could before."""


def upgrade() -> None:
    """Make the tables, their guards and the rights on them."""
    for part in (CHECKS, RULES, EVENTS, MESSAGES, ADDED):
        op.execute(part)
    for table in FROZEN:
        freeze(table)
    for table, columns in UPDATES.items():
        op.execute(f"grant update ({columns}) on {table} to billing_app")
