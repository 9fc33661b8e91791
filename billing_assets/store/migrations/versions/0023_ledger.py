"""The ledger: the chart of accounts, and one balanced entry of every issued document.

The entry of a document has the id of the document, so that the primary key keeps it to one. Ids of entries
come from ``invoice_id_sequence``, so that entries of any other kind will never meet them. The number of a
posting counts within its account and entry. The entries of documents that were issued before are written
here, before the trigger is made that holds every later statement to balanced entries: a check asks it of all.
"""

from alembic import op

from billing_assets.store.migrations.frozen import freeze

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

TABLES = """
create table ledger_account (
    account_number smallint primary key check (account_number between 1000 and 9999),
    account_name text not null unique check (account_name ~ '\\S'),
    account_kind text not null check (account_kind in ('asset', 'liability', 'income')),
    content text not null check (content ~ '\\S')
);
create table ledger_entry (
    ledger_entry_id bigint primary key,
    posting_date date not null,
    company_id smallint not null,
    entry_kind text not null check (entry_kind in ('invoice', 'credit_note'))
);
create table ledger_posting (
    ledger_entry_id bigint not null,
    amount_minor bigint not null check (amount_minor <> 0),
    company_id smallint not null,
    account_number smallint not null,
    posting_number smallint not null check (posting_number > 0),
    currency char(3) not null,
    primary key (ledger_entry_id, account_number, posting_number)
);
grant select on ledger_account to billing_app;
grant select, insert on ledger_entry, ledger_posting to billing_app;
"""

ENTRIES = """
insert into ledger_entry (ledger_entry_id, posting_date, company_id, entry_kind)
select invoice_id, issue_date, company_id, document_kind from invoice
"""

POSTINGS = """
insert into ledger_posting (ledger_entry_id, amount_minor, company_id, account_number, posting_number,
    currency)
with document as materialized (
    select *, case document_kind when 'credit_note' then -1 else 1 end as sign from invoice
), leg as (
    select invoice_id, company_id, currency, 1200 as account_number, 1 as posting_number,
        sign * total_minor as amount_minor
    from document
    union all
    select invoice_id, company_id, currency, 2200, 1, -sign * tax_minor from document
    union all
    select d.invoice_id, d.company_id, d.currency, a.account_number, 1, -sign * sum(l.net_minor)
    from document d
    join invoice_line l using (invoice_id)
    cross join lateral (select case l.charge_kind when 'policy_fee' then 4100
        when 'installment_fee' then 4200 else 4000 end as account_number) a
    group by d.invoice_id, d.company_id, d.currency, d.sign, a.account_number
    union all
    select invoice_id, company_id, currency, 1200, 2, sign * cash_rounding_minor from document
    union all
    select invoice_id, company_id, currency, 4900, 1, -sign * cash_rounding_minor from document
)
select invoice_id, amount_minor, company_id, account_number, posting_number, currency
from leg where amount_minor <> 0 order by invoice_id, account_number
"""

GUARD = """
create function refuse_unbalanced() returns trigger language plpgsql as $$
declare
    offender bigint;
begin
    select ledger_entry_id into offender from added
    group by ledger_entry_id, currency having sum(amount_minor) <> 0 limit 1;
    if found then
        raise exception 'the postings of ledger entry % do not add up to zero', offender
            using hint = 'write all postings of an entry by one statement',
                errcode = 'integrity_constraint_violation', constraint = 'entry_balances';
    end if;
    return null;
end $$;
create trigger refuse_unbalanced after insert on ledger_posting referencing new table as added
    for each statement execute function refuse_unbalanced();
"""

FROZEN = ("ledger_account", "ledger_entry", "ledger_posting")
"""Tables whose rows are records: written once, never changed, never removed."""


def upgrade() -> None:
    """Make the tables, write the entries of what was issued, and guard them."""
    for part in (TABLES, ENTRIES, POSTINGS, GUARD):
        op.execute(part)
    for table in FROZEN:
        freeze(table)
