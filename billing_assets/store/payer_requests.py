"""Requests of one payer in the portal: what they asked for, what answered it, and asking for more.

Belongs here: reading and adding requests. None of these queries names the payer: they are asked in the scope
of one (``payer_scope``), in which there is nothing of another, and nothing can be added for another.
Does not belong here: requests as the office has them (``document_requests``, ``request_listings``).
"""

from collections import defaultdict
from datetime import datetime

from sqlalchemy import Connection, text

from billing_assets.domain.document_requests import RequestState, WantedDocument
from billing_assets.domain.portal_requests import AnswerPlace, AskedPayment, OwnAnswer, OwnRequest
from billing_assets.store.document_requests import wanted_from
from billing_assets.store.locks import LockSpace

_REQUESTS = """
select document_request_id, document_kind, document_numbers, payment_id, currency, from_date, until_date,
    asked_at, state
from document_request
where cast(:before_id as bigint) is null or document_request_id < :before_id
order by document_request_id desc limit :limit
"""
_PAYMENTS = """
select payment_id, value_date, currency, amount_minor from payer_payment where payment_id = any(:payments)
"""
_ANSWERS = """
select document_request_id, place, document_number from payer_answer
where document_request_id = any(:requests) order by document_request_id, place
"""
_ANSWER = """
select document_number, pdf from payer_answer where document_request_id = :request and place = :place
"""
_CURRENCIES = "select currency from payer_invoice union select currency from payer_payment order by 1"
_WAIT = "select pg_advisory_xact_lock(:space, cast(payer_id % 2147483647 as int)) from payer"
_KNOWN = "select document_request_id from document_request where request_key = :key"
_COUNT = "select count(*) from document_request where asked_at > :since or state in ('asked', 'waiting')"
_OWN_PAYMENT = """
select exists (select from payer_payment where payment_id = :payment and amount_minor > reversed_minor)
"""
_OWN_DOCUMENTS = "select count(*) from payer_invoice where document_number = any(:numbers)"
_ADD = """
insert into document_request (company_id, request_key, source_kind, payer_id, document_kind, document_numbers,
    payment_id, currency, from_date, until_date, language, channel, asked_by, asked_at, state, changed_at)
select company_id, :key, 'portal', payer_id, :kind, :numbers, :payment, :currency, :from, :until, :language,
    'download', payer_key, :at, 'asked', :at from payer
returning document_request_id
"""


def own_requests(connection: Connection, *, limit: int, before_id: int | None = None) -> list[OwnRequest]:
    """Return what the payer asked for in the portal, the newest first."""
    rows = connection.execute(text(_REQUESTS), {"limit": limit, "before_id": before_id}).all()
    payments = [row.payment_id for row in rows if row.payment_id is not None]
    found = {
        row["payment_id"]: AskedPayment(**row)
        for row in connection.execute(text(_PAYMENTS), {"payments": payments}).mappings()
    }
    documents: dict[int, list[AnswerPlace]] = defaultdict(list)
    numbers = [row.document_request_id for row in rows]
    for number, place, document in connection.execute(text(_ANSWERS), {"requests": numbers}):
        documents[number].append(AnswerPlace(place=place, document_number=document))
    return [
        OwnRequest(
            document_request_id=row.document_request_id,
            wanted=wanted_from(row),
            payment=found.get(row.payment_id),
            asked_at=row.asked_at,
            state=RequestState(row.state),
            documents=tuple(documents[row.document_request_id]),
        )
        for row in rows
    ]


def own_answer(connection: Connection, request_id: int, place: int) -> OwnAnswer | None:
    """Return what answered a request at a place, from 1."""
    row = connection.execute(text(_ANSWER), {"request": request_id, "place": place}).first()
    if row is None:
        return None
    return OwnAnswer(document_number=row.document_number, pdf=None if row.pdf is None else bytes(row.pdf))


def own_currencies(connection: Connection) -> list[str]:
    """Return the currencies in which anything was billed to the payer or paid by them."""
    return [each.strip() for each in connection.execute(text(_CURRENCIES)).scalars()]


def wait_for_own(connection: Connection) -> None:
    """Wait until no other transaction of the payer asks for anything, and keep it so for this one."""
    connection.execute(text(_WAIT), {"space": int(LockSpace.REQUESTS_OF_PAYER)})


def find_own_request(connection: Connection, key: str) -> int | None:
    """Return the request of a key."""
    return connection.execute(text(_KNOWN), {"key": key}).scalar_one_or_none()


def count_open_or_new(connection: Connection, since: datetime) -> int:
    """Return how many requests were asked since an instant, or are not answered yet."""
    return int(connection.execute(text(_COUNT), {"since": since}).scalar_one())


def is_own(connection: Connection, wanted: WantedDocument) -> bool:
    """Tell whether the payment and the documents that are named are the payer's, and the payment is left."""
    numbers = wanted.document_numbers
    if wanted.payment_id is not None:
        values = {"payment": wanted.payment_id}
        return bool(connection.execute(text(_OWN_PAYMENT), values).scalar_one())
    found = connection.execute(text(_OWN_DOCUMENTS), {"numbers": list(numbers)}).scalar_one()
    return bool(found == len(numbers))


def add_own_request(
    connection: Connection, key: str, wanted: WantedDocument, *, language: str, at: datetime
) -> int:
    """Ask for what is wanted, to be fetched in the portal, and return the number of the request."""
    values = {
        "key": key,
        "kind": wanted.document_kind,
        "numbers": list(wanted.document_numbers),
        "payment": wanted.payment_id,
        "currency": wanted.currency,
        "from": wanted.from_date,
        "until": wanted.until_date,
        "language": language,
        "at": at,
    }
    return int(connection.execute(text(_ADD), values).scalar_one())
