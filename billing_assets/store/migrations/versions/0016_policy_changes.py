"""Changes of policies in the middle of a term: their rows, how a plan bills them, and what a run gives back.

A change is a row beside the term, which stays as it began. A batch of kind ``changes`` brings it. What a run
gives back by credit notes it records as charges with the outcome ``credited``, below zero.
"""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

CHANGES = """
create table policy_change (
    policy_change_id bigint generated always as identity primary key,
    company_id smallint not null references company,
    policy_id bigint not null,
    policy_term_id bigint not null,
    change_number smallint not null check (change_number > 0),
    change_kind text not null check (change_kind in ('endorsement', 'cancellation', 'reinstatement')),
    change_date date not null,
    premium_minor bigint not null default 0 check (premium_minor between 0 and 1000000000000000),
    method_code text not null default '',
    batch_id bigint not null references intake_batch,
    unique (policy_term_id, change_number),
    check (change_kind = 'endorsement' or premium_minor = 0),
    check ((change_kind = 'cancellation') = (method_code <> ''))
);
create index policy_change_book on policy_change (company_id, policy_id);
create index policy_change_batch on policy_change (batch_id);
alter table intake_batch
    add column batch_kind text not null default 'book' check (batch_kind in ('book', 'changes'));
"""

PLANS = """
alter table payment_plan
    add column change_billing text not null default 'now' check (change_billing in ('now', 'next', 'spread'));
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
        case when new.pattern <> '' then concat_ws(chr(31), 'pattern', new.pattern) end,
        case when new.change_billing <> 'now'
            then concat_ws(chr(31), 'change_billing', new.change_billing) end), 'UTF8'));
    return new;
end $$;
"""

CHARGES = """
alter table due_charge
    drop constraint due_charge_outcome_check,
    drop constraint due_charge_check,
    drop constraint due_charge_check1,
    add constraint due_charge_outcome_check
        check (outcome in ('invoiced', 'zero', 'held', 'failed', 'credited')) not valid,
    add constraint due_charge_document_check
        check ((outcome in ('invoiced', 'credited')) = (invoice_id is not null)) not valid,
    add constraint due_charge_reason_check
        check ((outcome in ('invoiced', 'credited')) = (reason_code is null)) not valid;
"""
# Reading years of charges takes long: the upgrade does it after its steps, when runs can go on beside it.

FROZEN = ("policy_change",)
"""Tables whose rows are records: written once, never changed, never removed."""


def upgrade() -> None:
    """Make the table with its guards, and the columns and outcomes that changes need."""
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
    op.execute("grant usage on all sequences in schema billing to billing_app")
