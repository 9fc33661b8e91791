"""Payments: what came in, what came back, whom it is of, and what it pays.

Every row is a record: a payment that is given an owner, an allocation that is taken back and a payment that
is returned are rows of their own. A payment, an assignment, a reversal and an allocation have each the id of
their ledger entry, from the sequence of documents, as documents have.

No sum rests on who is first: a statement that allocates locks the payments and the documents that it names,
in the order of their ids, and adds up afterwards what has been committed meanwhile.
"""

from alembic import op

from billing_assets.store.migrations.frozen import freeze

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

LEDGER = """
alter table ledger_account drop constraint ledger_account_account_kind_check;
alter table ledger_account add constraint ledger_account_account_kind_check
    check (account_kind in ('asset', 'liability', 'income', 'expense'));
alter table ledger_entry drop constraint ledger_entry_entry_kind_check;
alter table ledger_entry add constraint ledger_entry_entry_kind_check
    check (entry_kind in ('invoice', 'credit_note', 'payment', 'assignment', 'reversal', 'allocation',
        'unallocation', 'write_off', 'write_off_reversal'));
"""

INTAKE = """
create table payment_file (
    payment_file_id bigint generated always as identity primary key,
    company_id smallint not null references company,
    file_name text not null,
    file_sha256 bytea not null check (length(file_sha256) = 32),
    source_kind text not null check (source_kind in ('bank_transfer', 'cash', 'gateway')),
    entry_count integer not null check (entry_count >= 0),
    new_count integer not null check (new_count >= 0),
    duplicate_count integer not null check (duplicate_count >= 0),
    problem_count integer not null check (problem_count >= 0),
    control_totals jsonb not null,
    recorded_by text not null check (recorded_by <> ''),
    recorded_at timestamptz not null,
    unique (company_id, file_sha256),
    check (entry_count = new_count + duplicate_count + problem_count)
);
create table payment (
    payment_id bigint primary key,
    company_id smallint not null references company,
    payment_file_id bigint references payment_file,
    payer_id bigint references payer,
    amount_minor bigint not null check (amount_minor between 1 and 1000000000000000),
    charge_minor bigint not null default 0 check (charge_minor between 0 and amount_minor),
    value_date date not null,
    booking_date date not null,
    source_kind text not null check (source_kind in ('bank_transfer', 'cash', 'gateway')),
    external_key text not null check (external_key ~ '\\S' and length(external_key) <= 300),
    end_to_end_key text not null default '' check (length(end_to_end_key) <= 300),
    currency char(3) not null,
    payer_name text not null,
    remittance_text text not null check (length(remittance_text) <= 2000),
    recorded_by text not null check (recorded_by <> ''),
    recorded_at timestamptz not null,
    unique (company_id, source_kind, external_key)
);
create index payment_payer on payment (payer_id) where payer_id is not null;
create index payment_end_to_end on payment (company_id, source_kind, end_to_end_key)
    where end_to_end_key <> '';
create table payment_return (
    payment_return_id bigint generated always as identity primary key,
    company_id smallint not null references company,
    payment_file_id bigint references payment_file,
    amount_minor bigint not null check (amount_minor between 1 and 1000000000000000),
    value_date date not null,
    booking_date date not null,
    source_kind text not null check (source_kind in ('bank_transfer', 'cash', 'gateway')),
    external_key text not null check (external_key ~ '\\S' and length(external_key) <= 300),
    original_key text not null check (original_key ~ '\\S' and length(original_key) <= 300),
    currency char(3) not null,
    reason_code text not null check (reason_code <> ''),
    recorded_by text not null check (recorded_by <> ''),
    recorded_at timestamptz not null,
    unique (company_id, source_kind, external_key)
);
"""

OWNERS = """
create table payment_assignment (
    payment_assignment_id bigint primary key,
    payment_id bigint not null unique references payment,
    company_id smallint not null,
    payer_id bigint not null references payer,
    invoice_id bigint,
    currency char(3) not null,
    amount_minor bigint not null check (amount_minor > 0),
    as_of_date date not null,
    reason_code text not null check (reason_code in ('reference', 'person')),
    note text not null,
    assigned_by text not null check (assigned_by <> ''),
    recorded_at timestamptz not null
);
create index payment_assignment_payer on payment_assignment (payer_id);
create table payment_reversal (
    payment_reversal_id bigint primary key,
    payment_return_id bigint not null unique references payment_return,
    payment_id bigint not null references payment,
    company_id smallint not null,
    currency char(3) not null,
    amount_minor bigint not null check (amount_minor > 0),
    is_of_suspense boolean not null,
    as_of_date date not null,
    recorded_at timestamptz not null
);
create index payment_reversal_payment on payment_reversal (payment_id);
"""

ALLOCATIONS = """
create table allocation_rule (
    allocation_rule_id integer generated always as identity primary key,
    company_id smallint not null references company,
    currency char(3) not null,
    tolerance_minor bigint not null check (tolerance_minor >= 0),
    approval_above_minor bigint not null check (approval_above_minor >= tolerance_minor),
    part_order text[] not null check (part_order <@ array['tax', 'premium', 'fee']
        and part_order @> array['tax', 'premium', 'fee'] and cardinality(part_order) = 3),
    valid_from date not null,
    source text not null check (source ~ '\\S'),
    recorded_by text not null check (recorded_by <> ''),
    recorded_at timestamptz not null
);
create index allocation_rule_of_company on allocation_rule (company_id, currency, valid_from);
create table allocation (
    allocation_id bigint primary key,
    company_id smallint not null references company,
    allocation_kind text not null check (allocation_kind in ('payment', 'write_off')),
    payment_id bigint references payment,
    invoice_id bigint not null,
    payer_id bigint not null,
    currency char(3) not null,
    amount_minor bigint not null check (amount_minor <> 0),
    reversed_allocation_id bigint unique references allocation,
    reason_code text not null check (reason_code in ('instruction', 'oldest_due', 'person', 'tolerance',
        'return', 'credited', 'approved')),
    as_of_date date not null,
    allocation_rule_id integer references allocation_rule,
    approved_by text not null default '',
    recorded_at timestamptz not null,
    check ((allocation_kind = 'payment') = (payment_id is not null)),
    check ((amount_minor < 0) = (reversed_allocation_id is not null))
);
create index allocation_payment on allocation (payment_id) where payment_id is not null;
create index allocation_invoice on allocation (invoice_id);
create view open_document with (security_invoker = true) as
    select i.invoice_id, i.company_id, i.payer_id, i.currency, i.issue_date, i.due_date, i.number_series_id,
        i.invoice_number, i.total_minor + i.cash_rounding_minor as payable_minor,
        coalesce(c.credited_minor, 0) as credited_minor, coalesce(a.paid_minor, 0) as paid_minor,
        coalesce(a.written_off_minor, 0) as written_off_minor,
        i.total_minor + i.cash_rounding_minor - coalesce(c.credited_minor, 0)
            - coalesce(a.paid_minor, 0) - coalesce(a.written_off_minor, 0) as open_minor
    from invoice i
    cross join lateral (select sum(total_minor + cash_rounding_minor)::bigint as credited_minor
        from invoice n where n.credited_invoice_id = i.invoice_id) c
    cross join lateral (select
            cast(sum(amount_minor) filter (where allocation_kind = 'payment') as bigint) as paid_minor,
            cast(sum(amount_minor) filter (where allocation_kind = 'write_off') as bigint)
                as written_off_minor
        from allocation x where x.invoice_id = i.invoice_id) a
    where i.document_kind = 'invoice';
create view payment_standing with (security_invoker = true) as
    select p.payment_id, p.company_id, p.currency, p.amount_minor,
        coalesce(s.payer_id, p.payer_id) as payer_id, s.invoice_id as assigned_invoice_id,
        coalesce(r.reversed_minor, 0) as reversed_minor,
        coalesce(a.allocated_minor, 0) as allocated_minor,
        p.amount_minor - coalesce(r.reversed_minor, 0) - coalesce(a.allocated_minor, 0) as free_minor
    from payment p
    left join payment_assignment s using (payment_id)
    cross join lateral (select sum(amount_minor)::bigint as reversed_minor from payment_reversal x
        where x.payment_id = p.payment_id) r
    cross join lateral (select sum(amount_minor)::bigint as allocated_minor from allocation x
        where x.payment_id = p.payment_id) a;
grant select, insert on payment_file, payment, payment_return, payment_assignment, payment_reversal,
    allocation_rule, allocation to billing_app;
grant select on open_document, payment_standing to billing_app;
grant usage on all sequences in schema billing to billing_app;
"""

# The owner's functions: the application may not update a document or a payment, and so may not lock one.
# Each statement of a function sees what was committed before it began: the sums come after the locks.
GUARDS = """
create function refuse_overallocation() returns trigger language plpgsql
security definer set search_path = billing, pg_temp as $$
declare
    offender bigint;
begin
    perform from payment where payment_id in (select payment_id from added)
        order by payment_id for no key update;
    perform from invoice where invoice_id in (select invoice_id from added)
        order by invoice_id for no key update;
    select a.allocation_id into offender from added a
        left join payment p on p.payment_id = a.payment_id
        left join invoice i on i.invoice_id = a.invoice_id
        left join allocation o on o.allocation_id = a.reversed_allocation_id
        where (a.payment_id is not null
                and (p.company_id, p.currency) is distinct from (a.company_id, a.currency))
            or (a.amount_minor > 0 and (i.company_id, i.currency, i.payer_id, i.document_kind)
                is distinct from (a.company_id, a.currency, a.payer_id, 'invoice'))
            or (a.amount_minor < 0 and (o.company_id, o.allocation_kind, o.payment_id, o.invoice_id,
                o.payer_id, o.currency, -o.amount_minor) is distinct from (a.company_id, a.allocation_kind,
                a.payment_id, a.invoice_id, a.payer_id, a.currency, a.amount_minor))
        limit 1;
    if found then
        raise exception 'allocation % is of a payment or a document of another company, payer or currency',
                offender
            using errcode = 'integrity_constraint_violation', constraint = 'allocation_of_its_own';
    end if;
    select a.allocation_id into offender from added a
        left join allocation_rule r using (allocation_rule_id)
        where a.allocation_kind = 'write_off' and a.amount_minor > 0 and a.approved_by = ''
            and (a.company_id, a.currency) is distinct from (r.company_id, r.currency)
        union all
        select a.allocation_id from added a join allocation_rule r using (allocation_rule_id)
        where a.allocation_kind = 'write_off' and a.approved_by = ''
            and a.amount_minor > r.approval_above_minor
        limit 1;
    if found then
        raise exception 'write-off % is above what is written off without an approver', offender
            using errcode = 'integrity_constraint_violation', constraint = 'write_off_approved';
    end if;
    select s.payment_id into offender from payment_standing s
        where s.payment_id in (select payment_id from added where amount_minor > 0)
            and (s.free_minor < 0 or s.payer_id is null) limit 1;
    if found then
        raise exception 'more would be allocated of payment % than was paid, or it has no owner', offender
            using errcode = 'integrity_constraint_violation', constraint = 'allocated_within_payment';
    end if;
    select d.invoice_id into offender from open_document d
        where d.invoice_id in (select invoice_id from added where amount_minor > 0) and d.open_minor < 0
        limit 1;
    if found then
        raise exception 'more would be allocated to document % than is open', offender
            using errcode = 'integrity_constraint_violation', constraint = 'allocated_within_document';
    end if;
    return null;
end $$;
create trigger refuse_overallocation after insert on allocation referencing new table as added
    for each statement execute function refuse_overallocation();
create function refuse_overreversal() returns trigger language plpgsql
security definer set search_path = billing, pg_temp as $$
declare
    offender bigint;
begin
    perform from payment where payment_id in (select payment_id from added)
        order by payment_id for no key update;
    select s.payment_id into offender from added a join payment_standing s using (payment_id)
        join payment_return r using (payment_return_id)
        where s.free_minor < 0 or (s.company_id, s.currency) is distinct from (a.company_id, a.currency)
            or (r.company_id, r.currency, r.amount_minor)
                is distinct from (a.company_id, a.currency, a.amount_minor)
            or a.is_of_suspense is distinct from (s.payer_id is null) limit 1;
    if found then
        raise exception 'more of payment % would come back than is left of it, or something else', offender
            using errcode = 'integrity_constraint_violation', constraint = 'reversed_within_payment';
    end if;
    return null;
end $$;
create trigger refuse_overreversal after insert on payment_reversal referencing new table as added
    for each statement execute function refuse_overreversal();
create function refuse_second_owner() returns trigger language plpgsql
security definer set search_path = billing, pg_temp as $$
declare
    offender bigint;
begin
    perform from payment where payment_id in (select payment_id from added)
        order by payment_id for no key update;
    select a.payment_id into offender from added a join payment p using (payment_id)
        join payment_standing s using (payment_id) left join payer y on y.payer_id = a.payer_id
        where p.payer_id is not null or s.free_minor <> a.amount_minor
            or (p.company_id, p.currency, y.company_id)
                is distinct from (a.company_id, a.currency, a.company_id) limit 1;
    if found then
        raise exception 'payment % has an owner, or is assigned other than it stands in suspense', offender
            using errcode = 'integrity_constraint_violation', constraint = 'assigned_once';
    end if;
    return null;
end $$;
create trigger refuse_second_owner after insert on payment_assignment referencing new table as added
    for each statement execute function refuse_second_owner();
"""

FROZEN = (
    "payment_file",
    "payment",
    "payment_return",
    "payment_assignment",
    "payment_reversal",
    "allocation_rule",
    "allocation",
)
"""Tables whose rows are records: written once, never changed, never removed."""


def upgrade() -> None:
    """Make the tables, the views that add them up, and the guards over their sums."""
    for part in (LEDGER, INTAKE, OWNERS, ALLOCATIONS, GUARDS):
        op.execute(part)
    for table in FROZEN:
        freeze(table)
