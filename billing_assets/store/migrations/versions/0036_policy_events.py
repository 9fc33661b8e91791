"""Events of policies: an inbox that other systems write, and requests that taken events leave.

A sender gives each event a key of its own. The same key with the same content is one row; with other content
it is a row beside the first, so that it can be refused and is not lost. What an event speaks of (its policy,
its day, its record) is worked out from its content by the store, whoever inserts it.

Senders work as a role that may insert events and can do nothing else. Where the upgrade could not make that
role, the rights are given by hand (docs/how-to/let-a-policy-system-tell-us.md).
"""

from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

# Both are told to be immutable: neither asks a setting, and generated columns ask for that.
FUNCTIONS = """
create function event_day(said text) returns date language plpgsql immutable parallel safe as $$
begin
    if said is null or btrim(said) !~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' then
        return null;
    end if;
    said := btrim(said);
    return make_date(left(said, 4)::int, substr(said, 6, 2)::int, right(said, 2)::int);
exception when datetime_field_overflow then
    return null;
end
$$;
create function event_sha256(kind text, version bigint, body jsonb) returns bytea
    language sql immutable parallel safe as
    $$ select sha256(convert_to(kind || ' ' || version || ' ' || body::text, 'UTF8')) $$;
"""

EVENTS = """
create table policy_event (
    policy_event_id bigint generated always as identity primary key,
    company_id smallint not null references company,
    event_key text not null check (event_key <> '' and length(event_key) <= 200),
    event_kind text not null check (event_kind in ('policy', 'change')),
    version bigint not null check (version > 0),
    body jsonb not null check (jsonb_typeof(body) = 'object' and length(body::text) <= 100000),
    body_sha256 bytea not null generated always as (event_sha256(event_kind, version, body)) stored,
    policy_number text not null
        generated always as (left(btrim(coalesce(body ->> 'policy_number', '')), 300)) stored,
    effective_date date generated always as (event_day(body ->> 'effective_date')) stored,
    record_key text not null generated always as (
        left(btrim(coalesce(body ->> 'policy_number', '')), 300) || ' '
        || left(btrim(coalesce(body ->> 'effective_date', '')), 20)
        || case when event_kind = 'change'
            then ' change ' || left(btrim(coalesce(body ->> 'change_number', '')), 10) else '' end) stored,
    received_at timestamptz not null default now(),
    state text not null default 'open' check (state in ('open', 'done', 'refused')),
    reason_code text not null default '',
    batch_id bigint,
    problem_id bigint,
    answered_at timestamptz,
    unique (company_id, event_key, body_sha256),
    check ((state = 'open') = (answered_at is null)),
    check ((state = 'refused') = (problem_id is not null) or state = 'done'),
    check (state <> 'refused' or reason_code <> '')
);
create index policy_event_open on policy_event (company_id, policy_event_id) where state = 'open';
create index policy_event_record on policy_event (company_id, record_key, version);
grant select, insert on policy_event to billing_app;
"""

REQUESTS = """
alter table inbox_request
    drop constraint inbox_request_request_kind_check,
    add constraint inbox_request_request_kind_check
        check (request_kind in ('invoice', 'first_invoice', 'due_now')) not valid;
"""

SENDER = """
do $$ begin
    if exists (select from pg_roles where rolname = 'billing_sender') then
        grant usage on schema billing to billing_sender;
        grant insert (company_id, event_key, event_kind, version, body) on policy_event to billing_sender;
    end if;
end $$;
"""

UPDATES = {"policy_event": "state, reason_code, batch_id, problem_id, answered_at"}
"""What the application may change, column by column, beside what it could before."""


def upgrade() -> None:
    """Make the inbox of events, and let requests say that they come from one."""
    for part in (FUNCTIONS, EVENTS, REQUESTS, SENDER):
        op.execute(part)
    for table, columns in UPDATES.items():
        op.execute(f"grant update ({columns}) on {table} to billing_app")
