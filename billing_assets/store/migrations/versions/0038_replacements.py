"""Replacements: an invoice that stands in the place of one that was given back in full.

A replacement names the invoice that it replaces, and no two name the same one. Its lines bill the same
installments once more: a line says the how many-th replacement it is of, 0 for what was billed first, and the
key that bills an installment once counts each by itself. A trigger lets none be written but in the place of
an invoice of which nothing is left. Number and date of that invoice stand in the row, because its page says
both, and its month may be detached one day. The new columns have constant defaults: no row is written again,
but the key is built anew.
"""

from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

INVOICES = """
alter table invoice
    add column replaced_invoice_id bigint,
    add column replaced_number text,
    add column replaced_issue_date date,
    drop constraint invoice_record_format_check,
    drop constraint invoice_cash_rounding_check,
    add constraint invoice_record_format_check check (record_format between 1 and 14) not valid,
    add constraint invoice_replaces_check check (
        (replaced_invoice_id is not null) = (record_format > 10)
        and (replaced_invoice_id is not null) = (replaced_number is not null)
        and (replaced_invoice_id is not null) = (replaced_issue_date is not null)
        and (replaced_invoice_id is null or document_kind = 'invoice')) not valid,
    add constraint invoice_cash_rounding_check check (
        (record_format in (5, 6, 9, 10, 12, 14)) = (cash_unit_id is not null)
        and (cash_unit_id is not null) = (cash_unit_minor > 0)
        and case when cash_unit_minor > 0
            then (total_minor + cash_rounding_minor) % cash_unit_minor = 0
                and 2 * abs(cash_rounding_minor) <= cash_unit_minor
            else cash_unit_minor = 0 and cash_rounding_minor = 0 end) not valid;
create unique index invoice_replaced on invoice (replaced_invoice_id) where replaced_invoice_id is not null;
"""

LINES = """
alter table invoice_line
    add column replacement_number smallint not null default 0,
    add constraint invoice_line_replacement_check check (
        replacement_number = 0 or (replacement_number > 0 and credited_invoice_id is null)) not valid;
drop index invoice_line_billed_once;
create unique index invoice_line_billed_once
    on invoice_line (policy_term_id, installment_number, charge_kind, payer_id, revision, split_number,
        replacement_number)
    where credited_invoice_id is null;
"""

# The owner's function: the application may not update an invoice, and so may not lock one. A month that comes
# back brings what was asked about when it was written, and its other documents may still be away.
GUARD = """
create function refuse_unreversed() returns trigger language plpgsql
security definer set search_path = billing, pg_temp as $$
declare
    original invoice;
begin
    if new.replaced_invoice_id is null
        or exists (select from detached_month where attached_in = pg_current_xact_id()) then
        return null;
    end if;
    select * into original from invoice where invoice_id = new.replaced_invoice_id for no key update;
    if original.invoice_id is null or original.document_kind <> 'invoice'
        or original.company_id <> new.company_id or original.issue_date <> new.replaced_issue_date
        or (select document_number(s.prefix, original.invoice_number) from number_series s
            where s.number_series_id = original.number_series_id) <> new.replaced_number then
        raise exception 'a replacement is of an invoice of the same company, with its number and date'
            using errcode = 'integrity_constraint_violation', constraint = 'replacement_of_original';
    end if;
    if exists (
        select from invoice_line o
        left join invoice_line c on c.credited_invoice_id = o.invoice_id
            and c.credited_line_number = o.line_number
        where o.invoice_id = original.invoice_id
        group by o.line_number, o.net_minor, o.tax_minor
        having (coalesce(sum(c.net_minor), 0), coalesce(sum(c.tax_minor), 0)) <> (o.net_minor, o.tax_minor))
    then
        raise exception 'invoice % is replaced, and it was not given back in full', original.invoice_id
            using errcode = 'integrity_constraint_violation', constraint = 'replacement_of_reversed';
    end if;
    if exists (
        select from invoice_line n where n.invoice_id = new.invoice_id and n.replacement_number <> (
            select max(o.replacement_number) + 1 from invoice_line o
            where o.invoice_id = original.invoice_id))
        or exists (
        select from (select distinct policy_term_id, installment_number from invoice_line
            where invoice_id = original.invoice_id) o
        full join (select distinct policy_term_id, installment_number from invoice_line
            where invoice_id = new.invoice_id) n
            on (n.policy_term_id, n.installment_number) = (o.policy_term_id, o.installment_number)
        where o.policy_term_id is null or n.policy_term_id is null)
    then
        raise exception 'a replacement bills the installments of the invoice that it replaces, once more'
            using errcode = 'integrity_constraint_violation', constraint = 'replacement_of_installments';
    end if;
    return null;
end $$;
create trigger refuse_unreversed after insert on invoice for each row
    when (new.replaced_invoice_id is not null) execute function refuse_unreversed();
"""


def upgrade() -> None:
    """Add what replacements need: columns, the key that counts them, the guard over what they replace."""
    for part in (INVOICES, LINES, GUARD):
        op.execute(part)
