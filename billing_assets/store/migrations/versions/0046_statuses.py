"""What became of invoices, told to other systems: what is to be told, what was told, and to whom it goes.

Whoever writes a document, an allocation or the end of a delivery leaves a row of what is to be told in the
same transaction, by a trigger: nothing is told of what was rolled back, and nothing is forgotten however late
a transaction commits. A row holds up to ten thousand ids, those that begin alike, so that a run of a million
invoices leaves hundreds of them and not a million.

Numbers of events are drawn from a row that is locked until the transaction ends: who sees an event sees all
that have a lower number.
"""

from alembic import op

from billing_assets.store.migrations.frozen import freeze

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

SOURCES = """
create table status_source (
    status_source_id bigint generated always as identity primary key,
    company_id smallint not null references company,
    fact_kind text not null check (fact_kind in ('document', 'allocation', 'delivery')),
    fact_ids bigint[] not null check (cardinality(fact_ids) > 0),
    fact_state text not null default '' check (fact_state in ('', 'sent', 'failed')),
    fact_turn integer not null default 0,
    reason_code text not null default '',
    changed_at timestamptz,
    recorded_at timestamptz not null default transaction_timestamp(),
    check ((fact_kind = 'delivery') = (changed_at is not null and fact_state <> ''))
);
create index status_source_of_company on status_source (company_id, status_source_id);
create function keep_status_source() returns trigger language plpgsql
security definer set search_path = billing, pg_temp as $$
begin
    execute format('insert into status_source (company_id, fact_kind, fact_ids)
        select company_id, %L, array_agg(%I) from added
        group by company_id, %I / 10000 order by company_id, %I / 10000',
        tg_argv[0], tg_argv[1], tg_argv[1], tg_argv[1]);
    return null;
end $$;
create trigger keep_status_source after insert on invoice referencing new table as added
    for each statement execute function keep_status_source('document', 'invoice_id');
create trigger keep_status_source after insert on allocation referencing new table as added
    for each statement execute function keep_status_source('allocation', 'allocation_id');
create function keep_delivery_source() returns trigger language plpgsql
security definer set search_path = billing, pg_temp as $$
begin
    insert into status_source (company_id, fact_kind, fact_ids, fact_state, fact_turn, reason_code,
            changed_at)
        values (new.company_id, 'delivery', array[new.delivery_id], new.state, new.attempt_count,
            new.reason_code, new.changed_at);
    return null;
end $$;
create trigger keep_first_source after insert on delivery
    for each row when (new.state in ('sent', 'failed')) execute function keep_delivery_source();
create trigger keep_changed_source after update on delivery
    for each row when (new.state in ('sent', 'failed') and new.state is distinct from old.state)
    execute function keep_delivery_source();
"""

EVENTS = """
create table status_book (
    company_id smallint primary key references company,
    last_number bigint not null check (last_number >= 0)
);
create table status_event (
    company_id smallint not null references status_book,
    event_number bigint not null check (event_number > 0),
    event_kind text not null check (event_kind in ('issued', 'delivered', 'undeliverable', 'paid',
        'part_paid', 'unpaid_again', 'past_due', 'credited', 'written_off')),
    fact_kind text not null check (fact_kind in ('document', 'allocation', 'delivery', 'due')),
    fact_id bigint not null,
    fact_turn integer not null check (fact_turn >= 0),
    invoice_id bigint not null,
    invoice_number text not null check (invoice_number <> ''),
    policy_numbers text[] not null,
    related_number text not null,
    currency char(3) not null,
    total_minor bigint not null,
    amount_minor bigint not null check (amount_minor >= 0),
    open_minor bigint not null,
    due_date date not null,
    occurred_date date not null,
    channel text not null,
    reason_code text not null,
    told_at timestamptz not null,
    primary key (company_id, event_number),
    unique (fact_kind, fact_id, event_kind, fact_turn)
);
create index status_event_of_kind on status_event (company_id, event_kind, event_number);
create index status_event_of_invoice on status_event (invoice_id);
create table status_account (
    invoice_id bigint primary key,
    company_id smallint not null,
    invoice_number text not null,
    policy_numbers text[] not null,
    currency char(3) not null,
    total_minor bigint not null,
    open_minor bigint not null,
    due_date date not null,
    is_past_due boolean not null,
    past_due_count integer not null check (past_due_count >= 0),
    check (not is_past_due or past_due_count > 0)
);
create index status_account_not_past_due on status_account (company_id, due_date)
    where open_minor > 0 and not is_past_due;
grant select, delete on status_source to billing_app;
grant select, insert on status_book, status_event, status_account to billing_app;
"""

SUBSCRIPTIONS = """
create table status_subscription (
    subscription_id bigint generated always as identity primary key,
    company_id smallint not null references status_book,
    subscription_code text not null check (subscription_code ~ '^[a-z][a-z0-9_-]{0,39}$'),
    endpoint_code text not null,
    event_kinds text[] not null,
    state text not null default 'active' check (state in ('active', 'paused', 'retired')),
    begins_after bigint not null check (begins_after >= 0),
    settled_number bigint not null check (settled_number >= 0),
    added_by text not null check (added_by <> ''),
    added_at timestamptz not null,
    unique (company_id, subscription_code)
);
create table status_message (
    subscription_id bigint not null references status_subscription,
    event_number bigint not null,
    policy_numbers text[] not null,
    state text not null check (state in ('queued', 'sent', 'failed', 'skipped')),
    attempt_count integer not null check (attempt_count >= 0),
    next_attempt_at timestamptz,
    reply_code smallint not null,
    reason_code text not null,
    reply_text text not null check (length(reply_text) <= 500),
    owner text not null,
    changed_at timestamptz not null,
    primary key (subscription_id, event_number),
    check ((state = 'failed') <= (owner <> '')),
    check (next_attempt_at is null or state = 'queued')
);
create index status_message_open on status_message (subscription_id, event_number)
    where state in ('queued', 'failed');
grant select, insert on status_subscription, status_message to billing_app;
grant delete on status_message to billing_app;
grant usage on all sequences in schema billing to billing_app;
"""

# What a store holds from before is told from its beginning: who subscribes later begins later.
HISTORY = """
insert into status_book (company_id, last_number) select company_id, 0 from company;
insert into status_source (company_id, fact_kind, fact_ids)
    select company_id, 'document', array_agg(invoice_id order by invoice_id) from (
        select company_id, invoice_id,
            (row_number() over (partition by company_id order by invoice_id) - 1) / 10000 as part
        from invoice) parts
    group by company_id, part order by company_id, part;
insert into status_source (company_id, fact_kind, fact_ids, fact_state, fact_turn, reason_code, changed_at)
    select company_id, 'delivery', array[delivery_id], state, attempt_count, reason_code, changed_at
    from delivery where state in ('sent', 'failed') order by changed_at, delivery_id;
insert into status_source (company_id, fact_kind, fact_ids)
    select company_id, 'allocation', array_agg(allocation_id order by allocation_id) from (
        select company_id, allocation_id,
            (row_number() over (partition by company_id order by allocation_id) - 1) / 10000 as part
        from allocation) parts
    group by company_id, part order by company_id, part;
"""

# A partner's key names the partner as the policy book does: the code of the payer's endpoint.
CHANNELS = ("email", "api_push", "print_post", "pull")
PULL = f"""
alter table delivery drop constraint known_channel;
alter table delivery add constraint known_channel check (channel in {CHANNELS!r});
alter table api_key add column partner_code text not null default ''
    check (partner_code ~ '^([a-z][a-z0-9_-]{{0,39}})?$');
create index api_key_of_partner on api_key (company_id, partner_code) where partner_code <> '';
"""

FROZEN = ("status_event",)
"""Tables whose rows are records: written once, never changed, never removed."""

UPDATES = {
    "status_book": "last_number",
    "status_account": "open_minor, is_past_due, past_due_count",
    "status_subscription": "state, settled_number",
    "status_message": "state, attempt_count, next_attempt_at, reply_code, reason_code, reply_text, owner, "
    "changed_at",
}
"""What the application may change, column by column."""


def upgrade() -> None:
    """Make the tables, what fills them, and what there is to tell from before."""
    for part in (SOURCES, EVENTS, SUBSCRIPTIONS, PULL, HISTORY):
        op.execute(part)
    for table in FROZEN:
        freeze(table)
    for table, columns in UPDATES.items():
        op.execute(f"grant update ({columns}) on {table} to billing_app")
