"""The bytes of a message: a pure function of its parts.

Belongs here: header fields, MIME structure and what may not go into either.
Does not belong here: the wording and the layout of a message, how it is handed over (``channel``).
"""

import re
from base64 import b64encode, encodebytes
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from hashlib import sha256
from typing import Final
from unicodedata import category

from billing_assets.domain.deliveries import EmailMessageParts, wire_address
from billing_assets.domain.errors import BillingError

_MESSAGE_ID: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,120}@[A-Za-z0-9.-]{1,120}")
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
_MEDIA_TYPE: Final = re.compile(r"(?!multipart/|message/)[a-z0-9]+/[a-z0-9][a-z0-9.+-]*")
_FILE_NAME: Final = re.compile(r"[^/\\:\"]{1,200}")
_LONGEST_LINE: Final = 998
_PLAIN_HEADER_LENGTH: Final = 60
_ENCODED_WORD_OCTETS: Final = 36
_MIME_POLICY: Final = SMTP.clone(cte_type="7bit")


def _encoded_words(text: str) -> str:
    """RFC 2047 words, folded: the standard library's folding differs between its versions."""
    chunks = [""]
    for character in text:
        if len((chunks[-1] + character).encode()) > _ENCODED_WORD_OCTETS:
            chunks.append("")
        chunks[-1] += character
    return "\r\n ".join(f"=?utf-8?b?{b64encode(chunk.encode()).decode()}?=" for chunk in chunks)


def _unstructured(text: str) -> str:
    is_plain = text.isascii() and "=?" not in text and len(text) <= _PLAIN_HEADER_LENGTH
    return text if is_plain and text == text.strip() else _encoded_words(text)


def _mailbox(display_name: str, address: str) -> str:
    if not display_name:
        return f"<{address}>"
    words = _unstructured(display_name)
    if words == display_name:
        words = '"' + display_name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{words}\r\n <{address}>"


def checked_addresses(parts: EmailMessageParts) -> tuple[str, str]:
    """Return sender and recipient as they go on the wire, or raise ``bad_sender`` or ``bad_address``."""
    sender, recipient = wire_address(parts.from_email), wire_address(parts.to_email)
    if sender is None:
        raise _bad_sender("address")
    if recipient is None:
        raise BillingError(
            "bad_address",
            "the recipient is not one deliverable e-mail address",
            "correct the address: one address, without a display name",
        )
    return sender, recipient


def _bad_sender(name: str) -> BillingError:
    """What is wrong with the sender is wrong with every message: none of them is at fault."""
    return BillingError(
        "bad_sender",
        f"the sender's {name} cannot go into a message",
        "correct the settings of the company: 'billing company set FILE'",
    )


def _check_fields(parts: EmailMessageParts) -> None:
    if not _MESSAGE_ID.fullmatch(parts.message_id):
        raise _bad_sender("Message-ID")
    if not _is_header_text(parts.from_name):
        raise _bad_sender("name")
    faults = {
        "dated_at": parts.dated_at.utcoffset() is None,
        "subject": not _is_header_text(parts.subject),
        "language": not _LANGUAGE.fullmatch(parts.language),
        "file_name": not all(
            _is_header_text(a.file_name) and _FILE_NAME.fullmatch(a.file_name) for a in parts.attachments
        ),
        "media_type": not all(_MEDIA_TYPE.fullmatch(a.media_type) for a in parts.attachments),
        "text": not _is_encodable(parts.text),
        "html": not _is_encodable(parts.html),
    }
    for name, is_fault in faults.items():
        if is_fault:
            raise BillingError(
                "bad_message",
                f"the field {name} of an e-mail cannot go into a message",
                "remove line breaks and control characters; dates carry a zone; names and types are plain",
            )


def _is_encodable(text: str) -> bool:
    return not any(category(character) == "Cs" for character in set(text))


def _is_header_text(text: str) -> bool:
    """Everything but line breaks, control characters and surrogates; narrow spaces in amounts may stay."""
    return not any(category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in text)


def message_bytes(parts: EmailMessageParts) -> bytes:
    """Return the message as it goes on the wire, before dot-stuffing: CRLF lines of at most 998 octets.

    A pure function: the MIME boundaries come from the Message-ID. Everything is 7-bit, save addresses with
    a local part beyond ASCII, which SMTPUTF8 carries as they are.

    Errors: ``bad_sender`` (address, name or Message-ID), ``bad_address`` (the recipient's) and
    ``bad_message`` (a line break or control character in a header field, a date without a zone, an unusable
    file name or media type); their texts name the field, never its content.
    """
    sender, recipient = checked_addresses(parts)
    _check_fields(parts)
    header = (
        f"Message-ID: <{parts.message_id}>\r\n"
        f"Date: {format_datetime(parts.dated_at)}\r\n"
        f"From: {_mailbox(parts.from_name, sender)}\r\n"
        f"To: <{recipient}>\r\n"
        f"Subject: {_unstructured(parts.subject)}\r\n"
        f"Content-Language: {parts.language}\r\n"
        "Auto-Submitted: auto-generated\r\n"
    )
    content = header.encode() + _mime_body(parts).as_bytes(policy=_MIME_POLICY)
    lines = content.split(b"\r\n")
    if any(len(line) > _LONGEST_LINE or b"\r" in line or b"\n" in line for line in lines):
        raise BillingError("bad_message", "an e-mail came out with a malformed line", "report this message")
    content = _with_attachments(parts, content)
    return content if content.endswith(b"\r\n") else content + b"\r\n"


def _mime_body(parts: EmailMessageParts) -> EmailMessage:
    """Return the structure of the message, with a stand-in for the content of each attachment."""
    body = EmailMessage(policy=_MIME_POLICY)
    body.set_content(parts.text, cte="quoted-printable")
    body.add_alternative(parts.html, subtype="html", cte="quoted-printable")
    for number, attachment in enumerate(parts.attachments):
        main_type, _, sub_type = attachment.media_type.partition("/")
        body.add_attachment(
            _stand_in(parts, number), maintype=main_type, subtype=sub_type, filename=attachment.file_name
        )
    seed = _seed(parts)
    for number, part in enumerate(p for p in body.walk() if p.is_multipart()):
        part.set_boundary(f"=_{seed}_{number}")
    return body


def _with_attachments(parts: EmailMessageParts, content: bytes) -> bytes:
    """Put the attachments where their stand-ins are, from the last to the first.

    The standard library takes the thousand lines of a page one by one, which costs more than all the rest.
    """
    for number in reversed(range(len(parts.attachments))):
        before, _, after = content.rpartition(b64encode(_stand_in(parts, number)))
        lines = encodebytes(parts.attachments[number].content).rstrip(b"\n").replace(b"\n", b"\r\n")
        content = before + lines + after
    return content


def _stand_in(parts: EmailMessageParts, number: int) -> bytes:
    """Bytes that are one line of base64 and stand nowhere else behind the text of the message."""
    return f"{_seed(parts)}-{number:03d}".encode()


def _seed(parts: EmailMessageParts) -> str:
    return sha256(parts.message_id.encode()).hexdigest()[:32]
