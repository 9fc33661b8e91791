"""What payers ask for in the portal: what they may, how often, and their requests as they see them.

Belongs here: these values, and what is wanted from what was typed. Does not belong here: what any request is
and becomes (``document_requests``), the rows (``store.payer_requests``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256

from billing_assets.domain.document_requests import (
    LONGEST_PERIOD,
    MOST_DOCUMENTS,
    DocumentWish,
    RequestState,
    WantedDocument,
)
from billing_assets.domain.errors import BillingError
from billing_assets.domain.text_fields import is_whole

MOST_OWN_REQUESTS = 20
"""So many requests of one payer may be new or not answered yet."""

NEW_FOR = timedelta(days=1)
"""So long a request is new."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedWish:
    """What a payer asks for, as the form has it; of what its kind does not need it may say anything."""

    kind: str
    from_date: str = ""
    until_date: str = ""
    currency: str = ""
    payment: str = ""
    documents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedPayment:
    """The payment that a receipt is of, in minor units."""

    payment_id: int
    value_date: date
    currency: str
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerPlace:
    """A document that answered a request, and its place there, from 1."""

    place: int
    document_number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnRequest:
    """A request as its payer sees it; ``documents`` are those that answered it and are there still."""

    document_request_id: int
    wanted: WantedDocument
    payment: AskedPayment | None
    asked_at: datetime
    state: RequestState
    documents: tuple[AnswerPlace, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnAnswer:
    """A document that answered a request; ``pdf`` is None where it is an invoice, which has its own."""

    document_number: str
    pdf: bytes | None


def wanted_from(typed: TypedWish, today: date, currencies: Sequence[str]) -> WantedDocument:
    """Return what is wanted; one document is a copy of it, several come behind a list of them.

    Raises:
        BillingError: ``portal_period_invalid``, ``portal_choice_invalid``.

    >>> typed = TypedWish(kind="document_cover", documents=("INV-00000007", "INV-00000007"))
    >>> wanted_from(typed, date(2025, 3, 31), ["EUR"]).document_kind
    <DocumentWish.INVOICE_COPY: 'invoice_copy'>
    """
    if typed.kind == DocumentWish.STATEMENT:
        return _statement(typed, today, currencies)
    if typed.kind == DocumentWish.PAYMENT_RECEIPT:
        return _receipt(typed.payment)
    numbers = tuple(dict.fromkeys(each.strip() for each in typed.documents if each.strip()))
    is_of_documents = typed.kind in {DocumentWish.INVOICE_COPY, DocumentWish.DOCUMENT_COVER}
    if not is_of_documents or not 0 < len(numbers) <= MOST_DOCUMENTS:
        raise _unclear_choice()
    kind = DocumentWish.INVOICE_COPY if len(numbers) == 1 else DocumentWish.DOCUMENT_COVER
    return WantedDocument(document_kind=kind, document_numbers=numbers)


def _statement(typed: TypedWish, today: date, currencies: Sequence[str]) -> WantedDocument:
    """Return the statement of a period, which ends today at the latest, in a currency of the account."""
    from_date, until_date = _day(typed.from_date), _day(typed.until_date)
    wanted = WantedDocument(
        document_kind=DocumentWish.STATEMENT,
        from_date=from_date,
        until_date=min(until_date, today),
        currency=typed.currency or (currencies[0] if len(currencies) == 1 else ""),
    )
    if from_date > min(until_date, today) or until_date - from_date > LONGEST_PERIOD:
        raise _unclear_period()
    if wanted.currency not in currencies:
        raise _unclear_choice()
    return wanted


def _receipt(payment: str) -> WantedDocument:
    if not (payment.isascii() and is_whole(payment)):
        raise _unclear_choice()
    return WantedDocument(document_kind=DocumentWish.PAYMENT_RECEIPT, payment_id=int(payment))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise _unclear_period() from None


def own_key(payer_id: int, form_key: str, wanted: WantedDocument, language: str) -> str:
    """Return the key of a request: the same form with the same wish is one request.

    A form that a browser shows again, with another wish, is another request. No key reaches out of the range
    of its payer.

    >>> wanted = WantedDocument(document_kind=DocumentWish.STATEMENT)
    >>> own_key(7, "a", wanted, "en")[:9], own_key(7, "a", wanted, "en") == own_key(7, "a", wanted, "de")
    ('portal:7:', False)
    """
    said = repr((form_key, language, wanted))
    return f"portal:{payer_id}:{sha256(said.encode()).hexdigest()}"


def _unclear_period() -> BillingError:
    return BillingError(
        "portal_period_invalid",
        "a period needs a first and a last day, begins by today, and is of ten years at most",
        "choose two days, the earlier one first",
    )


def _unclear_choice() -> BillingError:
    return BillingError(
        "portal_choice_invalid",
        f"nothing of the lists was chosen, or more than {MOST_DOCUMENTS} documents",
        "choose from the lists of the page",
    )


def too_many_requests() -> BillingError:
    """Return the error for a payer who has asked for as much as one may.

    >>> too_many_requests().code
    'portal_requests_full'
    """
    return BillingError(
        "portal_requests_full",
        f"{MOST_OWN_REQUESTS} documents were asked for within a day, or are not answered yet",
        "ask again tomorrow, or ask the company",
    )
