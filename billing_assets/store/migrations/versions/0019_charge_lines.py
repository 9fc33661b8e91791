"""Charge lines: the parts of the premium of a term, and which of them a charge and an invoice line are of.

Number 0 is the whole premium of a term without charge lines, as all of them were. A line of an installment
has its place among the lines of that installment (``split_number``, from 0) in the key that bills it once:
whoever bills the installment again, whole or in other lines, has a line in the first place too and is
refused. The new columns have constant defaults: no row is written again, but two keys are built anew.
"""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

BOOK = """
create table policy_term_charge (
    policy_term_version_id bigint not null references policy_term_version,
    charge_number smallint not null check (charge_number > 0),
    charge_code text not null check (charge_code ~ '^[a-z][a-z0-9_]{0,39}$'),
    charge_name text not null check (charge_name ~ '\\S' and position(chr(31) in charge_name) = 0),
    line_of_business text not null,
    premium_minor bigint not null check (premium_minor between 1 and 1000000000000000),
    primary key (policy_term_version_id, charge_number),
    unique (policy_term_version_id, charge_code)
);
alter table policy_term_version
    add column charge_count smallint not null default 0,
    add constraint policy_term_version_charges_check check (charge_count between 0 and 20) not valid;
create index policy_term_version_charges on policy_term_version (company_id, policy_id)
    where charge_count > 0;
create function charges_of(version_id bigint) returns text language sql stable as $$
    select coalesce(string_agg(concat_ws(' ', charge_number, charge_code, line_of_business, premium_minor),
        chr(10) order by charge_number), '')
    from policy_term_charge where policy_term_version_id = version_id
$$;
"""

CHARGES = """
alter table due_charge
    add column charge_number smallint not null default 0,
    drop constraint due_charge_pkey,
    add primary key (run_id, policy_term_id, installment_number, charge_kind, revision, charge_number);
"""

INVOICES = """
alter table invoice_line
    add column charge_number smallint not null default 0,
    add column split_number smallint not null default 0,
    add constraint invoice_line_charge_check check (
        charge_number >= 0 and split_number >= 0 and (charge_number > 0 or split_number = 0)) not valid;
drop index invoice_line_billed_once;
create unique index invoice_line_billed_once
    on invoice_line (policy_term_id, installment_number, charge_kind, payer_id, revision, split_number)
    where credited_invoice_id is null;
alter table invoice
    drop constraint invoice_record_format_check,
    drop constraint invoice_credits_check,
    drop constraint invoice_cash_rounding_check,
    add constraint invoice_record_format_check check (record_format between 1 and 10) not valid,
    add constraint invoice_credits_check check (
        (document_kind = 'credit_note') = (credited_invoice_id is not null)
        and (document_kind = 'credit_note') = (credit_reason is not null)
        and (document_kind = 'credit_note') = (record_format in (4, 6, 8, 10))) not valid,
    add constraint invoice_cash_rounding_check check (
        (record_format in (5, 6, 9, 10)) = (cash_unit_id is not null)
        and (cash_unit_id is not null) = (cash_unit_minor > 0)
        and case when cash_unit_minor > 0
            then (total_minor + cash_rounding_minor) % cash_unit_minor = 0
                and 2 * abs(cash_rounding_minor) <= cash_unit_minor
            else cash_unit_minor = 0 and cash_rounding_minor = 0 end) not valid;
"""

FROZEN = ("policy_term_charge",)
"""Tables whose rows are records: written once, never changed, never removed."""


def upgrade() -> None:
    """Make the table with its guards, and the columns and keys that charge lines need."""
    for part in (BOOK, CHARGES, INVOICES):
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
