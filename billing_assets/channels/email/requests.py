"""Reading mails in which payers ask for documents.

Belongs here: the bytes of a mail -> who wrote it and what its subject is. Does not belong here: what a
subject asks for (``domain.request_mails``), whose address it is (``store``).
"""

from email.utils import parseaddr
from hashlib import sha256

from billing_assets.channels.email.incoming import UNREADABLE, is_automatic, parsed_mail
from billing_assets.domain.document_requests import LONGEST_MESSAGE
from billing_assets.domain.request_mails import RequestMail


def read_request_mail(content: bytes) -> RequestMail:
    r"""Return what a mail says; whatever it holds, it is no error.

    >>> mail = read_request_mail(b"From: Ana <Ana@example.com>\nSubject: Statement\n\nPlease")
    >>> mail.from_email, mail.subject, mail.is_automatic
    ('ana@example.com', 'Statement', False)
    """
    digest = sha256(content).hexdigest()
    try:
        mail = parsed_mail(content)
        address = parseaddr(str(mail.get("From", "")))[1].strip().lower()
        subject = " ".join(str(mail.get("Subject", "")).split())[:LONGEST_MESSAGE]
        # A mailing list is one too, whether it says so of each mail or not.
        of_machine = is_automatic(mail) or mail.get("List-Id") is not None
    except UNREADABLE:
        return RequestMail(content_sha256=digest, from_email="", subject="", is_automatic=False)
    # What PostgreSQL cannot keep as text is no part of an address or a subject.
    plain = (text.replace("\x00", "").encode(errors="replace").decode() for text in (address, subject))
    from_email, subject = plain
    return RequestMail(content_sha256=digest, from_email=from_email, subject=subject, is_automatic=of_machine)
