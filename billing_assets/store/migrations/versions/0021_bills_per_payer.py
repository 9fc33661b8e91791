"""Bills per payer: a plan may gather the policies of a payer on one bill, and shards may go by payers.

The hash of a plan row covers the new column where it is not what every plan said before. A shard of payers
takes the terms of ``payer_plans`` whose payer lies in its range, a shard of policies all others; shards of
before have no such plans, and took all. The new columns have constant defaults: no row is written again.
"""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

PLANS = """
alter table payment_plan
    add column bill_per text not null default 'policy' check (bill_per in ('policy', 'payer'));
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
            then concat_ws(chr(31), 'day_count', new.day_count) end,
        case when new.bill_per <> 'policy'
            then concat_ws(chr(31), 'bill_per', new.bill_per) end), 'UTF8'));
    return new;
end $$;
"""

SHARDS = """
alter table run_shard
    add column payer_plans text[] not null default '{}',
    add column from_payer_id bigint not null default 0,
    add column to_payer_id bigint not null default 0,
    add constraint run_shard_payers_check check (
        from_payer_id between 0 and to_payer_id and (to_payer_id = 0 or payer_plans <> '{}')) not valid;
create index policy_term_version_payer on policy_term_version (company_id, payer_id);
"""


def upgrade() -> None:
    """Add the column of plans with its hash, and the ranges of payers with the index that reads them."""
    for part in (PLANS, SHARDS):
        op.execute(part)
