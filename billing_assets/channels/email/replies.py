"""What an SMTP reply means: a state and a stable reason word, by code, enhanced status and phase.

Belongs here: the tables of reasons and the one function that reads them.
Does not belong here: the dialogue that produced the reply (``channel``).
"""

import re
from typing import Final, Literal

from billing_assets.domain.deliveries import LONGEST_WORDING, DeliveryState, SendResult, kept_wording

Phase = Literal["mail", "rcpt", "data", "content"]
"""Where in the dialogue a reply came: to MAIL, RCPT, DATA, or to (or during) the content."""

REASON_MEANINGS: Final = {
    "accepted": "the server answered 2xx to the final dot and is now responsible for the message",
    "mailbox_unavailable": "no such mailbox, or it is closed or blocked",
    "mailbox_full": "the mailbox has no room",
    "domain_unavailable": "the domain does not exist or takes no mail",
    "greylisted": "the server wants to be asked again later",
    "message_too_big": "over the size limit of the server or of the mailbox",
    "sender_refused": "the server does not take mail from this sender (address, SPF, DKIM, DMARC, listing)",
    "rejected": "refused for content or policy",
    "protocol_error": "an answer outside SMTP, or a command the server does not know",
    "service_not_available": "the server cannot work now (421, 451, 452, shutting down, no storage)",
    "refused_for_now": "the server cannot take this message now (451, 452)",
    "connect_failed": "no connection, or lost before the server was ready for a message",
    "tls_failed": "STARTTLS not offered or refused, or the certificate is not trusted",
    "auth_failed": "user name or password refused, missing, or no common method",
    "connection_lost_before_data": "lost or timed out before the final dot was written: nothing was accepted",
    "no_answer_after_data": "lost, timed out or unreadable after the final dot: may have been accepted",
    "bad_sender": "address, name or message domain of the company's settings may not go into a message",
    "bad_address": "the recipient's address is not one deliverable address",
    "bad_message": "a header, file name or media type that may not go into a message",
    "smtputf8_not_offered": "an address beyond ASCII, and the server does not take those",
}

_BY_ENHANCED_STATUS: Final = {
    "1.0": "mailbox_unavailable", "1.1": "mailbox_unavailable", "1.2": "domain_unavailable",
    "1.3": "bad_address", "1.6": "mailbox_unavailable", "1.7": "sender_refused", "1.8": "sender_refused",
    "1.10": "domain_unavailable", "2.1": "mailbox_unavailable", "2.2": "mailbox_full",
    "2.3": "message_too_big", "3.1": "service_not_available", "3.2": "service_not_available",
    "3.4": "message_too_big", "4.1": "domain_unavailable", "4.2": "service_not_available",
    "4.4": "domain_unavailable", "5.1": "protocol_error", "5.2": "protocol_error", "5.4": "protocol_error",
    "6.7": "smtputf8_not_offered", "7.0": "rejected", "7.1": "rejected", "7.8": "auth_failed",
    "7.20": "sender_refused", "7.23": "sender_refused", "7.25": "sender_refused", "7.26": "sender_refused",
}  # fmt: skip
"""Subject and detail of an enhanced status (RFC 3463, RFC 7372, RFC 7505): the class is the reply's own."""

_BY_REPLY_CODE: Final = {
    421: "service_not_available", 432: "auth_failed", 450: "mailbox_unavailable",
    451: "service_not_available", 452: "service_not_available", 454: "auth_failed", 455: "protocol_error",
    500: "protocol_error", 501: "protocol_error", 502: "protocol_error", 503: "protocol_error",
    504: "protocol_error", 521: "domain_unavailable", 530: "auth_failed", 534: "auth_failed",
    535: "auth_failed", 538: "auth_failed", 550: "mailbox_unavailable", 551: "mailbox_unavailable",
    552: "message_too_big", 553: "bad_address", 554: "rejected", 555: "protocol_error",
    556: "domain_unavailable",
}  # fmt: skip

_GREYLISTING: Final = {(450, "2.0"), (450, "7.1"), (451, "7.1")}
_GREYLIST_WORD: Final = re.compile(r"gr[ae]y[ -]?list", re.IGNORECASE)
_ENHANCED_STATUS: Final = re.compile(r"\s*[245]\.(\d{1,3}\.\d{1,3})\b")
_TAKEN, _NOT_NOW, _NEVER = 2, 4, 5
_CLOSING: Final = 421


def _reason_of(phase: Phase, code: int, text: str) -> str:
    found = _ENHANCED_STATUS.match(text)
    detail = found.group(1) if found else ""
    if code // 100 == _NOT_NOW and ((code, detail) in _GREYLISTING or _GREYLIST_WORD.search(text)):
        return "greylisted"
    reason = _BY_ENHANCED_STATUS.get(detail) or _BY_REPLY_CODE.get(code)
    reason = reason or ("rejected" if code // 100 == _NEVER else "service_not_available")
    is_refusal = code // 100 == _NOT_NOW and code != _CLOSING
    if is_refusal and phase != "mail" and reason == "service_not_available":
        return "refused_for_now"
    if phase == "mail" and reason in {"mailbox_unavailable", "bad_address"}:
        return "sender_refused"
    if phase == "content" and reason == "mailbox_unavailable" and not detail:
        return "rejected"
    return reason


def is_last_answer(phase: Phase, code: int) -> bool:
    """Return whether the connection is of no more use: closing (421), or out of step with the protocol.

    >>> is_last_answer("rcpt", 421), is_last_answer("rcpt", 550), is_last_answer("data", 250)
    (True, False, True)
    """
    is_refusal = code // 100 in {_NOT_NOW, _NEVER}
    is_accepted = phase == "content" and code // 100 == _TAKEN
    return code == _CLOSING or not (is_refusal or is_accepted)


def answer_of(phase: Phase, code: int, text: str) -> SendResult:
    """Return what one reply means in its phase: by its code, never by the exception it would raise.

    2xx is ``sent`` to the final dot (phase ``content``); 4xx is ``queued`` and 5xx ``failed``, save a 5xx
    that asks for a log-in or refuses the sender before it knows the payer: that is about our settings, so the
    message stays ``queued``. Anything else is outside the protocol: ``unknown`` after the final dot,
    ``queued`` before.

    >>> result = answer_of("rcpt", 550, "5.1.1 <jane@example.com>: no such user")
    >>> result.state.value, result.reason_code, result.reply_text
    ('failed', 'mailbox_unavailable', '5.1.1 <j***@example.com>: no such user')
    """
    if phase == "content" and code // 100 == _TAKEN:
        return outcome(DeliveryState.SENT, "accepted", code, text)
    if code // 100 in {_NOT_NOW, _NEVER}:
        reason = _reason_of(phase, code, text)
        is_ours = reason == "auth_failed" or (phase == "mail" and reason == "sender_refused")
        is_final = code // 100 == _NEVER and not is_ours
        return outcome(DeliveryState.FAILED if is_final else DeliveryState.QUEUED, reason, code, text)
    if phase == "content":
        return outcome(DeliveryState.UNKNOWN, "no_answer_after_data", code, text)
    return outcome(DeliveryState.QUEUED, "protocol_error", code, text)


def outcome(state: DeliveryState, reason: str, code: int = 0, text: str = "") -> SendResult:
    """Return a result with the wording on one line, masked and cut; ``code`` 0 where nobody answered."""
    wording = kept_wording(text[: 4 * LONGEST_WORDING])
    return SendResult(state=state, reply_code=max(code, 0), reason_code=reason, reply_text=wording)
