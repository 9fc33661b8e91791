"""Day counts: how a payment plan counts the days of a term.

The hash of a plan row covers the new column where it is not what every plan said before, so that the rows of
before, and what they were frozen into, hash as they did.
"""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

PLANS = """
alter table payment_plan
    add column day_count text not null default 'actual_term'
        check (day_count in ('actual_term', 'thirty_360', 'thirty_e_360', 'actual_365_fixed'));
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
            then concat_ws(chr(31), 'change_billing', new.change_billing) end,
        case when new.day_count <> 'actual_term'
            then concat_ws(chr(31), 'day_count', new.day_count) end), 'UTF8'));
    return new;
end $$;
"""


def upgrade() -> None:
    """Add the column, and hash it where a plan names a count."""
    op.execute(PLANS)
