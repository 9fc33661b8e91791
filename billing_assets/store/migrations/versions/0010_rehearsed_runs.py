"""What a plan comes to: its hash, its figures, why a run is held, and who approved or rejected it.

A rejected run keeps its row and its reason; its date may be planned anew.
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

RUNS = """
alter table billing_run drop constraint billing_run_state_check;
alter table billing_run
    add constraint billing_run_state_check
        check (state in ('planned', 'held', 'running', 'finalised', 'rejected')),
    add column plan_sha256 text not null default '',
    add column held_reasons jsonb not null default '[]',
    add column rehearsal jsonb,
    add column decision_reason text not null default '',
    add column decided_by text not null default '',
    add column decided_at timestamptz,
    add check ((decided_at is null) = (decision_reason = '')),
    add check ((decided_at is null) = (decided_by = '')),
    add check (state <> 'rejected' or decided_at is not null);
drop index billing_run_open;
create unique index billing_run_open on billing_run (company_id, billing_date)
    where state not in ('finalised', 'rejected');
create index billing_run_held on billing_run (company_id, billing_date) where state in ('held', 'rejected');
"""

FIGURES = """
create table run_figure (
    run_figure_id bigint generated always as identity primary key,
    run_id bigint not null references billing_run,
    company_id smallint not null,
    product_code text not null,
    plan_code text not null,
    place_code text not null,
    currency char(3) not null,
    period_from_date date not null,
    period_to_date date not null,
    is_last boolean not null,
    charge_count integer not null,
    net_minor bigint not null,
    tax_minor bigint not null
);
create index run_figure_followed on run_figure (company_id, period_to_date);
create index run_figure_run on run_figure (run_id);
grant select, insert, delete on run_figure to billing_app;
grant usage on all sequences in schema billing to billing_app;
"""

UPDATES = {
    "billing_run": "plan_sha256, held_reasons, rehearsal, decision_reason, decided_by, decided_at",
}
"""What the application may change, column by column, beside what it could before."""


def upgrade() -> None:
    """Add the columns, the table of figures and the rights to them."""
    op.execute(RUNS)
    op.execute(FIGURES)
    for table, columns in UPDATES.items():
        op.execute(f"grant update ({columns}) on {table} to billing_app")
