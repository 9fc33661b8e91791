"""The frozen record is whole: the plan row of each line, the mail's first rendering, one form of a number.

Invoices that were issued before keep their record of format 1 and go on hashing to what was stored. They name
no plan row, so the time to pay that the shipped plans now promise changes nothing that was recorded.
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# domain.numbering.document_number, the one place where SQL builds a number; a lost series leaves the digits.
NUMBERS = """
create function document_number(prefix text, number bigint) returns text
language sql immutable parallel safe
return coalesce(prefix, '') || lpad(number::text, greatest(8, length(number::text)), '0');
"""

# valid_to stays outside the hash: a row may be ended, and what was billed by it stands all the same.
PLANS = """
alter table payment_plan
    add column minimum_payment_days smallint not null default 0
        check (minimum_payment_days between 0 and 400),
    add column content_sha256 bytea;
update payment_plan set minimum_payment_days = 14
where plan_code = 'monthly' and valid_from = date '1990-01-01';
update payment_plan set minimum_payment_days = 3,
    source = 'house default; a late invoice leaves as many days to pay as one in time'
where plan_code = 'weekly' and valid_from = date '1990-01-01';
update payment_plan set minimum_payment_days = 14,
    source = 'house default; 14 days to pay: SEPA Direct Debit Core Rulebook (pre-notification), '
        'VVG s. 33 (1) (first premium)'
where plan_code in ('quarterly', 'half_yearly', 'yearly') and valid_from = date '1990-01-01';
create function hash_plan() returns trigger language plpgsql as $$
begin
    new.content_sha256 := sha256(convert_to(concat_ws(chr(31), new.plan_code, new.frequency_code,
        new.lead_days, new.due_days, new.due_roll, new.generate_roll, new.minimum_payment_days,
        to_char(new.valid_from, 'YYYY-MM-DD'), new.source), 'UTF8'));
    return new;
end $$;
create trigger hash_plan before insert or update on payment_plan for each row execute function hash_plan();
update payment_plan set content_sha256 = null;
alter table payment_plan alter column content_sha256 set not null;
drop trigger hash_plan on payment_plan;
create trigger hash_plan before insert on payment_plan for each row execute function hash_plan();
create trigger only_end_once before update on payment_plan for each row execute function only_end_once();
create trigger refuse_change before delete on payment_plan for each row execute function refuse_change();
create trigger refuse_truncate before truncate on payment_plan
    for each statement execute function refuse_change();
"""

INVOICES = """
alter table invoice add column record_format smallint not null default 1 check (record_format in (1, 2));
alter table invoice_line add column payment_plan_id integer;
"""

MAILS = """
alter table document add column mail_sha256 bytea;
alter table delivery add column mail_sha256 bytea;
create or replace function keep_first_rendering() returns trigger language plpgsql as $$
begin
    if (old.pdf_sha256 is not null and new.pdf_sha256 is distinct from old.pdf_sha256)
        or (old.pdf is not null and new.pdf is distinct from old.pdf)
        or (old.mail_sha256 is not null and new.mail_sha256 is distinct from old.mail_sha256)
        or (new.invoice_id, new.snapshot_sha256) is distinct from (old.invoice_id, old.snapshot_sha256) then
        raise exception 'a document keeps its first rendering'
            using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end $$;
"""

FROZEN = ("payment_plan",)
"""Tables whose rows are records from now on; an owner may end a row once, and no more."""

UPDATES = {"document": "mail_sha256", "delivery": "mail_sha256"}
"""What the application may change beside what it may already, column by column."""


def upgrade() -> None:
    """Add what format 2 of the frozen record needs, and its guards."""
    for part in (NUMBERS, PLANS, INVOICES, MAILS):
        op.execute(part)
    for table, columns in UPDATES.items():
        op.execute(f"grant update ({columns}) on {table} to billing_app")
