"""Mails in which payers ask for documents: what the subject says.

Belongs here: the words that are known, in the languages of letters, and what they ask for.
Does not belong here: the bytes of a mail (``channels.email``), whose address it is (``store``).

A mail proves nothing: anybody can write any sender. So it can only ask, and what answers it goes to the payer
as the book knows them, never to where the mail came from.
"""

import re
import unicodedata
from dataclasses import dataclass

from billing_assets.domain.document_requests import MOST_DOCUMENTS, DocumentWish, WantedDocument

_WORDS = {
    DocumentWish.STATEMENT: (
        *("statement", "extracto", "estado de cuenta", "kontoauszug", "releve de compte"),
    ),
    DocumentWish.PAYMENT_RECEIPT: (
        "receipt",
        "recibo de pago",
        "justificante",
        "zahlungsbestatigung",
        "quittance",
    ),
    DocumentWish.INVOICE_COPY: (
        "copy",
        "copia",
        "duplicado",
        "kopie",
        "duplicata",
    ),
}
_ANSWER = re.compile(r"\s*(re|aw|rv|fw|fwd|wg|tr|ref|antw)\s*(\[\d+\])?\s*:", re.IGNORECASE)
"""How the subject begins of what somebody answers or passes on: it has the words of another mail."""

_NUMBER = re.compile(r"(?<![A-Z0-9])[A-Z][A-Z0-9/._-]{0,19}[-/]\d{8,12}(?!\d)")
_PAYMENT = re.compile(r"(?<![A-Z0-9])P-(\d{1,12})(?![0-9])")
_DASHED = re.compile(r"[A-Z][A-Z0-9-]*\d")


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestMail:
    """What a mail says: its hash, who wrote it, and its subject. ``is_automatic``: a program wrote it."""

    content_sha256: str
    from_email: str
    subject: str
    is_automatic: bool


def is_request(subject: str) -> bool:
    """Tell whether a subject asks for a document, or names one or a policy so that a person should look.

    What answers another mail is none: its subject has the words of that one.

    >>> is_request("Kontoauszug bitte"), is_request("POL-00000002"), is_request("Happy new year")
    (True, True, False)
    >>> is_request("Re: Copy of INV-00000001")
    False
    """
    if _ANSWER.match(subject):
        return False
    said = _plain(subject)
    has_word = any(word in said for words in _WORDS.values() for word in words)
    return has_word or _DASHED.search(subject.upper()) is not None


def wanted_in(subject: str) -> WantedDocument:
    """Return what a subject asks for; of no kind where it is not clear.

    >>> wanted_in("Extracto, por favor").document_kind
    <DocumentWish.STATEMENT: 'statement'>
    >>> wanted_in("Copy of INV-00000001").document_numbers
    ('INV-00000001',)
    >>> wanted_in("Statement and a copy of INV-00000001").document_kind is None
    True
    """
    said, capitals = _plain(subject), subject.upper()
    kinds = [kind for kind, words in _WORDS.items() if any(word in said for word in words)]
    numbers = tuple(dict.fromkeys(_NUMBER.findall(capitals)))[:MOST_DOCUMENTS]
    payments = _PAYMENT.findall(capitals)
    if kinds == [DocumentWish.STATEMENT] and not numbers:
        return WantedDocument(document_kind=DocumentWish.STATEMENT)
    if kinds == [DocumentWish.PAYMENT_RECEIPT] and len(payments) == 1:
        return WantedDocument(document_kind=DocumentWish.PAYMENT_RECEIPT, payment_id=int(payments[0]))
    if kinds == [DocumentWish.INVOICE_COPY] and numbers:
        kind = DocumentWish.INVOICE_COPY if len(numbers) == 1 else DocumentWish.DOCUMENT_COVER
        return WantedDocument(document_kind=kind, document_numbers=numbers)
    return WantedDocument(document_kind=None)


def _plain(text: str) -> str:
    """Return a text in small letters without accents."""
    parted = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in parted if not unicodedata.combining(sign))
