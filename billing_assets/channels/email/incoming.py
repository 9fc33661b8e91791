"""Mails that come in: reading their bytes, and telling what a machine wrote.

Belongs here: what every reader of a mailbox shares. Does not belong here: what a mail reports (``bounces``)
or asks for (``requests``).
"""

from email import message_from_bytes, policy
from email.errors import MessageError
from email.message import EmailMessage
from typing import Final

UNREADABLE: Final = (MessageError, LookupError, ValueError, TypeError, AttributeError, RecursionError)
"""What the parser of the standard library raises at some mails that no mail program writes."""

_OF_MACHINES: Final = frozenset({"auto_reply", "bulk", "junk", "list"})


def parsed_mail(content: bytes) -> EmailMessage:
    """Return a mail; it, and every look at its headers, may raise one of ``UNREADABLE``."""
    return message_from_bytes(content, policy=policy.default)


def is_automatic(mail: EmailMessage) -> bool:
    r"""Tell whether a mail says that a machine wrote it (RFC 3834), such as an out-of-office answer.

    >>> is_automatic(parsed_mail(b"Auto-Submitted: auto-replied; owner-email=x\n\n"))
    True
    >>> is_automatic(parsed_mail(b"Auto-Submitted: no\n\n"))
    False
    """
    submitted = str(mail.get("Auto-Submitted", "no")).partition(";")[0].strip().lower()
    return submitted != "no" or str(mail.get("Precedence", "")).strip().lower() in _OF_MACHINES
