"""What comes of a push: a state and a stable reason word, by how far the request came and what was answered.

Belongs here: the table of reasons and the one function that reads an exchange.
Does not belong here: the exchange itself (``channels.outbound``), when to try again.
"""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from billing_assets.channels.outbound import Exchange, Reach
from billing_assets.domain.deliveries import DeliveryState, SendResult, kept_wording

REASON_MEANINGS: Final = {
    "accepted": "the endpoint answered 2xx to the whole message and is now responsible for it",
    "endpoint_gone": "the endpoint is gone for good (410): nothing should be pushed to it any more",
    "endpoint_not_found": "nothing answers at this path (404)",
    "signature_refused": "the endpoint does not take the signature or the sender (401, 403)",
    "message_too_big": "over the size limit of the endpoint, or of what is pushed at all",
    "rejected": "refused for its content or by a rule of the endpoint (another 4xx)",
    "redirected": "the endpoint points to another URL, which is never followed (3xx)",
    "too_many_requests": "the endpoint wants fewer messages for now (429)",
    "refused_for_now": "the endpoint cannot take this message now (408, 425)",
    "service_not_available": "the endpoint cannot work now (502, 503, 504)",
    "server_error": "the endpoint has a fault of its own (500 and others above)",
    "connect_failed": "the name is not known, or no connection",
    "tls_failed": "the certificate is not trusted or of another name, or TLS broke off",
    "connection_lost_before_body": "lost or timed out before the document was begun: nothing was accepted",
    "no_answer_after_request": "lost, timed out or unreadable after the document was begun: may be accepted",
    "bad_endpoint": "the URL or a secret of the endpoint cannot be used",
    "address_not_public": "the endpoint's name leads to an address that is not of the public internet",
    "bad_message": "an id, an event type or a date that may not go into a message",
}

_TAKEN, _ELSEWHERE, _REFUSED, _IN_TROUBLE = 2, 3, 4, 5
_BY_STATUS: Final = {
    401: "signature_refused", 403: "signature_refused", 404: "endpoint_not_found", 408: "refused_for_now",
    410: "endpoint_gone", 413: "message_too_big", 425: "refused_for_now", 429: "too_many_requests",
    502: "service_not_available", 503: "service_not_available", 504: "service_not_available",
}  # fmt: skip
_ASKED_LATER: Final = {408, 425, 429}
_LONGEST_WAIT_SECONDS: Final = 7 * 24 * 3600

_WITHOUT_ANSWER: Final = {
    Reach.BAD_URL: (DeliveryState.FAILED, "bad_endpoint"),
    Reach.NOT_PUBLIC: (DeliveryState.FAILED, "address_not_public"),
    Reach.NOT_CONNECTED: (DeliveryState.QUEUED, "connect_failed"),
    Reach.NO_TLS: (DeliveryState.QUEUED, "tls_failed"),
    Reach.NOT_BEGUN: (DeliveryState.QUEUED, "connection_lost_before_body"),
    Reach.BEGUN: (DeliveryState.UNKNOWN, "no_answer_after_request"),
}


def meaning(exchange: Exchange, asked_at: datetime) -> SendResult:
    """Return what one exchange means; ``asked_at`` is the aware moment at which it began.

    2xx is ``sent``, where all of the message had left; 408, 425, 429 and 5xx are ``queued``, with the wait
    that ``Retry-After`` asks for; all other 4xx and each 3xx are ``failed``. A status outside of these, and
    2xx to half a message, tell nothing: ``unknown``.

    >>> at = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
    >>> busy = Exchange(reach=Reach.ANSWERED, status=429, is_whole=True, headers={"retry-after": "120"})
    >>> result = meaning(busy, at)
    >>> result.state.value, result.reason_code, result.retry_after_seconds
    ('queued', 'too_many_requests', 120)
    """
    if exchange.reach is not Reach.ANSWERED:
        state, reason = _WITHOUT_ANSWER[exchange.reach]
        return outcome(state, reason)
    state, reason = _by_status(exchange.status, is_whole=exchange.is_whole)
    return SendResult(
        state=state,
        reply_code=exchange.status,
        reason_code=reason,
        reply_text=kept_wording(exchange.text),
        retry_after_seconds=_wait_seconds(exchange, asked_at) if state is DeliveryState.QUEUED else None,
    )


def _by_status(status: int, *, is_whole: bool) -> tuple[DeliveryState, str]:
    status_class = status // 100
    if status_class == _TAKEN and is_whole:
        return DeliveryState.SENT, "accepted"
    if status_class == _ELSEWHERE:
        return DeliveryState.FAILED, "redirected"
    if status_class == _IN_TROUBLE or status in _ASKED_LATER:
        return DeliveryState.QUEUED, _BY_STATUS.get(status, "server_error")
    if status_class == _REFUSED:
        return DeliveryState.FAILED, _BY_STATUS.get(status, "rejected")
    return DeliveryState.UNKNOWN, "no_answer_after_request"


def _wait_seconds(exchange: Exchange, asked_at: datetime) -> int | None:
    """Return what ``Retry-After`` asks for, at most a week: seconds, or a date against the answer's own."""
    text = exchange.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return min(int(text[:9]), _LONGEST_WAIT_SECONDS)
    until = _moment(text)
    if until is None:
        return None
    since = _moment(exchange.headers.get("date", "")) or asked_at
    return min(max(int((until - since).total_seconds()), 0), _LONGEST_WAIT_SECONDS)


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, IndexError, TypeError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def outcome(state: DeliveryState, reason: str) -> SendResult:
    """Return a result where nobody answered.

    >>> outcome(DeliveryState.QUEUED, "connect_failed").reply_code
    0
    """
    return SendResult(state=state, reply_code=0, reason_code=reason, reply_text="")
