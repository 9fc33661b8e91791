"""Days that a company has closed itself; plans that count business days or hold the sending; what a run saw.

The hash of a plan row covers its two new columns where they are not what every plan said before, so that the
rows of before, and what they were frozen into, hash as they did.
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

CLOSED_DAYS = """
create table company_closed_day (
    company_closed_day_id bigint generated always as identity primary key,
    company_id smallint not null references company,
    purpose text not null check (purpose in ('all', 'generate', 'send', 'due', 'debit')),
    day date not null,
    is_closed boolean not null,
    note text not null check (note ~ '\\S'),
    recorded_by text not null check (recorded_by ~ '\\S'),
    recorded_at timestamptz not null
);
create index company_closed_day_of on company_closed_day (company_id, day, company_closed_day_id);
alter table billing_run
    add column closed_day_id bigint not null default 0,
    add column is_open_day boolean not null default true;
"""

# A separator inside a source could make two different rows hash alike.
PLANS = """
alter table payment_plan
    add column lead_unit text not null default 'calendar' check (lead_unit in ('calendar', 'business')),
    add column holiday_behaviour text not null default 'next_open_day'
        check (holiday_behaviour in ('next_open_day', 'hold_sending')),
    add check (lead_unit = 'calendar' or lead_days <= 120),
    add check (position(chr(31) in source) = 0);
create or replace function hash_plan() returns trigger language plpgsql as $$
begin
    new.content_sha256 := sha256(convert_to(concat_ws(chr(31), new.plan_code, new.frequency_code,
        new.lead_days, new.due_days, new.due_roll, new.generate_roll, new.minimum_payment_days,
        to_char(new.valid_from, 'YYYY-MM-DD'), new.source,
        case when (new.lead_unit, new.holiday_behaviour) <> ('calendar', 'next_open_day')
            then concat_ws(chr(31), new.lead_unit, new.holiday_behaviour) end), 'UTF8'));
    return new;
end $$;
"""

DELIVERIES = """
alter table delivery add column send_date date;
"""

FROZEN = ("company_closed_day",)
"""Tables whose rows are records: written once, never changed, never removed."""

UPDATES = {"billing_run": "closed_day_id, is_open_day"}
"""What the application may change beside what it may already, column by column."""


def upgrade() -> None:
    """Make the table with its guards, and the columns of plans, runs and deliveries."""
    for part in (CLOSED_DAYS, PLANS, DELIVERIES):
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
    for table, columns in UPDATES.items():
        op.execute(f"grant update ({columns}) on {table} to billing_app")
