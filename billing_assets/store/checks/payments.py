"""Queries over payments: what they pay, and that the ledger says the same as documents and payments.

Belongs here: I11, I12 and I19. Does not belong here: what a document posts (``ledger``).

A date is asked about by the documents of its runs; payments without any of these, and the balances of the
ledger, are asked about where everything is. What is in a detached month counts on neither side of I19: its
postings went with its documents.
"""

from collections.abc import Mapping

from billing_assets.domain.ledger import (
    BANK,
    BANK_CHARGES,
    ON_ACCOUNT,
    RECEIVABLE,
    SUSPENSE,
    WRITE_OFFS,
)

PARAMETERS: Mapping[str, object] = {
    "of_bank": BANK.account_number,
    "of_receivable": RECEIVABLE.account_number,
    "of_account": ON_ACCOUNT.account_number,
    "of_suspense": SUSPENSE.account_number,
    "of_bank_charges": BANK_CHARGES.account_number,
    "of_write_offs": WRITE_OFFS.account_number,
}
"""Values of the placeholders of ``BALANCES``."""

PAYMENTS = """
with asked as (
    select payment_id from payment where :is_everything
    union
    select a.payment_id from invoice i join allocation a using (invoice_id)
    where not :is_everything and i.run_id = any(:runs) and a.payment_id is not null
)
select concat('payment ', s.payment_id, ': ', case
    when s.free_minor < 0 then 'more is allocated and came back than was paid'
    when s.allocated_minor < 0 then 'more of its allocations is taken back than was made'
    when s.payer_id is null and s.allocated_minor <> 0 then 'it pays documents and has no owner'
    else 'a row of it is of another company or currency' end)
from asked join payment_standing s using (payment_id) join payment p using (payment_id)
where s.free_minor < 0 or s.allocated_minor < 0 or (s.payer_id is null and s.allocated_minor <> 0)
    or exists (select from allocation a where a.payment_id = s.payment_id
        and (a.company_id, a.currency) <> (p.company_id, p.currency))
    or exists (select from payment_reversal r where r.payment_id = s.payment_id
        and (r.company_id, r.currency) <> (p.company_id, p.currency))
    or exists (select from payment_assignment a where a.payment_id = s.payment_id
        and (a.company_id, a.currency) <> (p.company_id, p.currency))
"""

# A document of a detached month is not there to be asked: it was proved when it left.
DOCUMENTS = """
with asked as (
    select invoice_id from allocation where :is_everything
    union
    select i.invoice_id from invoice i
    where not :is_everything and i.run_id = any(:runs)
        and exists (select from allocation a where a.invoice_id = i.invoice_id)
)
select concat(document_number(s.prefix, i.invoice_number), ': more is paid and written off than it comes to')
from asked join invoice i using (invoice_id) join number_series s using (number_series_id)
where (select sum(a.amount_minor) from allocation a where a.invoice_id = i.invoice_id)
    not between 0 and i.total_minor + i.cash_rounding_minor
union all
select concat('allocation ', a.allocation_id, ': it is of another company, payer, currency or kind')
from asked join invoice i using (invoice_id) join allocation a using (invoice_id)
where (a.company_id, a.payer_id, a.currency, 'invoice')
    <> (i.company_id, i.payer_id, i.currency, i.document_kind)
union all
select concat('allocation ', a.allocation_id, ': it does not take back what it names')
from asked join allocation a using (invoice_id)
left join allocation o on o.allocation_id = a.reversed_allocation_id
where a.reversed_allocation_id is not null
    and (o.allocation_kind, o.invoice_id, -o.amount_minor, o.payment_id is not distinct from a.payment_id)
        is distinct from (a.allocation_kind, a.invoice_id, a.amount_minor, true)
"""

BALANCES = """
with leg as (
    select company_id, currency, cast(:of_receivable as int) as account_number,
        case document_kind when 'credit_note' then -1 else 1 end * (total_minor + cash_rounding_minor)
            as amount_minor
    from invoice where :is_everything
    union all
    select company_id, currency, cast(:of_receivable as int), -amount_minor
    from allocation where :is_everything
    union all
    select company_id, currency, cast(:of_write_offs as int), amount_minor
    from allocation where :is_everything and allocation_kind = 'write_off'
    union all
    select p.company_id, p.currency, a.account_number, a.amount_minor
    from payment p join payment_standing s using (payment_id)
    cross join lateral (values
        (cast(:of_bank as int), p.amount_minor - p.charge_minor - s.reversed_minor),
        (cast(:of_bank_charges as int), p.charge_minor),
        (case when s.payer_id is null then cast(:of_suspense as int) else cast(:of_account as int) end,
            -s.free_minor)) as a (account_number, amount_minor)
    where :is_everything
    union all
    select company_id, currency, account_number, -amount_minor from ledger_posting
    where :is_everything and account_number in (:of_bank, :of_receivable, :of_account, :of_suspense,
        :of_bank_charges, :of_write_offs)
), entry as (
    select payment_id as ledger_entry_id, 'payment' as entry_kind from payment where :is_everything
    union all
    select payment_assignment_id, 'assignment' from payment_assignment where :is_everything
    union all
    select payment_reversal_id, 'reversal' from payment_reversal where :is_everything
    union all
    select allocation_id, case when allocation_kind = 'payment' then
            case when amount_minor > 0 then 'allocation' else 'unallocation' end
        else case when amount_minor > 0 then 'write_off' else 'write_off_reversal' end end
    from allocation where :is_everything
)
select concat('company ', company_id, ', account ', account_number, ' in ', currency, ': ', sum(amount_minor),
    ' minor units more by documents and payments than by the ledger')
from leg group by company_id, currency, account_number having sum(amount_minor) <> 0
union all
select concat('ledger entry ', e.ledger_entry_id, ': a payment or an allocation has no such entry')
from entry e left join ledger_entry l using (ledger_entry_id)
where l.entry_kind is distinct from e.entry_kind
union all
select concat('ledger entry ', l.ledger_entry_id, ': there is no payment and no allocation that it is of')
from ledger_entry l left join entry e using (ledger_entry_id)
where :is_everything and l.entry_kind not in ('invoice', 'credit_note') and e.ledger_entry_id is null
"""
