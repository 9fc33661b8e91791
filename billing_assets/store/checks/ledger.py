"""Queries over the ledger: entries, balances, and what issued documents posted.

Belongs here: I04, I05 and I06. Does not belong here: what a document posts (``frames.ledger``), from which
this is written apart; totals, taxes and cash rounding of the documents (``documents``, ``taxes``,
``cash_rounding``).

The entry of a document has its id. A date is asked about by the documents of its runs; postings of entries
that do not exist are found where everything is asked about.
"""

from collections.abc import Mapping

from billing_assets.domain.charges import ACCOUNT_OF_KIND
from billing_assets.domain.ledger import CASH_ROUNDING, RECEIVABLE, TAX_PAYABLE

PARAMETERS: Mapping[str, object] = {
    "receivable": RECEIVABLE.account_number,
    "tax_payable": TAX_PAYABLE.account_number,
    "cash_rounding": CASH_ROUNDING.account_number,
    "charge_kinds": list(ACCOUNT_OF_KIND),
    "charge_accounts": list(ACCOUNT_OF_KIND.values()),
}
"""Values of the placeholders of ``DOCUMENTS``."""

# By the key of the documents: a condition with 'or' would read all postings for one date.
_POSTINGS = """
    select * from ledger_posting where :is_everything
    union all
    select p.* from invoice i join ledger_posting p on p.ledger_entry_id = i.invoice_id
    where not :is_everything and i.run_id = any(:runs)
"""

ENTRIES = f"""
with posting as ({_POSTINGS}), entry as (
    select ledger_entry_id, currency, sum(amount_minor) as left_minor, count(*) as posting_count,
        bool_or(amount_minor = 0) as has_zero
    from posting group by ledger_entry_id, currency
)
select concat('ledger entry ', e.ledger_entry_id, coalesce(
        ' of ' || document_number(s.prefix, i.invoice_number), ''), ': ',
    case when e.left_minor <> 0 then concat('its postings in ', e.currency, ' do not add up to zero')
        when e.posting_count < 2 then concat('it has one posting in ', e.currency)
        else 'it has a posting of zero' end)
from entry e
left join invoice i on i.invoice_id = e.ledger_entry_id
left join number_series s using (number_series_id)
where e.left_minor <> 0 or e.posting_count < 2 or e.has_zero
"""  # noqa: S608 - constants

BALANCES = f"""
with posting as ({_POSTINGS}), balance as (
    select company_id, currency, account_number, sum(amount_minor) as balance_minor
    from posting group by company_id, currency, account_number
)
select concat('company ', company_id, ': its trial balance in ', currency, ' is ', sum(balance_minor))
from balance group by company_id, currency having sum(balance_minor) <> 0
union all
select concat('account ', account_number, ': it is posted to, and is not in the chart of accounts')
from balance where account_number not in (select account_number from ledger_account)
"""  # noqa: S608 - constants

DOCUMENTS = """
with document as materialized (
    select invoice_id, company_id, number_series_id, invoice_number, document_kind, issue_date, currency,
        tax_minor, cash_rounding_minor, total_minor,
        case document_kind when 'credit_note' then -1 else 1 end as sign
    from invoice
    where :is_everything or run_id = any(:runs)
), charge_account as (
    select * from unnest(cast(:charge_kinds as text[]), cast(:charge_accounts as int[]))
        as k (charge_kind, account_number)
), leg as (
    select invoice_id, cast(:receivable as int) as account_number,
        sign * (total_minor + cash_rounding_minor) as amount_minor
    from document
    union all
    select invoice_id, cast(:tax_payable as int), -sign * tax_minor from document
    union all
    select invoice_id, cast(:cash_rounding as int), -sign * cash_rounding_minor from document
    union all
    select d.invoice_id, k.account_number, -d.sign * l.net_minor
    from document d join invoice_line l using (invoice_id) left join charge_account k using (charge_kind)
    union all
    select d.invoice_id, p.account_number, -p.amount_minor
    from document d join ledger_posting p on p.ledger_entry_id = d.invoice_id
), fault as (
    select invoice_id, concat('what it posts to account ', account_number, ' is not what it comes to')
        as fault
    from leg group by invoice_id, account_number having sum(amount_minor) <> 0
    union all
    select d.invoice_id, 'it is posted in another currency'
    from document d join ledger_posting p on p.ledger_entry_id = d.invoice_id
    where p.currency <> d.currency
    union all
    select d.invoice_id, case when e.ledger_entry_id is null then 'it has no ledger entry'
        else 'its ledger entry is of another kind or day' end
    from document d left join ledger_entry e on e.ledger_entry_id = d.invoice_id
    where (e.entry_kind = d.document_kind and e.posting_date = d.issue_date) is not true
)
select concat(document_number(s.prefix, d.invoice_number), ': ', f.fault)
from fault f join document d using (invoice_id) left join number_series s using (number_series_id)
union all
select concat('ledger entry ', e.ledger_entry_id, ': there is no such document')
from ledger_entry e
where :is_everything and e.entry_kind in ('invoice', 'credit_note')
    and not exists (select from invoice i where i.invoice_id = e.ledger_entry_id)
union all
select concat('ledger entry ', p.ledger_entry_id, ': it has postings, and there is no such entry')
from ledger_posting p
where :is_everything
    and not exists (select from ledger_entry e where e.ledger_entry_id = p.ledger_entry_id)
"""
