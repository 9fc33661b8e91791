"""E-mail over SMTP: one message in, the exact outcome of one attempt out.

Belongs here: the bytes of a message (``message``), the SMTP dialogue (``channel``), what each answer means
(``replies``), what comes in (``incoming``): what came
back (``bounces``) and what is asked for (``requests``).
Does not belong here: when to try again, what becomes of an ``unknown``, the wording of a message, any clock.
"""

from billing_assets.channels.email.bounces import read_bounce
from billing_assets.channels.email.channel import EmailChannel, SmtpSettings, is_loopback
from billing_assets.channels.email.message import message_bytes
from billing_assets.channels.email.replies import REASON_MEANINGS
from billing_assets.channels.email.requests import read_request_mail

__all__ = [
    "REASON_MEANINGS",
    "EmailChannel",
    "SmtpSettings",
    "is_loopback",
    "message_bytes",
    "read_bounce",
    "read_request_mail",
]
