"""Requests for documents in the store: taking them in, answering each once, and what people decide on them.

Belongs here: writing requests, letters and answers. Does not belong here: lists (``request_listings``), what
a letter says (``payer_accounts``, ``domain.account_statements``).
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row, text

from billing_assets.domain.audit_acts import Act, AuditAct, Subject
from billing_assets.domain.document_requests import (
    LONGEST_NOTE,
    DocumentWish,
    NewRequest,
    OpenRequest,
    RequestState,
    WantedDocument,
    request_settled,
    request_unknown,
)
from billing_assets.domain.errors import BillingError
from billing_assets.domain.letters import kind_of
from billing_assets.steps.request_ports import Answer
from billing_assets.store.audit_log import record_act
from billing_assets.store.companies import CompanyStore
from billing_assets.store.payer_accounts import PayerAccount

_ADD = """
insert into document_request (company_id, request_key, source_kind, payer_id, document_kind, document_numbers,
    payment_id, currency, from_date, until_date, language, channel, asked_by, asked_at, message_text, state,
    reason_code, changed_at)
values (:company, :key, :source, :payer, :kind, :numbers, :payment, :currency, :from, :until, :language,
    :channel, :by, :at, :message, :state, :reason, :at)
on conflict (company_id, request_key) do nothing returning document_request_id
"""
_KNOWN = """
select document_request_id from document_request where company_id = :company and request_key = :key
"""
_PAYER = "select payer_id from payer where company_id = :company and payer_key = :key"
_PAYERS_OF_POLICY = """
select distinct coalesce(a.payer_id, v.payer_id) from policy p
join policy_term_version v using (policy_id) left join policy_term_payer a using (policy_term_version_id)
where p.company_id = :company and p.policy_number = :number and v.superseded_batch_id is null
"""
# Any version of the address leads to the payer, the newest one decides.
_SENDERS = """
select lower(n.email) as email, p.payer_key from (
    select distinct y.payer_id from payer_version y
    where y.company_id = :company and lower(y.content::json ->> 'email') = any(:addresses)
) found join payer p using (payer_id) cross join lateral (
    select coalesce(y.content::json ->> 'email', '') as email from payer_version y
    where y.payer_id = p.payer_id order by y.payer_version_id desc limit 1
) n where lower(n.email) = any(:addresses) order by 1, 2
"""
_ASKED = """
select document_request_id from document_request where company_id = :company and state = 'asked'
    and document_request_id > :after
order by document_request_id limit :limit
"""
_CLAIM = """
select * from document_request
where company_id = :company and document_request_id = :request and state = 'asked' for update skip locked
"""
_LETTER = """
insert into letter (company_id, document_request_id, payer_id, payer_version_id, company_version_id,
    letter_kind, document_number, issue_date, template_version_id, record, record_sha256, pdf, pdf_sha256,
    recorded_at)
select :company, :request, :payer, :payer_version, max(company_version_id), :kind, :number, :issue_date,
    :template, :record, :record_hash, :pdf, :pdf_hash, :at from company_version where company_id = :company
returning letter_id
"""
_ANSWERED = """
insert into answered_document (company_id, document_request_id, place, document_number, letter_id, invoice_id,
    pdf_sha256)
values (:company, :request, :place, :number, :letter, :invoice, :hash)
"""
_SETTLE = """
update document_request set state = :state, reason_code = :reason, note = :note, decided_by = :by,
    changed_at = :at
where document_request_id = :request
"""
_LOCK = """
select * from document_request where company_id = :company and document_request_id = :request for update
"""
_COMPLETE = """
update document_request set document_kind = :kind, document_numbers = :numbers, payment_id = :payment,
    currency = :currency, from_date = :from, until_date = :until, state = 'asked', reason_code = '',
    note = :note, decided_by = :by, changed_at = :at
where document_request_id = :request
"""
_HAND_OVER = """
update document_request set handed_over_at = :at, handed_over_by = :by
where company_id = :company and document_request_id = :request and state = 'answered'
    and handed_over_at is null
"""


class SqlRequestStore(CompanyStore):
    """Requests in PostgreSQL; the implementation of ``steps.request_ports.RequestStore``."""

    def asked(self, company_id: int, limit: int, after: int = 0) -> Sequence[int]:
        """Return the requests after one that are to be answered, oldest first."""
        with self.database.transaction() as connection:
            values = {"company": company_id, "limit": limit, "after": after}
            return list(connection.execute(text(_ASKED), values).scalars())

    @contextmanager
    def claim(self, company_id: int, request_id: int) -> Iterator["SqlRequestTransaction | None"]:
        """Open the transaction in which a request is answered; None where somebody has it, or had it."""
        with self.database.transaction() as connection:
            values = {"company": company_id, "request": request_id}
            row = connection.execute(text(_CLAIM), values).first()
            yield None if row is None else SqlRequestTransaction(self, connection, company_id, row)


class SqlRequestTransaction:
    """One request, locked; the implementation of ``steps.request_ports.RequestTransaction``."""

    def __init__(
        self, store: SqlRequestStore, connection: Connection, company_id: int, row: Row[Any]
    ) -> None:
        """Take the request of ``row``."""
        self._database, self._clock = store.database, store.clock
        self._connection, self._company_id = connection, company_id
        self.request = _open(row)

    @contextmanager
    def reading(self) -> Iterator[PayerAccount]:
        """Open a snapshot of its own for the account.

        The transaction that holds the request cannot be it: its act in the audit log follows whatever others
        have done meanwhile, and its letter names a template that was kept meanwhile. A snapshot has neither.
        """
        with self._database.session() as session:
            connection = session.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                yield PayerAccount(connection, self._company_id, self.request.payer_id)

    def answer(self, answer: Answer) -> None:
        """Keep the letter, what the answer is of, and that the request is answered."""
        request, at = self.request.document_request_id, self._clock()
        places: list[tuple[str, int | None, int | None, bytes]] = []
        if answer.letter is not None:
            printed = answer.letter
            values = {
                "company": self._company_id,
                "request": request,
                "payer": self.request.payer_id,
                "payer_version": answer.payer_version_id,
                "kind": kind_of(printed.letter).value,
                "number": printed.letter.document_number,
                "issue_date": printed.letter.issue_date,
                "template": printed.template_version_id,
                "record": printed.record,
                "record_hash": sha256(printed.record.encode()).digest(),
                "pdf": printed.pdf,
                "pdf_hash": sha256(printed.pdf).digest(),
                "at": at,
            }
            letter_id = self._connection.execute(text(_LETTER), values).scalar_one()
            places.append((printed.letter.document_number, letter_id, None, printed.pdf))
        places += [(asked.document_number, None, asked.invoice_id, copy.pdf) for asked, copy in answer.copies]
        rows = [
            {
                "company": self._company_id,
                "request": request,
                "place": place,
                "number": number,
                "letter": letter,
                "invoice": invoice,
                "hash": sha256(pdf).digest(),
            }
            for place, (number, letter, invoice, pdf) in enumerate(places, 1)
        ]
        self._connection.execute(text(_ANSWERED), rows)
        _settle(self._connection, request, RequestState.ANSWERED, at=at)
        act = _act(
            Act.ANSWER_REQUEST, self._company_id, request, after={"documents": [each[0] for each in places]}
        )
        record_act(self._connection, act, at)

    def wait(self, reason_code: str, found: str = "") -> None:
        """Let the request wait for a person, with what they should know as its note."""
        number, note = self.request.document_request_id, found[:LONGEST_NOTE]
        _settle(self._connection, number, RequestState.WAITING, reason_code, note=note, at=self._clock())


def add_request(
    connection: Connection, company_id: int, request: NewRequest, at: datetime
) -> tuple[int, bool]:
    """Take a request in and return its number, and whether it is new: a key that is known adds nothing.

    Raises ``request_payer_unknown`` or ``request_payer_unclear``.
    """
    key = {"company": company_id, "key": request.request_key}
    known = connection.execute(text(_KNOWN), key).scalar_one_or_none()
    if known is not None:
        return known, False
    wanted = request.wanted
    waits = wanted.document_kind is None
    values = {
        **key,
        **_wanted_values(wanted),
        "source": request.source_kind.value,
        "payer": _payer_id(connection, company_id, request),
        "language": request.language,
        "channel": request.channel.value,
        "by": request.asked_by,
        "at": at,
        "message": request.message_text,
        "state": RequestState.WAITING if waits else RequestState.ASKED,
        "reason": "unclear" if waits else "",
    }
    added = connection.execute(text(_ADD), values).scalar_one_or_none()
    if added is None:
        return connection.execute(text(_KNOWN), key).scalar_one(), False
    after = {"document_kind": values["kind"], "source": request.source_kind.value}
    record_act(
        connection, _act(Act.REQUEST_DOCUMENT, company_id, added, by=request.asked_by, after=after), at
    )
    return added, True


def complete_request(
    connection: Connection,
    company_id: int,
    request_id: int,
    wanted: WantedDocument,
    *,
    note: str,
    by: str,
    at: datetime,
) -> None:
    """Say what a request is for; it is asked again. Raises ``request_unknown``, ``request_settled``."""
    _lock_open(connection, company_id, request_id)
    values = {**_wanted_values(wanted), "request": request_id, "note": note, "by": by, "at": at}
    connection.execute(text(_COMPLETE), values)
    act = _act(Act.COMPLETE_REQUEST, company_id, request_id, by=by, reason=note)
    record_act(connection, act, at)


def refuse_request(
    connection: Connection, company_id: int, request_id: int, *, note: str, by: str, at: datetime
) -> None:
    """Refuse a request for good. Raises ``request_unknown``, ``request_settled``."""
    _lock_open(connection, company_id, request_id)
    _settle(connection, request_id, RequestState.REFUSED, "by_person", note=note, by=by, at=at)
    record_act(connection, _act(Act.REFUSE_REQUEST, company_id, request_id, by=by, reason=note), at)


def hand_over(connection: Connection, company_id: int, request_id: int, *, by: str, at: datetime) -> bool:
    """Keep that the documents of an answered request were handed over; False where that was known."""
    values = {"company": company_id, "request": request_id, "by": by, "at": at}
    is_new = connection.execute(text(_HAND_OVER), values).rowcount == 1
    if is_new:
        record_act(connection, _act(Act.HAND_OVER_DOCUMENTS, company_id, request_id, by=by), at)
    return is_new


def payers_of_addresses(
    connection: Connection, company_id: int, addresses: Sequence[str]
) -> Mapping[str, Sequence[str]]:
    """Return address (in small letters) -> keys of the payers whose newest address it is."""
    asked = sorted({address.lower() for address in addresses if address})
    found: dict[str, list[str]] = defaultdict(list)
    for address, payer_key in connection.execute(text(_SENDERS), {"company": company_id, "addresses": asked}):
        found[address].append(payer_key)
    return found


def _payer_id(connection: Connection, company_id: int, request: NewRequest) -> int:
    if request.payer_key:
        query, values = _PAYER, {"company": company_id, "key": request.payer_key}
    else:
        query, values = _PAYERS_OF_POLICY, {"company": company_id, "number": request.policy_number}
    found: Sequence[int] = connection.execute(text(query), values).scalars().all()
    if len(found) > 1:
        raise BillingError(
            "request_payer_unclear",
            f"{len(found)} payers share policy {request.policy_number[:40]}",
            "name the payer who asks by their key",
        )
    if not found:
        raise BillingError(
            "request_payer_unknown",
            "the book has no such payer or policy",
            "name the payer by their key, or one of their policies by its number",
        )
    return found[0]


def _lock_open(connection: Connection, company_id: int, request_id: int) -> None:
    values = {"company": company_id, "request": request_id}
    row = connection.execute(text(_LOCK), values).first()
    if row is None:
        raise request_unknown(request_id)
    if row.state not in {RequestState.ASKED, RequestState.WAITING}:
        raise request_settled(request_id, row.state)


def _settle(
    connection: Connection,
    request_id: int,
    state: RequestState,
    reason_code: str = "",
    *,
    note: str = "",
    by: str = "",
    at: datetime,
) -> None:
    values = {
        "request": request_id,
        "state": state.value,
        "reason": reason_code,
        "note": note,
        "by": by,
        "at": at,
    }
    connection.execute(text(_SETTLE), values)


def _wanted_values(wanted: WantedDocument) -> dict[str, Any]:
    return {
        "kind": wanted.document_kind.value if wanted.document_kind else "",
        "numbers": list(wanted.document_numbers),
        "payment": wanted.payment_id,
        "currency": wanted.currency,
        "from": wanted.from_date,
        "until": wanted.until_date,
    }


def wanted_from(row: Any) -> WantedDocument:  # noqa: ANN401 - a row
    """Return what the row of a request asks for."""
    return WantedDocument(
        document_kind=DocumentWish(row.document_kind) if row.document_kind else None,
        document_numbers=tuple(row.document_numbers),
        payment_id=row.payment_id,
        currency=row.currency,
        from_date=row.from_date,
        until_date=row.until_date,
    )


def _open(row: Row[Any]) -> OpenRequest:
    return OpenRequest(
        document_request_id=row.document_request_id,
        payer_id=row.payer_id,
        wanted=wanted_from(row),
        language=row.language,
        asked_at=row.asked_at,
    )


def _act(
    act: Act,
    company_id: int,
    request_id: int,
    *,
    by: str = "",
    reason: str = "",
    after: Mapping[str, object] | None = None,
) -> AuditAct:
    return AuditAct(
        act=act,
        subject=Subject.DOCUMENT_REQUEST,
        subject_id=str(request_id),
        company_id=company_id,
        reason=reason,
        signed_by=by,
        after=after,
    )
