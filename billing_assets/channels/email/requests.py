"""Reading mails in which payers ask for documents.

Belongs here: the bytes of a mail -> who wrote it and what its subject is. Does not belong here: what a
subject asks for (``domain.request_mails``), whose address it is (``store``).
"""

from email import message_from_bytes, policy
from email.errors import MessageError
from email.message import EmailMessage
from email.utils import parseaddr
from hashlib import sha256
from typing import Final

from billing_assets.domain.document_requests import LONGEST_MESSAGE
from billing_assets.domain.request_mails import RequestMail

_BULK: Final = frozenset({"bulk", "junk", "list", "auto_reply"})


def read_request_mail(content: bytes) -> RequestMail:
    r"""Return what a mail says; whatever it holds, it is no error.

    >>> mail = read_request_mail(b"From: Ana <Ana@example.com>\nSubject: Statement\n\nPlease")
    >>> mail.from_email, mail.subject, mail.is_automatic
    ('ana@example.com', 'Statement', False)
    """
    digest = sha256(content).hexdigest()
    try:
        mail = message_from_bytes(content, policy=policy.default)
        address = parseaddr(str(mail.get("From", "")))[1].strip().lower()
        subject = " ".join(str(mail.get("Subject", "")).split())[:LONGEST_MESSAGE]
        is_automatic = _is_automatic(mail)
    except (MessageError, LookupError, ValueError, TypeError, AttributeError, RecursionError):
        # The parser of the standard library trips over some mails that no mail program writes.
        return RequestMail(content_sha256=digest, from_email="", subject="", is_automatic=False)
    # What PostgreSQL cannot keep as text is no part of an address or a subject.
    plain = (text.replace("\x00", "").encode(errors="replace").decode() for text in (address, subject))
    from_email, subject = plain
    return RequestMail(
        content_sha256=digest, from_email=from_email, subject=subject, is_automatic=is_automatic
    )


def _is_automatic(mail: EmailMessage) -> bool:
    """Tell whether a program wrote the mail (RFC 3834), such as an out-of-office answer or a mailing list."""
    submitted = str(mail.get("Auto-Submitted", "no")).strip().lower()
    precedence = str(mail.get("Precedence", "")).strip().lower()
    return submitted != "no" or precedence in _BULK or mail.get("List-Id") is not None
