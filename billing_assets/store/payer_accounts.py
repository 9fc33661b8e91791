"""The account of one payer as the rows have it: movements, what is open, payments, and who the payer is.

Belongs here: reading what letters about an account say. Does not belong here: the arithmetic of a statement
(``domain.account_statements``), lists for the office (``payment_listings``).

A movement has the posting date of its ledger entry, so that the sum of movements is what the ledger has of
the payer: their part of the receivable less what they have on account. An allocation moves nothing between
the two, except where a payment of one payer pays an invoice of another: it moves what it pays from the
account of the one to that of the other. Of somebody else's invoice nothing but its number is read.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from billing_assets.domain.account_statements import Account, OpenItem, ReceivedPayment
from billing_assets.domain.document_requests import UnansweredError
from billing_assets.domain.errors import BillingError
from billing_assets.domain.invoices import Payer
from billing_assets.domain.ledger import ON_ACCOUNT
from billing_assets.domain.letters import (
    AccountEntry,
    AllocatedPart,
    EntryKind,
    EntryPart,
    LetterPolicy,
    PaymentMethod,
)
from billing_assets.domain.numbering import document_number, split_document_number
from billing_assets.steps.request_ports import AskedDocument
from billing_assets.store.away_months import months_of_number
from billing_assets.store.invoice_reader import payer_from

METHODS: Mapping[str, PaymentMethod] = {
    "bank_transfer": PaymentMethod.BANK_TRANSFER,
    "cash": PaymentMethod.CASH,
    "gateway": PaymentMethod.ONLINE,
}
"""How a payment came, by the kind of its source."""

MOST_ROWS = 1_000
"""So many lines a letter may have: the page is set while its request is locked."""

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
    select a.*, e.posting_date, a.invoice_id in (select invoice_id from billed) as is_own_invoice,
        a.payment_id is not null and a.payment_id in (select payment_id from owned) as is_own_payment
    from (
        select * from allocation where invoice_id in (select invoice_id from billed)
        union select * from allocation where payment_id in (select payment_id from owned)
    ) a join ledger_entry e on e.ledger_entry_id = a.allocation_id
    where a.company_id = :company
)
"""
_CURRENCIES = f"with {_BILLED} select currency from billed union select currency from owned order by 1"  # noqa: S608 - constants
_AWAY = f"""
select exists (select from policy_term_version v join ({_TERMS}) t using (policy_term_id)
    where v.away_months <> '{{}}')
"""  # noqa: S608 - constants
_MOVED = f"""
with {_BILLED}, moved as (
    select e.posting_date, m.*
    from (
        select invoice_id as entry_id, document_kind as entry_kind, invoice_id,
            cast(null as bigint) as payment_id, case document_kind when 'credit_note' then -1 else 1 end
                * (total_minor + cash_rounding_minor)
                as amount_minor, case document_kind when 'invoice' then due_date end as due_date
        from billed where currency = :currency
        union all
        select coalesce(p.payment_assignment_id, p.payment_id), 'payment', null, p.payment_id,
            -coalesce(a.amount_minor, p.amount_minor), null
        from owned p left join payment_assignment a using (payment_assignment_id)
        where p.currency = :currency
        union all
        select r.payment_reversal_id, 'payment_returned', null, r.payment_id, r.amount_minor, null
        from payment_reversal r join owned p using (payment_id)
        where p.currency = :currency and not r.is_of_suspense
        union all
        select allocation_id, 'write_off', invoice_id, null, -amount_minor, null
        from allocated where currency = :currency and allocation_kind = 'write_off'
        union all
        select allocation_id, case when is_own_payment then 'paid_for_another' else 'paid_by_another' end,
            invoice_id, null, case when is_own_payment then amount_minor else -amount_minor end, null
        from allocated
        where currency = :currency and allocation_kind = 'payment' and is_own_payment <> is_own_invoice
    ) m join ledger_entry e on e.ledger_entry_id = m.entry_id
)
"""  # noqa: S608 - constants
_OPENING = f"""
{_MOVED} select coalesce(sum(amount_minor), 0)::bigint from moved where posting_date < :from_date
"""  # noqa: S608 - constants
_MOVEMENTS = f"""
{_MOVED} select * from moved where posting_date >= :from_date and posting_date < :to_date
order by posting_date, entry_id limit :most
"""  # noqa: S608 - constants
_OPEN = f"""
with {_BILLED}, credited as (
    select n.credited_invoice_id as invoice_id, sum(n.total_minor + n.cash_rounding_minor) as amount_minor
    from billed n join ledger_entry e on e.ledger_entry_id = n.invoice_id
    where n.credited_invoice_id is not null and e.posting_date < :to_date group by 1
), settled as (
    select invoice_id, sum(amount_minor) as amount_minor from allocated
    where is_own_invoice and posting_date < :to_date group by 1
)
select * from (
    select i.invoice_id, i.due_date, i.total_minor + i.cash_rounding_minor as total_minor,
        (i.total_minor + i.cash_rounding_minor
            - coalesce(c.amount_minor, 0) - coalesce(a.amount_minor, 0))::bigint as open_minor
    from billed i join ledger_entry e on e.ledger_entry_id = i.invoice_id
    left join credited c on c.invoice_id = i.invoice_id left join settled a on a.invoice_id = i.invoice_id
    where i.document_kind = 'invoice' and i.currency = :currency and e.posting_date < :to_date
) d where open_minor <> 0 order by due_date, invoice_id limit :most
"""  # noqa: S608 - constants
_PARTS = f"""
with {_BILLED}
select payment_id, invoice_id, sum(amount_minor)::bigint as amount_minor from allocated
where payment_id = any(:payments) and is_own_payment and is_own_invoice and posting_date < :to_date
group by payment_id, invoice_id having sum(amount_minor) <> 0 order by payment_id, invoice_id limit :most
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
# What lies in a detached month is not there to be joined: it is told by its missing row, and not left out.
_PAID = """
select a.invoice_id, i.invoice_id is null as is_away, i.payer_id is not distinct from :payer as is_own,
    i.due_date, a.amount_minor, d.open_minor
from (select invoice_id, sum(amount_minor)::bigint as amount_minor from allocation
    where payment_id = :payment group by invoice_id having sum(amount_minor) <> 0) a
left join invoice i using (invoice_id) left join open_document d using (invoice_id)
order by i.due_date, a.invoice_id limit :most
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

    def account(self, currency: str, from_date: date, to_date: date) -> Account:
        """Return what was posted in ``[from_date, to_date)``, and what stands at either end.

        Raises ``month_away`` and ``account_too_long`` as an :class:`UnansweredError`.
        """
        if self._connection.execute(text(_AWAY), self._who).scalar_one():
            raise UnansweredError("month_away")
        values = {
            **self._who,
            "currency": currency,
            "from_date": from_date,
            "to_date": to_date,
            "of_account": ON_ACCOUNT.account_number,
            "most": MOST_ROWS + 1,
        }
        movements = self._connection.execute(text(_MOVEMENTS), values).all()
        items = self._connection.execute(text(_OPEN), values).all()
        paying = [row.payment_id for row in movements if row.entry_kind == EntryKind.PAYMENT]
        parts = self._connection.execute(text(_PARTS), {**values, "payments": paying}).all()
        rows = (*movements, *items, *parts)
        _check_length(len(rows))
        names = self._names(row.invoice_id for row in rows)
        of_payment: dict[int, list[EntryPart]] = defaultdict(list)
        for payment_id, invoice_id, amount_minor in parts:
            number = names[invoice_id].document_number
            of_payment[payment_id].append(EntryPart(document_number=number, amount_minor=amount_minor))
        return Account(
            currency=currency,
            opening_minor=self._connection.execute(text(_OPENING), values).scalar_one(),
            movements=tuple(_movement(row, names, of_payment) for row in movements),
            open_items=tuple(_open_item(row, names[row.invoice_id]) for row in items),
            on_account_minor=self._connection.execute(text(_ON_ACCOUNT), values).scalar_one(),
        )

    def payment(self, payment_id: int) -> tuple[ReceivedPayment, tuple[LetterPolicy, ...]]:
        """Return a payment of the payer as it stands now, and their policies that it pays for.

        Raises ``payment_unknown``, also where it is somebody else's, ``payment_went_back``, ``month_away``
        where it paid what is in a detached month, and ``account_too_long``.
        """
        values = {**self._who, "payment": payment_id, "most": MOST_ROWS + 1}
        row = self._connection.execute(text(_PAYMENT), values).first()
        if row is None:
            raise UnansweredError("payment_unknown")
        if not row.left_minor:
            raise UnansweredError("payment_went_back")
        paid = self._connection.execute(text(_PAID), values).all()
        if any(each.is_away for each in paid):
            raise UnansweredError("month_away")
        _check_length(len(paid))
        names = self._names(each.invoice_id for each in paid)
        received = ReceivedPayment(
            currency=row.currency,
            received_date=row.value_date,
            method=METHODS[row.source_kind],
            amount_minor=row.left_minor,
            allocated=tuple(_part(each, names[each.invoice_id]) for each in paid),
        )
        own = [names[each.invoice_id] for each in paid if each.is_own]
        found = {each.policy_number: each for named in own for each in named.policies}
        return received, tuple(found[number] for number in sorted(found))

    def document(self, number: str) -> AskedDocument:
        """Return an invoice or credit note of the payer; raises ``document_unknown``, of others too.

        Raises ``month_away`` where it lies in a detached month, with whom it was of.
        """
        try:
            prefix, value = split_document_number(number)
        except BillingError:
            raise UnansweredError("document_unknown") from None
        values = {**self._who, "prefix": prefix, "number": value}
        row = self._connection.execute(text(_DOCUMENT), values).first()
        if row is None:
            is_away = months_of_number(self._connection, self._who["company"], prefix, value)
            raise UnansweredError("month_away" if is_away else "document_unknown")
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
        found = {
            row.invoice_id: _Named(
                document_number=row.document_number,
                policies=tuple(
                    LetterPolicy(policy_number=number, product_code=row.products[number])
                    for number in row.policy_numbers
                ),
            )
            for row in self._connection.execute(text(_NAMES), {"ids": ids})
        }
        if len(found) < len(ids):
            # Of another payer, whose month is away: their terms are not looked at.
            raise UnansweredError("month_away")
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    document_number: str
    policies: tuple[LetterPolicy, ...]


def _check_length(row_count: int) -> None:
    if row_count > MOST_ROWS:
        raise UnansweredError("account_too_long")


def _movement(
    row: Any,  # noqa: ANN401 - a row
    names: Mapping[int, _Named],
    of_payment: Mapping[int, Sequence[EntryPart]],
) -> AccountEntry:
    named = names.get(row.invoice_id)
    kind = EntryKind(row.entry_kind)
    is_own = kind is not EntryKind.PAID_FOR_ANOTHER
    return AccountEntry(
        entry_date=row.posting_date,
        entry_kind=kind,
        document_number=named.document_number if named else f"P-{row.payment_id}",
        policy_number=_only(named.policies) if named and is_own else "",
        amount_minor=row.amount_minor,
        due_date=row.due_date,
        parts=tuple(of_payment.get(row.payment_id, ())) if kind is EntryKind.PAYMENT else (),
    )


def _open_item(row: Any, named: _Named) -> OpenItem:  # noqa: ANN401 - a row
    return OpenItem(
        document_number=named.document_number,
        policy_number=_only(named.policies),
        due_date=row.due_date,
        total_minor=row.total_minor,
        open_minor=row.open_minor,
    )


def _part(row: Any, named: _Named) -> AllocatedPart:  # noqa: ANN401 - a row
    """Return what a payment paid; of somebody else's invoice no more than its number and what was used."""
    if not row.is_own:
        return AllocatedPart(document_number=named.document_number, amount_minor=row.amount_minor)
    return AllocatedPart(
        document_number=named.document_number,
        policy_number=_only(named.policies),
        due_date=row.due_date,
        amount_minor=row.amount_minor,
        open_minor=row.open_minor,
    )


def _only(policies: Sequence[LetterPolicy]) -> str:
    return policies[0].policy_number if len(policies) == 1 else ""
