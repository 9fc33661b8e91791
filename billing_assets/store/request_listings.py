"""Requests for documents as people see them: lists, one with what answered it, counts, and the bytes.

Belongs here: read models. Does not belong here: writing (``document_requests``).

A list never holds a name or what a payer wrote; what was written stands with one request.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from billing_assets.domain.document_requests import WantedDocument, request_unknown
from billing_assets.domain.errors import BillingError
from billing_assets.store.document_requests import wanted_from


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFilter:
    """Which requests, newest first; ``to_do``: those that a person has something to do for, oldest first."""

    state: str = ""
    payer_key: str = ""
    to_do: bool = False
    before_id: int | None = None
    limit: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRow:
    """A request in a list; ``documents`` are the numbers of what answered it."""

    document_request_id: int
    source_kind: str
    payer_key: str
    wanted: WantedDocument
    language: str
    channel: str
    asked_by: str
    asked_at: datetime
    state: str
    reason_code: str
    changed_at: datetime
    handed_over_at: datetime | None
    handed_over_by: str
    documents: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestDetail:
    """One request in full; it holds personal data."""

    request: RequestRow
    payer_name: str
    payer_email: str
    message_text: str
    note: str
    decided_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptDocument:
    """A document that answered a request; of an invoice, which has its own, ``pdf`` and record are empty."""

    document_number: str
    is_letter: bool
    pdf_sha256: str
    pdf: bytes
    record: str
    template_version_id: int


_LIST = """
select r.*, p.payer_key, coalesce((select array_agg(a.document_number order by a.place)
    from answered_document a where a.document_request_id = r.document_request_id), '{{}}') as documents
from document_request r join payer p using (payer_id)
where r.company_id = :company
    and (cast(:request as bigint) is null or r.document_request_id = :request)
    and (:state = '' or r.state = :state)
    and (:payer_key = '' or p.payer_key = :payer_key)
    and (cast(:before_id as bigint) is null or r.document_request_id < :before_id)
    and (not :to_do or r.state = 'waiting'
        or (r.state = 'answered' and r.handed_over_at is null and r.channel <> 'download'))
order by r.document_request_id {order} limit :limit
"""
_PERSON = """
select r.message_text, r.note, r.decided_by, y.content::json ->> 'name' as payer_name,
    y.content::json ->> 'email' as payer_email
from document_request r cross join lateral (select content from payer_version v
    where v.payer_id = r.payer_id order by v.payer_version_id desc limit 1) y
where r.document_request_id = :request
"""
_COUNTS = """
select count(*) filter (where state = 'asked') as asked_count,
    count(*) filter (where state = 'waiting') as waiting_count,
    count(*) filter (where state = 'answered' and handed_over_at is null and channel <> 'download')
        as to_hand_over_count
from document_request where company_id = :company
    and (state in ('asked', 'waiting') or (state = 'answered' and handed_over_at is null))
"""
_KINDS = """
select document_kind, count(*) from document_request
where company_id = :company and state = 'answered' and changed_at >= :since group by 1 order by 1
"""
_DOCUMENT = """
select a.document_number, a.letter_id is not null as is_letter, encode(a.pdf_sha256, 'hex') as pdf_sha256,
    coalesce(l.pdf, '') as pdf, coalesce(l.record, '') as record,
    coalesce(l.template_version_id, 0) as template_version_id
from answered_document a join document_request r using (document_request_id)
left join letter l using (letter_id)
where r.company_id = :company and r.document_request_id = :request and a.place = :place
"""


def list_requests(connection: Connection, company_id: int, wanted: RequestFilter) -> list[RequestRow]:
    """Return the requests that fit."""
    query = text(_LIST.format(order="asc" if wanted.to_do else "desc"))
    return [_row(row) for row in connection.execute(query, _values(company_id, wanted))]


def show_request(connection: Connection, company_id: int, request_id: int) -> RequestDetail:
    """Return one request, or raise ``request_unknown``."""
    values = _values(company_id, RequestFilter(limit=1), request_id)
    row = connection.execute(text(_LIST.format(order="asc")), values).first()
    if row is None:
        raise request_unknown(request_id)
    person = connection.execute(text(_PERSON), {"request": request_id}).mappings().one()
    return RequestDetail(request=_row(row), **person)


def count_requests(connection: Connection, company_id: int) -> dict[str, int]:
    """Return how many are asked, wait for a person, and are answered and to be handed over by one."""
    return dict(connection.execute(text(_COUNTS), {"company": company_id}).mappings().one())


def answered_since(connection: Connection, company_id: int, since: datetime) -> dict[str, int]:
    """Return kind -> requests that were answered since an instant."""
    rows = connection.execute(text(_KINDS), {"company": company_id, "since": since}).all()
    return {row[0]: row[1] for row in rows}


def kept_document(connection: Connection, company_id: int, request_id: int, place: int) -> KeptDocument:
    """Return what answered a request at a place, from 1, or raise ``answer_unknown``."""
    values = {"company": company_id, "request": request_id, "place": place}
    row = connection.execute(text(_DOCUMENT), values).mappings().first()
    if row is None:
        raise BillingError(
            "answer_unknown",
            f"request {request_id} has no document {place}",
            f"'billing requests show {request_id}' shows what answered it",
        )
    return KeptDocument(**{**row, "pdf": bytes(row["pdf"])})


def _values(company_id: int, wanted: RequestFilter, request_id: int | None = None) -> dict[str, object]:
    """Return what ``_LIST`` asks for; ``request_id`` is the only request that is wanted."""
    return {
        "company": company_id,
        "request": request_id,
        "state": wanted.state,
        "payer_key": wanted.payer_key,
        "to_do": wanted.to_do,
        "before_id": wanted.before_id,
        "limit": wanted.limit,
    }


def _row(row: Any) -> RequestRow:  # noqa: ANN401 - a row
    own = ("document_request_id", "source_kind", "payer_key", "language", "channel", "asked_by", "asked_at")
    state = ("state", "reason_code", "changed_at", "handed_over_at", "handed_over_by")
    return RequestRow(
        **{name: getattr(row, name) for name in (*own, *state)},
        wanted=wanted_from(row),
        documents=tuple(row.documents),
    )
