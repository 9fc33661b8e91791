"""Invoices on demand: runs of their own kind, the policies that their shards list, and the inbox of requests.

A run on demand is final in the transaction that issues its documents, as a correction is. There may be
thousands of a day, so it has no number among the runs of its date; that number stays unique for the others. A
shard of such a run takes the policies that it lists, each up to a date of its own.
"""

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

RUNS = """
alter table billing_run
    drop constraint billing_run_run_kind_check,
    add constraint billing_run_run_kind_check check (run_kind in ('billing', 'correction', 'on_demand'))
        not valid,
    drop constraint billing_run_correction_check,
    add constraint billing_run_correction_check check (
        (run_kind = 'correction') = (correction_reason <> '')
        and (run_kind = 'billing' or state = 'finalised')
        and (run_kind <> 'correction' or approved_by <> '')
        and (run_kind = 'on_demand') = (sequence_number = 0)) not valid,
    drop constraint billing_run_company_id_billing_date_sequence_number_key;
create unique index billing_run_of_date on billing_run (company_id, billing_date, sequence_number)
    where run_kind <> 'on_demand';
create index billing_run_on_demand on billing_run (company_id, billing_date) where run_kind = 'on_demand';
"""

SHARDS = """
alter table run_shard
    add column policy_ids bigint[] not null default '{}',
    add column until_dates date[] not null default '{}',
    add constraint run_shard_policies_check check (cardinality(policy_ids) = cardinality(until_dates))
        not valid;
"""

INBOX = """
create table inbox_request (
    request_id bigint generated always as identity primary key,
    company_id smallint not null references company,
    request_kind text not null default 'invoice' check (request_kind in ('invoice')),
    request_key text not null check (request_key <> ''),
    policy_number text not null check (policy_number <> ''),
    until_date date,
    received_at timestamptz not null,
    state text not null default 'queued' check (state in ('queued', 'waiting', 'done', 'failed')),
    reason_code text not null default '',
    run_id bigint,
    answered_at timestamptz,
    unique (company_id, request_key),
    check ((state = 'queued') = (answered_at is null)),
    check (state not in ('waiting', 'failed') or reason_code <> '')
);
create index inbox_request_open on inbox_request (company_id, request_id)
    where state in ('queued', 'waiting');
grant select, insert on inbox_request to billing_app;
grant usage on all sequences in schema billing to billing_app;
"""


UPDATES = {"inbox_request": "until_date, state, reason_code, run_id, answered_at"}
"""What the application may change, column by column, beside what it could before."""


def upgrade() -> None:
    """Let there be runs on demand, and make the inbox."""
    for part in (RUNS, SHARDS, INBOX):
        op.execute(part)
    for table, columns in UPDATES.items():
        op.execute(f"grant update ({columns}) on {table} to billing_app")
