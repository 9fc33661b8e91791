"""What a payer sees of the store: balances, documents, payments, the inbox, what is known of them.

Belongs here: read models of one payer. None of these queries names the payer: they are asked in the scope of
one (``payer_scope``), in which there is nothing of another. Does not belong here: who that is, what the
program itself works out (explanations, PDFs).
"""

from collections import defaultdict
from datetime import date, datetime

from sqlalchemy import Connection, text

from billing_assets.domain.portal_accounts import (
    Balance,
    InboxDocument,
    OwnDocument,
    OwnPayment,
    PayerDetails,
    PaymentUse,
)

_BALANCES = """
with due as (
    select currency, open_minor, due_date from payer_invoice where open_minor <> 0
), owed as (
    select currency, sum(open_minor) as open_minor,
        coalesce(sum(open_minor) filter (where due_date < :today), 0) as past_due_minor,
        min(due_date) filter (where due_date >= :today) as next_due_date
    from due group by currency
), free as (
    select currency, sum(free_minor) as free_minor from payer_payment where free_minor > 0
    group by currency
)
select currency, coalesce(o.open_minor, 0)::bigint as open_minor,
    coalesce(o.past_due_minor, 0)::bigint as past_due_minor, o.next_due_date,
    coalesce((select sum(d.open_minor) from due d
        where d.currency = o.currency and d.due_date = o.next_due_date), 0)::bigint as next_due_minor,
    coalesce(f.free_minor, 0)::bigint as on_account_minor
from owed o full join free f using (currency)
order by currency
"""
_DOCUMENTS = """
select invoice_id, document_kind, document_number, issue_date, due_date, currency, payable_minor,
    credited_minor, paid_minor, open_minor
from payer_invoice
where (not :open_only or open_minor > 0) and (cast(:before_id as bigint) is null or invoice_id < :before_id)
    and (:number = '' or document_number = :number)
    and (cast(:invoice as bigint) is null or invoice_id = :invoice)
order by {order} limit :limit
"""
_NEWEST, _OLDEST_DUE = "invoice_id desc", "due_date, invoice_id"
_PAYMENTS = """
select payment_id, value_date, source_kind, currency, amount_minor, reversed_minor, free_minor
from payer_payment
where cast(:before_id as bigint) is null or payment_id < :before_id
order by payment_id desc limit :limit
"""
_USES = """
select a.payment_id, i.document_number, sum(a.amount_minor)::bigint as amount_minor
from payer_allocation a join payer_invoice i using (invoice_id) where a.payment_id = any(:payments)
group by a.payment_id, i.document_number having sum(a.amount_minor) <> 0
order by min(a.allocation_id)
"""
_INBOX = """
select i.document_kind, i.document_number, d.delivered_at, d.seen_at
from portal_document d join payer_invoice i using (invoice_id)
order by d.portal_document_id desc limit :limit
"""
_UNSEEN = """
select count(*) from portal_document d join payer_invoice i using (invoice_id) where seen_at is null
"""
_SEEN = """
update portal_document set seen_at = greatest(:at, delivered_at)
where invoice_id = :invoice and seen_at is null
"""
_DETAILS = """
select p.payer_key, v.content::jsonb as content, w.language, w.channels
from payer p
join lateral (select content from payer_version x where x.payer_id = p.payer_id
    order by payer_version_id desc limit 1) v on true
left join lateral (select language, channels from payer_preference x where x.payer_id = p.payer_id
    order by payer_preference_id desc limit 1) w on true
"""
_PREFER = """
insert into payer_preference (company_id, payer_id, language, channels, recorded_at)
select company_id, payer_id, :language, :channels, :at from payer
"""


def own_balances(connection: Connection, today: date) -> list[Balance]:
    """Return what is owed on a day, for each currency in which something is, or lies on account."""
    rows = connection.execute(text(_BALANCES), {"today": today}).mappings()
    return [Balance(**row) for row in rows]


def own_documents(
    connection: Connection, *, limit: int, before_id: int | None = None, open_only: bool = False
) -> list[OwnDocument]:
    """Return invoices and credit notes: the newest first, or what is open by the day on which it is due."""
    values = {"limit": limit, "before_id": before_id, "open_only": open_only, "number": "", "invoice": None}
    query = text(_DOCUMENTS.format(order=_OLDEST_DUE if open_only else _NEWEST))
    return [OwnDocument(**row) for row in connection.execute(query, values).mappings()]


def find_own(
    connection: Connection, *, number: str = "", invoice_id: int | None = None
) -> OwnDocument | None:
    """Return the document of that printed number or id, None where there is none or it is another's."""
    if not number and invoice_id is None:
        return None
    values = {
        "limit": 1,
        "before_id": None,
        "open_only": False,
        "number": number,
        "invoice": invoice_id,
    }
    row = connection.execute(text(_DOCUMENTS.format(order=_NEWEST)), values).mappings().first()
    return None if row is None else OwnDocument(**row)


def own_payments(connection: Connection, *, limit: int, before_id: int | None = None) -> list[OwnPayment]:
    """Return the newest payments, each with what it is used for."""
    values = {"limit": limit, "before_id": before_id}
    rows = connection.execute(text(_PAYMENTS), values).mappings().all()
    uses: dict[int, list[PaymentUse]] = defaultdict(list)
    for use in connection.execute(text(_USES), {"payments": [row["payment_id"] for row in rows]}).mappings():
        uses[use["payment_id"]].append(PaymentUse(**use))
    return [OwnPayment(**row, uses=tuple(uses[row["payment_id"]])) for row in rows]


def own_inbox(connection: Connection, *, limit: int) -> list[InboxDocument]:
    """Return the documents that were put into the inbox, the newest first."""
    return [InboxDocument(**row) for row in connection.execute(text(_INBOX), {"limit": limit}).mappings()]


def count_unseen(connection: Connection) -> int:
    """Return how many documents of the inbox were never opened."""
    return int(connection.execute(text(_UNSEEN)).scalar_one())


def own_details(connection: Connection) -> PayerDetails:
    """Return what is known of the payer by now."""
    row = connection.execute(text(_DETAILS)).one()
    content = row.content
    return PayerDetails(
        payer_key=row.payer_key,
        name=content.get("name", ""),
        email=content.get("email", ""),
        address_lines=tuple(content.get("address_lines", ())),
        language=row.language or content.get("language", ""),
        channels=tuple((row.channels or content.get("channels") or "email").split()),
        is_chosen=row.channels is not None,
        can_push=bool(content.get("endpoint")),
    )


def note_seen(connection: Connection, invoice_id: int, at: datetime) -> None:
    """Note that a document of the inbox was opened; the first time counts."""
    connection.execute(text(_SEEN), {"invoice": invoice_id, "at": at})


def prefer(connection: Connection, language: str, channels: tuple[str, ...], at: datetime) -> None:
    """Keep what the payer has chosen, beside what they chose before."""
    values = {"language": language, "channels": " ".join(channels), "at": at}
    connection.execute(text(_PREFER), values)
