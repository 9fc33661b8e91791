"""Deliveries: one row per (document, channel, purpose), and what became of it.

Belongs here: the states, the outcome of one attempt, the identity of a message, and which e-mail
addresses can be delivered to.
Does not belong here: how a channel talks to the world (``channels``), the queue (``store``).
"""

import re
import unicodedata
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Final

from billing_assets.domain.attempts import is_last_attempt

_LOCAL_PART: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\U0010ffff-]+")
_LABEL: Final = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_ADDRESS_IN_TEXT: Final = re.compile(r"([^\s<>\"'(),;:@\[\]])[^\s<>\"'(),;:@\[\]]*@(?=[^\s@])")
_LONGEST_ADDRESS: Final = 254
_LONGEST_LOCAL_PART: Final = 64
_LONGEST_LABEL: Final = 63
_LONGEST_MESSAGE_DOMAIN: Final = 120


class DeliveryState(StrEnum):
    """Where a delivery stands.

    ``queued`` waits; ``sending`` is with the channel now; ``sent`` was accepted; ``failed`` was
    refused, with the code and the reason; ``unknown`` may or may not have been accepted and is
    never sent again by itself: a person decides.
    """

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that goes with a message."""

    file_name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailMessageParts:
    """One e-mail, ready to send.

    ``message_id`` is without angle brackets; ``dated_at`` is an aware moment and becomes the Date
    header, so that the same parts give the same bytes whenever they are sent.
    """

    message_id: str
    dated_at: datetime
    from_name: str
    from_email: str
    to_email: str
    subject: str
    text: str
    html: str
    language: str
    attachments: tuple[Attachment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SendResult:
    """What one attempt came to.

    ``state`` is one of ``sent``, ``failed``, ``unknown`` or ``queued`` (a transient refusal such as
    a 4xx: nothing was accepted and the channel may be asked again). ``reply_code`` is the protocol's
    code (SMTP: 250, 450, 550 ...; HTTP: 200, 410, 503 ...), 0 where there was no reply. ``reason_code`` is a
    stable word; ``reply_text`` is the other side's wording, see ``kept_wording``. ``retry_after_seconds`` is
    how long a ``queued`` message is asked to wait before the next attempt, None where nobody said.
    """

    state: DeliveryState
    reply_code: int
    reason_code: str
    reply_text: str
    retry_after_seconds: int | None = None


def message_id(company_code: str, document_number: str, channel: str, purpose: str, domain: str) -> str:
    """Return the Message-ID of a delivery: a pure function of its key, without angle brackets.

    Two attempts at one delivery carry one Message-ID, so that mail systems can recognise a repeat.

    >>> message_id("demo", "INV-00000001", "email", "issue", "billing.example")
    '853fd8152b1c317e1a1cf3bae289153d@billing.example'
    """
    return f"{_key_hash(company_code, document_number, channel, purpose)}@{domain}"


def webhook_id(company_code: str, document_number: str, channel: str, purpose: str) -> str:
    """Return the ``webhook-id`` of a delivery: a pure function of its key, as ``message_id`` is for e-mail.

    It has no dot, as the signature joins id, time and content with dots.

    >>> webhook_id("demo", "INV-00000001", "api_push", "issue")
    'msg_aba1ced1ba1abcd49d88c89764ee4654'
    """
    return webhook_id_of(_key_hash(company_code, document_number, channel, purpose))


def webhook_id_of(message_id: str) -> str:
    """Return the ``webhook-id`` of the delivery that a Message-ID is of: both are the hash of its key.

    >>> webhook_id_of("853fd8152b1c317e1a1cf3bae289153d@billing.example")
    'msg_853fd8152b1c317e1a1cf3bae289153d'
    """
    return f"msg_{message_id.partition('@')[0]}"


def _key_hash(*parts: str) -> str:
    return sha256("\x1f".join(parts).encode()).hexdigest()[:32]


def wire_address(text: str) -> str | None:
    """Return one bare e-mail address as it goes on the wire, or None when it cannot be delivered to.

    The domain comes back in lower case and in ASCII: each label with other letters becomes its
    punycode, as IDNA 2008 has it (a German sharp s stays a letter of its own: the older rule writes
    ``ss``, which may be somebody else's domain). A local part beyond ASCII is kept; it needs a
    server that offers SMTPUTF8. Refused: a display name, more than one address, white space and
    control characters, quoted local parts, address literals, a domain without a dot, more than 64
    octets before the @ or 254 in all. Limits: RFC 5321, section 4.5.3.1.

    >>> wire_address("Anna.Beispiel@B\u00fccher.example")
    'Anna.Beispiel@xn--bcher-kva.example'
    >>> wire_address("Anna <anna@example.com>") is None
    True
    """
    local_part, at_sign, domain = text.partition("@")
    if not at_sign or not text.isprintable() or not all(map(_LOCAL_PART.fullmatch, local_part.split("."))):
        return None
    labels = [_wire_label(label) for label in domain.split(".")]
    is_domain = len(labels) > 1 and all(labels) and not labels[-1].isdigit()
    address = f"{local_part}@{'.'.join(labels)}"
    is_short = len(local_part.encode()) <= _LONGEST_LOCAL_PART and len(address.encode()) <= _LONGEST_ADDRESS
    return address if is_domain and is_short else None


def _wire_label(label: str) -> str:
    lowered = unicodedata.normalize("NFC", label.lower())
    if not lowered.isascii():
        is_plain = unicodedata.normalize("NFKC", lowered) == lowered
        if not is_plain or not all(c == "-" or unicodedata.category(c)[0] in "LMN" for c in lowered):
            return ""
        lowered = f"xn--{lowered.encode('punycode').decode('ascii')}"
    return lowered if len(lowered) <= _LONGEST_LABEL and _LABEL.fullmatch(lowered) else ""


def is_deliverable_address(text: str) -> bool:
    """Return whether ``text`` is exactly one e-mail address that a message can be sent to.

    It says nothing about whether the mailbox exists. See ``wire_address`` for what is refused.

    >>> is_deliverable_address("anna@example.com"), is_deliverable_address("anna@example.com, b@example.com")
    (True, False)
    """
    return wire_address(text) is not None


def is_message_domain(text: str) -> bool:
    """Return whether ``text`` may stand on the right of a Message-ID: a domain in ASCII with a dot.

    >>> is_message_domain("billing.example.com"), is_message_domain("bad domain@x")
    (True, False)
    """
    is_plain = text.isascii() and len(text) <= _LONGEST_MESSAGE_DOMAIN
    return is_plain and wire_address(f"x@{text}") is not None


def masked_addresses(text: str) -> str:
    """Return ``text`` with every e-mail address in it cut to its first letter and its domain.

    >>> masked_addresses("550 5.1.1 <jane.roe@example.com>: no such user")
    '550 5.1.1 <j***@example.com>: no such user'
    """
    return _ADDRESS_IN_TEXT.sub(r"\1***@", text)


def kept_wording(text: str) -> str:
    r"""Return what is kept of the other side's wording: one line, e-mail addresses masked, 500 characters.

    What cannot be printed becomes a space: a database takes no NUL, and a terminal obeys an escape.

    >>> kept_wording("not\x00 now,\r\n jane.roe@example.com")
    'not now, j***@example.com'
    """
    printable = "".join(character if character.isprintable() else " " for character in text)
    return masked_addresses(" ".join(printable.split()))[:LONGEST_WORDING]


LONGEST_WORDING = 500
"""So many characters of an answer are kept."""

CHANNEL_FAULTS = frozenset(
    {
        *("connect_failed", "tls_failed", "auth_failed", "service_not_available"),
        *("bad_sender", "sender_refused"),
    }
)
"""Reason codes that speak of the channel or the sender alone; such an answer is no attempt of the message."""

OWN_FAULTS = frozenset({"secret_unreadable", "endpoint_unknown"})
"""Reason codes of what is wrong on our side with an endpoint; no attempt of the message."""

SIGNS_OF_OUTAGE = CHANNEL_FAULTS | {"refused_for_now"}
"""Reason codes that a channel in trouble gives: several in a row mean that it is down."""

ENDPOINT_OUTAGES = SIGNS_OF_OUTAGE | OWN_FAULTS | {"server_error", "no_answer_after_request"}
"""Reason codes that an endpoint in trouble gives."""

MAX_ENDPOINT_OUTAGES = 3
"""After so many outages in a row an endpoint is left alone until the next call: others do not wait for it."""

FAULT_OF_THEIRS, TIMED_OUT = 500, 408
"""Reply codes of an endpoint, from the first on and the second: see ``may_have_taken``."""

MAX_ATTEMPTS = 12
"""So many temporary refusals of one message, and it waits for a person."""

HELD = "closed_day"
"""The reason of a delivery that waits for the next open day to be sent."""

NO_ADDRESS = "no_address"
"""The reason of a delivery that no channel was asked for, because its payer has no address."""

PRINT_FAULTS = frozenset(
    {
        *("unprintable", "print_failed", "rendering_changed", "document_does_not_add_up", "language_unknown"),
        *(
            "template_does_not_compile",
            "template_does_not_render",
            "template_file_missing",
            "template_missing",
        ),
        *("template_archive_damaged", "template_process_ended", "template_too_large", "template_too_slow"),
        *("templates_missing", "labels_unusable", "fonts_missing", "fonts_unusable", "chart_failed"),
        *("invoice_json_unreadable", "letter_json_unreadable", "print_worker_ended"),
        *("printer_used_after_fork", "pdf_pages_unreadable", "print_batch_invalid"),
    }
)
"""Reasons that speak of the document itself: no other way to the payer mends them."""

GAVE_UP = "gave_up_after_attempts"
"""The reason of a delivery that was refused for now as often as is allowed."""


def may_have_taken(reply_code: int) -> bool:
    """Tell whether an endpoint answered to a whole document in a way that may hide a yes.

    >>> may_have_taken(503), may_have_taken(408), may_have_taken(429), may_have_taken(0)
    (True, True, False, False)
    """
    return reply_code >= FAULT_OF_THEIRS or reply_code == TIMED_OUT


def within_attempts(
    result: SendResult, refused_count: int, max_attempts: int, *, spared: frozenset[str] = CHANNEL_FAULTS
) -> SendResult:
    """Return ``result``, or a failure where it is the last temporary refusal that a message may have.

    ``refused_count`` temporary refusals came before it. A reason that is ``spared`` is no attempt of the
    message and never the last one. Reply code and wording of the last answer stay.

    >>> refused = SendResult(
    ...     state=DeliveryState.QUEUED, reply_code=450, reason_code="greylisted", reply_text="later"
    ... )
    >>> within_attempts(refused, 10, 12).reason_code, within_attempts(refused, 11, 12).reason_code
    ('greylisted', 'gave_up_after_attempts')
    """
    is_last = is_last_attempt(refused_count, max_attempts)
    if result.state is not DeliveryState.QUEUED or result.reason_code in spared or not is_last:
        return result
    return replace(result, state=DeliveryState.FAILED, reason_code=GAVE_UP)
