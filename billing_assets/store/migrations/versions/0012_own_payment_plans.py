"""Payment plans of your own: who added or ended each row, when and why; what a plan arranges.

What a person added or ended is in ``payment_plan_change``; rows that are not there are the shipped ones.
The application may end a row, once: the trigger of the table holds it to that. The hash of a plan row
covers its new columns where they are not what every plan said before, so that the rows of before, and what
they were frozen into, hash as they did.
"""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

CHANGES = """
create table payment_plan_change (
    payment_plan_change_id bigint generated always as identity primary key,
    payment_plan_id integer not null references payment_plan,
    act text not null check (act in ('added', 'ended')),
    valid_to date check (act = 'added' or valid_to is not null),
    note text not null check (note ~ '\\S'),
    recorded_by text not null check (recorded_by ~ '\\S'),
    recorded_at timestamptz not null
);
create index payment_plan_change_of on payment_plan_change (payment_plan_id, payment_plan_change_id);
"""

# Separators keep two different rows apart: neither weights nor a currency can hold one.
PLANS = """
alter table payment_plan
    add column pattern text not null default '',
    add check ((pattern <> '') = (frequency_code in ('own_rule', 'own_dates'))),
    add check (position(chr(31) in pattern) = 0),
    add column maximum_installment_count smallint not null default 0
        check (maximum_installment_count between 0 and 400),
    add column weights text not null default ''
        check (weights ~ '^([1-9][0-9]{0,4}( [1-9][0-9]{0,4})*)?$'),
    add column residual text not null default 'last' check (residual in ('last', 'first', 'largest')),
    add column down_payment_ppm integer not null default 0 check (down_payment_ppm between 0 and 999999),
    add column down_payment_minor bigint not null default 0 check (down_payment_minor >= 0),
    add column currency text not null default '' check (currency ~ '^([A-Z]{3})?$'),
    add column blackout_days smallint not null default 0 check (blackout_days between 0 and 400),
    add column installment_fee_minor bigint not null default 0 check (installment_fee_minor >= 0),
    add column minimum_bill_minor bigint not null default 0 check (minimum_bill_minor >= 0),
    add check (weights = '' or maximum_installment_count > 0),
    add check ((down_payment_minor > 0 or installment_fee_minor > 0 or minimum_bill_minor > 0)
        = (currency <> '')),
    add check (down_payment_ppm = 0 or down_payment_minor = 0);
create or replace function hash_plan() returns trigger language plpgsql as $$
begin
    new.content_sha256 := sha256(convert_to(concat_ws(chr(31), new.plan_code, new.frequency_code,
        new.lead_days, new.due_days, new.due_roll, new.generate_roll, new.minimum_payment_days,
        to_char(new.valid_from, 'YYYY-MM-DD'), new.source,
        case when (new.lead_unit, new.holiday_behaviour) <> ('calendar', 'next_open_day')
            then concat_ws(chr(31), new.lead_unit, new.holiday_behaviour) end,
        case when (new.maximum_installment_count, new.weights, new.residual, new.down_payment_ppm,
                new.down_payment_minor, new.installment_fee_minor, new.minimum_bill_minor, new.currency,
                new.blackout_days) <> (0, '', 'last', 0, 0, 0, 0, '', 0)
            then concat_ws(chr(31), 'arrangement', new.maximum_installment_count, new.weights, new.residual,
                new.down_payment_ppm, new.down_payment_minor, new.installment_fee_minor,
                new.minimum_bill_minor, new.currency,
                new.blackout_days) end,
        case when new.pattern <> '' then concat_ws(chr(31), 'pattern', new.pattern) end), 'UTF8'));
    return new;
end $$;
"""

# An installment may have a fee beside its premium, each with an outcome of its own.
CHARGES = """
alter table due_charge drop constraint due_charge_pkey,
    add primary key (run_id, policy_term_id, installment_number, charge_kind, revision);
"""

FROZEN = ("payment_plan_change",)
"""Tables whose rows are records: written once, never changed, never removed."""

UPDATES = {"payment_plan": "valid_to"}
"""What the application may change beside what it may already, column by column."""


def upgrade() -> None:
    """Make the table with its guards, the columns of plans, and the key of due charges."""
    for part in (CHANGES, PLANS, CHARGES):
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
    op.execute("grant usage on all sequences in schema billing to billing_app")
