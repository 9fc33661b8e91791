"""Reading mails of a bounce mailbox: delivery status notifications, and mails that only look like them.

Belongs here: the bytes of a mail -> what it says of a message of ours (RFC 3464, RFC 6522).
Does not belong here: where the mails come from (``feeds.mail_folder``), whose delivery it is (``store``).

Out-of-office answers carry our Message-ID too (In-Reply-To); they are no reports. What has no part for
machines is one only if it comes from a mail system and quotes our message whole or its header. What is
neither a report nor says that a machine wrote it (RFC 3834) is for a person to read.
"""

import re
from collections.abc import Iterator
from email.message import EmailMessage, Message
from hashlib import sha256
from typing import Final

from billing_assets.channels.email.incoming import UNREADABLE, is_automatic, parsed_mail
from billing_assets.channels.email.replies import answer_of
from billing_assets.domain.bounces import Bounce, BounceAction, BounceMail

_ID: Final = re.compile(r"<?([0-9a-f]{32}@[A-Za-z0-9.-]+)>?")
_QUOTED_ID: Final = re.compile(
    r"^[> \t]*Message-ID:[ \t]*<?([0-9a-f]{32}@[A-Za-z0-9.-]+)>?", re.IGNORECASE | re.MULTILINE
)
_STATUS: Final = re.compile(r"\b([245])\.([0-9]{1,3})\.([0-9]{1,3})\b")
_FROM_SYSTEM: Final = re.compile(r"\b(mailer-daemon|postmaster|mail delivery)\b", re.IGNORECASE)
_LARGEST_TEXT: Final = 200_000


def read_bounce(content: bytes) -> BounceMail:
    """Return what a mail says; whatever it holds, it is no error.

    >>> read_bounce(b"Good morning").bounce is None
    True
    """
    digest = sha256(content).hexdigest()
    try:
        mail = parsed_mail(content)
        found, of_machine = _bounce(mail), is_automatic(mail)
    except UNREADABLE:
        found, of_machine = None, False
    is_for_person = found is None and not of_machine
    return BounceMail(content_sha256=digest, bounce=found, is_for_person=is_for_person)


def _bounce(mail: EmailMessage) -> Bounce | None:
    parts = list(_parts(mail))
    message_id = _message_id(parts)
    if message_id is None:
        return None
    report = next((part for part in parts if part.get_content_type() == "message/delivery-status"), None)
    if report is not None:
        return _of_report(message_id, report)
    if "report" in mail.get_content_type() or not _FROM_SYSTEM.search(str(mail.get("From", ""))):
        return None
    text = _text(mail)
    status = _status(text)
    # Without a status it may be anything: a person reads it.
    return _said(message_id, BounceAction.FAILED, status, _line_of(text, status)) if status else None


def _of_report(message_id: str, report: Message) -> Bounce | None:
    blocks = [block for block in report.walk() if block is not report and block.get("Action")]
    actions = {str(block["Action"]).strip().split()[0].lower(): block for block in blocks}
    # One message has one recipient; of several blocks the worst one speaks of it.
    for action in BounceAction:
        if action.value in actions:
            block = actions[action.value]
            text = str(block.get("Diagnostic-Code", "")).partition(";")[2]
            return _said(message_id, action, _status(str(block.get("Status", ""))), text)
    return None


def _said(message_id: str, action: BounceAction, status: str, text: str) -> Bounce:
    # A reason is told by the code and the enhanced status, as in the dialogue with the server.
    is_final = action is BounceAction.FAILED
    answer = answer_of("rcpt", 550 if is_final else 450, f"{status} {text}".strip())
    return Bounce(
        message_id=message_id,
        action=action,
        status=status,
        reason_code=answer.reason_code if action in {BounceAction.FAILED, BounceAction.DELAYED} else "",
        diagnostic=answer.reply_text,
    )


def _parts(mail: Message) -> Iterator[Message]:
    """Yield the parts of a mail; what is inside of the returned message is no part of the report."""
    yield mail
    if mail.get_content_type() in {"message/rfc822", "message/delivery-status"} or not mail.is_multipart():
        return
    for part in mail.iter_parts() if isinstance(mail, EmailMessage) else mail.get_payload():
        if isinstance(part, Message):
            yield from _parts(part)


def _message_id(parts: list[Message]) -> str | None:
    """Return the Message-ID of the message that is returned, or that its header or text quotes."""
    for part in parts:
        if part.get_content_type() == "message/rfc822":
            inner = part.get_payload(0) if part.is_multipart() else None
            found = (
                _ID.fullmatch(str(inner.get("Message-ID", "")).strip())
                if isinstance(inner, Message)
                else None
            )
            if found:
                return found.group(1)
    for part in parts:
        if part.get_content_maintype() == "text":
            found = _QUOTED_ID.search(_text(part))
            if found:
                return found.group(1)
    return None


def _text(part: Message) -> str:
    """Return the words of a part, or of all text parts of a mail, as far as anything is said there."""
    texts = [each for each in _parts(part) if each.get_content_maintype() == "text"]
    raw = (each.get_payload(decode=True) for each in texts)
    return "\n".join(each.decode("utf-8", "replace") for each in raw if isinstance(each, bytes))[
        :_LARGEST_TEXT
    ]


def _status(text: str) -> str:
    found = _STATUS.search(text)
    return ".".join(found.groups()) if found else ""


def _line_of(text: str, status: str) -> str:
    """Return the line in which a status stands, from the status on."""
    line = next((line for line in text.splitlines() if status in line), "")
    return line.partition(status)[2].strip()
