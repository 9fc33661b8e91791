"""The account of one payer as the rows have it: movements, what is open, payments, and who the payer is.

Belongs here: reading what letters about an account say. Does not belong here: the arithmetic of a statement
(``domain.account_statements``), lists for the office (``payment_listings``).

A movement has the posting date of its ledger entry, so that the sum of movements is what the ledger has of
the payer: their part of the receivable less what they have on account. Allocations move nothing
between the two.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from billing_assets.domain.account_statements import Account, Movement, OpenItem, ReceivedPayment
from billing_assets.domain.document_requests import UnansweredError
from billing_assets.domain.errors import BillingError
from billing_assets.domain.invoices import Payer
from billing_assets.domain.ledger import ON_ACCOUNT
from billing_assets.domain.letters import AllocatedPart, EntryKind, EntryPart, LetterPolicy, PaymentMethod
from billing_assets.domain.numbering import document_number, split_document_number
from billing_assets.steps.request_ports import AskedDocument
from billing_assets.store.invoice_reader import payer_from

METHODS: Mapping[str, PaymentMethod] = {
    "bank_transfer": PaymentMethod.BANK_TRANSFER,
    "cash": PaymentMethod.CASH,
    "gateway": PaymentMethod.ONLINE,
}
"""How a payment came, by the kind of its source."""

_PAYER = """
select payer_version_id, content, (select language from payer_preference f where f.payer_id = y.payer_id
    order by payer_preference_id desc limit 1) as chosen_language
from payer_version y where company_id = :company and payer_id = :payer
order by payer_version_id desc limit 1
"""
# Whoever has ever been a payer of a term, the first or a further one.
_TERMS = """
select v.policy_term_id from policy_term_version v where v.company_id = :company and v.payer_id = :payer
union select v.policy_term_id from policy_term_payer a join policy_term_version v
    using (policy_term_version_id) where a.payer_id = :payer
"""
_BILLED = """
billed as materialized (
    select i.* from invoice i where i.payer_id = :payer and i.company_id = :company
), owned as materialized (
    select p.*, a.payment_assignment_id from payment p left join payment_assignment a using (payment_id)
    where p.company_id = :company and p.payment_id in (
        select payment_id from payment where payer_id = :payer
        union select payment_id from payment_assignment where payer_id = :payer)
), allocated as materialized (
    select a.*, e.posting_date from allocation a
    join ledger_entry e on e.ledger_entry_id = a.allocation_id
    where a.payer_id = :payer and a.invoice_id in (select invoice_id from billed)
)
"""
_CURRENCIES = f"with {_BILLED} select currency from billed union select currency from owned order by 1"  # noqa: S608 - constants
_AWAY = f"""
select exists (select from policy_term_version v join ({_TERMS}) t using (policy_term_id)
    where v.away_months <> '{{}}')
"""  # noqa: S608 - constants
_MOVEMENTS = f"""
with {_BILLED}
select e.posting_date, m.entry_kind, m.invoice_id, m.payment_id, m.amount_minor, m.due_date
from (
    select invoice_id as entry_id, document_kind as entry_kind, invoice_id,
        cast(null as bigint) as payment_id, case document_kind when 'credit_note' then -1 else 1 end
            * (total_minor + cash_rounding_minor)
            as amount_minor, case document_kind when 'invoice' then due_date end as due_date
    from billed where currency = :currency
    union all
    select coalesce(p.payment_assignment_id, p.payment_id), 'payment', null, p.payment_id,
        -coalesce(a.amount_minor, p.amount_minor), null
    from owned p left join payment_assignment a using (payment_assignment_id) where p.currency = :currency
    union all
    select r.payment_reversal_id, 'payment_returned', null, r.payment_id, r.amount_minor, null
    from payment_reversal r join owned p using (payment_id)
    where p.currency = :currency and not r.is_of_suspense
    union all
    select allocation_id, 'write_off', invoice_id, null, -amount_minor, null
    from allocated where currency = :currency and allocation_kind = 'write_off'
) m join ledger_entry e on e.ledger_entry_id = m.entry_id
where e.posting_date < :to_date
order by e.posting_date, m.entry_id
"""  # noqa: S608 - constants
_OPEN = f"""
with {_BILLED}
select i.invoice_id, i.due_date, i.total_minor + i.cash_rounding_minor as total_minor,
    i.total_minor + i.cash_rounding_minor
        - coalesce((select sum(n.total_minor + n.cash_rounding_minor) from billed n
            join ledger_entry e on e.ledger_entry_id = n.invoice_id
            where n.credited_invoice_id = i.invoice_id and e.posting_date < :to_date), 0)
        - coalesce((select sum(a.amount_minor) from allocated a
            where a.invoice_id = i.invoice_id and a.posting_date < :to_date), 0) as open_minor
from billed i join ledger_entry e on e.ledger_entry_id = i.invoice_id
where i.document_kind = 'invoice' and i.currency = :currency and e.posting_date < :to_date
order by i.due_date, i.invoice_id
"""  # noqa: S608 - constants
_PARTS = f"""
with {_BILLED}
select payment_id, invoice_id, sum(amount_minor)::bigint as amount_minor from allocated
where allocation_kind = 'payment' and posting_date < :to_date
group by payment_id, invoice_id having sum(amount_minor) <> 0 order by payment_id, invoice_id
"""  # noqa: S608 - constants
# By the postings, and not by the rows that made them: a statement proves itself against its open items.
_ON_ACCOUNT = f"""
with {_BILLED}
select coalesce(-sum(l.amount_minor), 0)::bigint from ledger_posting l
join ledger_entry e using (ledger_entry_id)
where l.account_number = :of_account and l.currency = :currency and e.posting_date < :to_date
    and l.ledger_entry_id in (
        select payment_id from owned
        union all select payment_assignment_id from owned where payment_assignment_id is not null
        union all select payment_reversal_id from payment_reversal join owned using (payment_id)
        union all select allocation_id from allocation where payment_id in (select payment_id from owned))
"""  # noqa: S608 - constants
_NAMES = """
select i.invoice_id, document_number(s.prefix, i.invoice_number) as document_number,
    coalesce(array_agg(distinct p.policy_number), '{}') as policy_numbers,
    coalesce(json_object_agg(p.policy_number, v.product_code), '{}') as products
from invoice i join number_series s using (number_series_id)
join invoice_line l using (invoice_id)
join policy_term_version v using (policy_term_version_id) join policy p on p.policy_id = v.policy_id
where i.invoice_id = any(:ids) group by i.invoice_id, s.prefix, i.invoice_number
"""
_POLICIES = f"""
select distinct on (p.policy_number) p.policy_number, v.product_code
from ({_TERMS}) t join policy_term_version v using (policy_term_id) join policy p using (policy_id)
where v.superseded_batch_id is null order by p.policy_number, v.effective_date desc
"""  # noqa: S608 - constants
_PAYMENT = """
select p.currency, p.source_kind, p.value_date, s.amount_minor - s.reversed_minor as left_minor
from payment p join payment_standing s using (payment_id)
where p.company_id = :company and p.payment_id = :payment and s.payer_id = :payer
"""
_PAID = """
select i.invoice_id, i.due_date, sum(a.amount_minor)::bigint as amount_minor, d.open_minor
from allocation a join invoice i using (invoice_id) join open_document d using (invoice_id)
where a.payment_id = :payment group by i.invoice_id, i.due_date, d.open_minor
having sum(a.amount_minor) <> 0 order by i.due_date, i.invoice_id
"""
_DOCUMENT = """
select i.invoice_id, i.issue_date, i.document_kind, i.currency
from invoice i join number_series s using (number_series_id)
where i.company_id = :company and i.payer_id = :payer and s.prefix = :prefix and i.invoice_number = :number
"""


class PayerAccount:
    """What the store has of one payer, for ``steps.request_ports.AccountReader``; all in one transaction."""

    def __init__(self, connection: Connection, company_id: int, payer_id: int) -> None:
        """Read the payer of a company."""
        self._connection = connection
        self._who: Mapping[str, Any] = {"company": company_id, "payer": payer_id}

    def payer(self, language: str = "") -> tuple[int, Payer]:
        """Return the newest version of the payer, and the payer as a reader of ``language``, if named.

        Else they read what they chose themselves, or what the policy book says.
        """
        version_id, content, chosen = self._connection.execute(text(_PAYER), self._who).one()
        payer = payer_from(json.loads(content))
        return version_id, replace(payer, language=language or chosen or payer.language)

    def policies(self) -> tuple[LetterPolicy, ...]:
        """Return the policies that the payer pays or has paid for, as the book has them now."""
        rows = self._connection.execute(text(_POLICIES), self._who)
        return tuple(LetterPolicy(policy_number=number, product_code=product) for number, product in rows)

    def currencies(self) -> list[str]:
        """Return the currencies in which anything was billed to the payer or paid by them."""
        return [each.strip() for each in self._connection.execute(text(_CURRENCIES), self._who).scalars()]

    def account(self, currency: str, to_date: date) -> Account:
        """Return what was posted before ``to_date``; raises ``month_away`` as an :class:`UnansweredError`."""
        if self._connection.execute(text(_AWAY), self._who).scalar_one():
            raise UnansweredError("month_away")
        values = {
            **self._who,
            "currency": currency,
            "to_date": to_date,
            "of_account": ON_ACCOUNT.account_number,
        }
        movements = self._connection.execute(text(_MOVEMENTS), values).all()
        items = [row for row in self._connection.execute(text(_OPEN), values) if row.open_minor]
        parts = self._connection.execute(text(_PARTS), values).all()
        names = self._names([*(row.invoice_id for row in (*movements, *items, *parts))])
        of_payment: dict[int, list[EntryPart]] = defaultdict(list)
        for payment_id, invoice_id, amount_minor in parts:
            number = names[invoice_id].document_number
            of_payment[payment_id].append(EntryPart(document_number=number, amount_minor=amount_minor))
        return Account(
            currency=currency,
            movements=tuple(_movement(row, names, of_payment) for row in movements),
            open_items=tuple(
                OpenItem(
                    document_number=names[row.invoice_id].document_number,
                    policy_number=_only(names[row.invoice_id].policies),
                    due_date=row.due_date,
                    total_minor=row.total_minor,
                    open_minor=int(row.open_minor),
                )
                for row in items
            ),
            on_account_minor=self._connection.execute(text(_ON_ACCOUNT), values).scalar_one(),
        )

    def payment(self, payment_id: int) -> tuple[ReceivedPayment, tuple[LetterPolicy, ...]]:
        """Return a payment of the payer as it stands now, and the policies that it pays for.

        Raises ``payment_unknown``, also where it is somebody else's, and ``payment_went_back``.
        """
        values = {**self._who, "payment": payment_id}
        row = self._connection.execute(text(_PAYMENT), values).first()
        if row is None:
            raise UnansweredError("payment_unknown")
        if not row.left_minor:
            raise UnansweredError("payment_went_back")
        paid = self._connection.execute(text(_PAID), values).all()
        names = self._names([each.invoice_id for each in paid])
        received = ReceivedPayment(
            currency=row.currency,
            received_date=row.value_date,
            method=METHODS[row.source_kind],
            amount_minor=row.left_minor,
            allocated=tuple(
                AllocatedPart(
                    document_number=names[each.invoice_id].document_number,
                    policy_number=_only(names[each.invoice_id].policies),
                    due_date=each.due_date,
                    amount_minor=each.amount_minor,
                    open_minor=each.open_minor,
                )
                for each in paid
            ),
        )
        found = {each.policy_number: each for named in names.values() for each in named.policies}
        return received, tuple(found[number] for number in sorted(found))

    def document(self, number: str) -> AskedDocument:
        """Return an invoice or credit note of the payer; raises ``document_unknown``, of others too."""
        try:
            prefix, value = split_document_number(number)
        except BillingError:
            raise UnansweredError("document_unknown") from None
        values = {**self._who, "prefix": prefix, "number": value}
        row = self._connection.execute(text(_DOCUMENT), values).first()
        if row is None:
            raise UnansweredError("document_unknown")
        return AskedDocument(
            invoice_id=row.invoice_id,
            document_number=document_number(prefix, value),
            document_kind=row.document_kind,
            issue_date=row.issue_date,
            currency=row.currency,
            policies=self._names([row.invoice_id])[row.invoice_id].policies,
        )

    def _names(self, invoice_ids: Iterable[int | None]) -> dict[int, "_Named"]:
        ids = sorted({each for each in invoice_ids if each is not None})
        return {
            row.invoice_id: _Named(
                document_number=row.document_number,
                policies=tuple(
                    LetterPolicy(policy_number=number, product_code=row.products[number])
                    for number in row.policy_numbers
                ),
            )
            for row in self._connection.execute(text(_NAMES), {"ids": ids})
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    document_number: str
    policies: tuple[LetterPolicy, ...]


def _movement(
    row: Any,  # noqa: ANN401 - a row
    names: Mapping[int, _Named],
    of_payment: Mapping[int, Sequence[EntryPart]],
) -> Movement:
    named = names.get(row.invoice_id)
    kind = EntryKind(row.entry_kind)
    return Movement(
        posting_date=row.posting_date,
        entry_kind=kind,
        document_number=named.document_number if named else f"P-{row.payment_id}",
        policy_number=_only(named.policies) if named else "",
        amount_minor=row.amount_minor,
        due_date=row.due_date,
        parts=tuple(of_payment.get(row.payment_id, ())) if kind is EntryKind.PAYMENT else (),
    )


def _only(policies: Sequence[LetterPolicy]) -> str:
    return policies[0].policy_number if len(policies) == 1 else ""
