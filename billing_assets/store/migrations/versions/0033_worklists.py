"""Worklists of the office: notes and owners, the forecast of volume, and the orders in which people read.

A note is a record. A forecast is a calculation that is kept because it reads the whole book: a newer one
takes its place. The indexes cover what stands out, not what went well, so that a night of millions writes
few rows into them; the runs on demand, of which there may be thousands a day, are left out of the list of the
others.
"""

from alembic import op

from billing_assets.store.migrations.frozen import freeze

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

NOTES = """
create table worklist_note (
    worklist_note_id bigint generated always as identity primary key,
    company_id smallint not null references company,
    problem_id bigint references problem,
    policy_term_id bigint references policy_term,
    installment_number integer,
    owner text not null default '',
    note text not null default '',
    noted_by text not null check (noted_by <> ''),
    noted_at timestamptz not null,
    check ((problem_id is null) <> (policy_term_id is null)),
    check ((policy_term_id is null) = (installment_number is null)),
    check (owner <> '' or note <> '')
);
create index worklist_note_problem on worklist_note (problem_id, worklist_note_id)
    where problem_id is not null;
create index worklist_note_charge on worklist_note (policy_term_id, installment_number, worklist_note_id)
    where policy_term_id is not null;
"""

FORECASTS = """
create table volume_forecast (
    volume_forecast_id bigint generated always as identity primary key,
    company_id smallint not null references company,
    as_of_date date not null,
    to_date date not null check (to_date >= as_of_date),
    book_batch_id bigint not null,
    days jsonb not null,
    made_at timestamptz not null
);
create index volume_forecast_newest on volume_forecast (company_id, volume_forecast_id);
"""

ORDERS = """
create index due_charge_outcome on due_charge (company_id, run_id, outcome, reason_code, policy_term_id,
    installment_number) where outcome <> 'invoiced';
create index due_charge_standing on due_charge (company_id, outcome, reason_code, run_id desc, policy_term_id,
    installment_number) where outcome in ('held', 'failed');
create index delivery_reason on delivery (company_id, state, reason_code, delivery_id) where state <> 'sent';
create index problem_reason on problem (company_id, problem_code, problem_id) where is_open;
create index billing_run_newest on billing_run (company_id, run_id) where run_kind <> 'on_demand';
create index policy_term_payer_payer on policy_term_payer (payer_id);
create index inbox_request_policy on inbox_request (company_id, policy_number)
    where state in ('queued', 'waiting');
"""

FROZEN = ("worklist_note",)
"""Tables whose rows are written once, never changed, never removed."""


def upgrade() -> None:
    """Make the tables, for the application to add to, and the indexes."""
    for part in (NOTES, FORECASTS, ORDERS):
        op.execute(part)
    for table in FROZEN:
        freeze(table)
    for table in ("worklist_note", "volume_forecast"):
        op.execute(f"grant select, insert on {table} to billing_app")
    op.execute("grant usage on all sequences in schema billing to billing_app")
