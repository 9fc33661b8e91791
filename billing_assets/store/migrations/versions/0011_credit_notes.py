"""Credit notes: documents that give back lines of an invoice, and the kind of runs that issue them.

A credit note is a row of ``invoice`` whose lines name the lines that they credit. What is credited of a line
never exceeds it: a trigger locks the credited line before it adds up, so that two credits at once wait for
each other.
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

INVOICES = """
alter table invoice
    add column credited_invoice_id bigint,
    add column credit_reason text check (credit_reason ~ '\\S'),
    drop constraint invoice_document_kind_check,
    drop constraint invoice_record_format_check;
alter table invoice
    add constraint invoice_document_kind_check check (document_kind in ('invoice', 'credit_note')),
    add constraint invoice_record_format_check check (record_format in (1, 2, 3, 4)),
    add constraint invoice_credits_check check (
        (document_kind = 'credit_note') = (credited_invoice_id is not null)
        and (document_kind = 'credit_note') = (credit_reason is not null)
        and (document_kind = 'credit_note') = (record_format = 4));
create index invoice_credited on invoice (credited_invoice_id) where credited_invoice_id is not null;
"""

LINES = """
alter table invoice_line
    add column credited_invoice_id bigint,
    add column credited_line_number smallint,
    add constraint invoice_line_credits_check
        check ((credited_invoice_id is null) = (credited_line_number is null));
drop index invoice_line_billed_once;
create unique index invoice_line_billed_once
    on invoice_line (policy_term_id, installment_number, charge_kind, payer_id, revision)
    where credited_invoice_id is null;
create index invoice_line_credited on invoice_line (credited_invoice_id, credited_line_number)
    where credited_invoice_id is not null;
"""

# The owner's function: the application may not update an invoice line, and so may not lock one.
GUARD = """
create function refuse_overcredit() returns trigger language plpgsql
security definer set search_path = billing, pg_temp as $$
declare
    original invoice_line;
    credited record;
begin
    select * into original from invoice_line
    where invoice_id = new.credited_invoice_id and line_number = new.credited_line_number
    for no key update;
    if original.invoice_id is null or original.credited_invoice_id is not null
        or (original.company_id, original.payer_id, original.policy_term_id)
            is distinct from (new.company_id, new.payer_id, new.policy_term_id) then
        raise exception 'a credit is of a line that was charged, to the same company, payer and policy term'
            using errcode = 'integrity_constraint_violation', constraint = 'credit_of_original';
    end if;
    select sum(net_minor) as net_minor, sum(tax_minor) as tax_minor into credited from invoice_line
    where credited_invoice_id = new.credited_invoice_id and credited_line_number = new.credited_line_number;
    if credited.net_minor not between least(0, original.net_minor) and greatest(0, original.net_minor)
        or credited.tax_minor not between least(0, original.tax_minor) and greatest(0, original.tax_minor)
    then
        raise exception 'more would be credited of line % of invoice % than was charged',
                new.credited_line_number, new.credited_invoice_id
            using errcode = 'integrity_constraint_violation', constraint = 'credit_within_original';
    end if;
    return null;
end $$;
create trigger refuse_overcredit after insert on invoice_line for each row
    when (new.credited_invoice_id is not null) execute function refuse_overcredit();
"""

RUNS = """
alter table billing_run
    add column run_kind text not null default 'billing' check (run_kind in ('billing', 'correction')),
    add column correction_reason text not null default '',
    add constraint billing_run_correction_check check (
        (run_kind = 'correction') = (correction_reason <> '')
        and (run_kind = 'billing' or (approved_by <> '' and state = 'finalised'))),
    drop constraint billing_run_check1,
    add constraint billing_run_approval_check check (
        run_kind = 'correction' or (backdating_reason = '') = (approved_by = ''));
"""


def upgrade() -> None:
    """Add what credit notes need: their columns, the guard over their sums, the kind of a run."""
    for part in (INVOICES, LINES, GUARD, RUNS):
        op.execute(part)
