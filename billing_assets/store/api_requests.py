"""Requests of the API that are done once, in the store.

Belongs here: claiming a request, keeping its answer, removing what is older than 35 days.
Does not belong here: what a request does, HTTP (``portal.api``).

Whoever works on a request holds a lock of the transaction on its key, so that a second one is told so at once
and waits for nobody. An answer that is kept in the transaction of the effect stands or falls with it.
"""

from datetime import datetime

from sqlalchemy import Connection, text

from billing_assets.domain.api_requests import (
    KEPT_FOR,
    LEASE,
    KeptAnswer,
    RequestKey,
    in_progress,
    key_reused,
)

_PRUNED_AT_A_TIME = 20
# Each new request removes a few old ones: more than come in, so that none stays for long.
_PRUNE = """
delete from api_request where api_request_id in (
    select api_request_id from api_request where started_at < :since
    order by started_at limit :count for update skip locked)
"""
_FORGET = """
delete from api_request where api_key_id = :key and idempotency_key = :word and started_at < :since
"""
_LOCK = (
    "select pg_try_advisory_xact_lock(hashtextextended(cast(:key as text) || ' ' || cast(:word as text), 43))"
)
_FIND = """
select request_sha256, started_at, status, content_type, location, etag, body
from api_request where api_key_id = :key and idempotency_key = :word
"""
_CLAIM = """
insert into api_request (company_id, api_key_id, idempotency_key, request_sha256, started_at)
values (:company, :key, :word, :hash, :at)
on conflict (api_key_id, idempotency_key) do update set started_at = :at
"""
_ANSWER = """
update api_request set answered_at = :at, status = :status, content_type = :content_type,
    location = :location, etag = :etag, body = :body
where api_key_id = :key and idempotency_key = :word and answered_at is null
"""
_RELEASE = """
delete from api_request where api_key_id = :key and idempotency_key = :word and answered_at is null
"""


def claim_request(connection: Connection, request: RequestKey, at: datetime) -> KeptAnswer | None:
    """Return the answer that is kept of a request, or None where the caller is to do it now.

    The lock on its key is held until the transaction ends.

    Raises:
        BillingError: ``request_in_progress``; ``idempotency_key_reused`` where it was another request.
    """
    values = _values(request, at)
    if not connection.execute(text(_LOCK), values).scalar_one():
        raise in_progress()
    connection.execute(text(_FORGET), values)
    row = connection.execute(text(_FIND), values).first()
    if row is not None:
        if bytes(row.request_sha256) != request.request_sha256:
            raise key_reused()
        if row.status is not None:
            return KeptAnswer(
                status=row.status,
                content_type=row.content_type,
                location=row.location,
                etag=row.etag,
                body=bytes(row.body),
            )
        if row.started_at > at - LEASE:
            raise in_progress()
    connection.execute(text(_CLAIM), values)
    connection.execute(text(_PRUNE), {**values, "count": _PRUNED_AT_A_TIME})
    return None


def keep_answer(connection: Connection, request: RequestKey, answer: KeptAnswer, at: datetime) -> None:
    """Keep the answer to a request that was claimed."""
    values = {
        **_values(request, at),
        "status": answer.status,
        "content_type": answer.content_type,
        "location": answer.location,
        "etag": answer.etag,
        "body": answer.body,
    }
    connection.execute(text(_ANSWER), values)


def release_request(connection: Connection, request: RequestKey, at: datetime) -> None:
    """Give up the claim on a request that was refused and did nothing: the same key may be used again."""
    connection.execute(text(_RELEASE), _values(request, at))


def _values(request: RequestKey, at: datetime) -> dict[str, object]:
    return {
        "company": request.company_id,
        "key": request.api_key_id,
        "word": request.idempotency_key,
        "hash": request.request_sha256,
        "at": at,
        "since": at - KEPT_FOR,
    }
