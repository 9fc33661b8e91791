"""Requests for documents: what may be asked for, by whom and how, and what becomes of it.

Belongs here: the kinds, states and reasons, what a request must say.
Does not belong here: what a letter says (``letters``, ``account_statements``), mails (``request_mails``), the
rows (``store.document_requests``).

**States.** A request is *asked*, then *answered* with documents; or it *waits* for a person, who completes or
refuses it; or it was *refused*. An answer and a refusal are final: whoever wants more asks again.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from billing_assets.domain.errors import BillingError
from billing_assets.domain.money import CURRENCIES

MOST_DOCUMENTS = 20
"""So many invoices one request may name."""

LONGEST_KEY, LONGEST_MESSAGE, LONGEST_NOTE = 300, 500, 1_000
LONGEST_PERIOD = timedelta(days=3_660)
_LANGUAGE = re.compile(r"[a-z]{2}(-[A-Z]{2})?")


class DocumentWish(StrEnum):
    """What is asked for.

    ``statement``: the payer's account over a period; ``payment_receipt``: of one payment; ``invoice_copy``:
    an invoice or credit note as it was sent; ``document_cover``: several of them behind a list of
    what is there.
    """

    STATEMENT = "statement"
    PAYMENT_RECEIPT = "payment_receipt"
    INVOICE_COPY = "invoice_copy"
    DOCUMENT_COVER = "document_cover"


class RequestSource(StrEnum):
    """Where a request came in."""

    OFFICE = "office"
    CLI = "cli"
    API = "api"
    PORTAL = "portal"
    MAIL = "mail"


class RequestChannel(StrEnum):
    """How the documents are wanted. What goes by e-mail or post is handed over by a person."""

    DOWNLOAD = "download"
    EMAIL = "email"
    POST = "post"


class RequestState(StrEnum):
    """Where a request stands."""

    ASKED = "asked"
    WAITING = "waiting"
    ANSWERED = "answered"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedDocument:
    """What is wanted; ``document_kind`` None: a person has to find out.

    ``from_date`` to ``until_date`` (both included) are of a statement; both None: the last 365 days.
    ``currency`` empty: the only one of the account. ``language`` empty: the payer's.
    """

    document_kind: DocumentWish | None
    document_numbers: tuple[str, ...] = ()
    payment_id: int | None = None
    currency: str = ""
    from_date: date | None = None
    until_date: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRequest:
    """A request as it comes in. The same ``request_key`` twice is one request.

    The payer is named by key or by the number of a policy. ``message_text`` is what they wrote, for a person.
    """

    request_key: str
    source_kind: RequestSource
    wanted: WantedDocument
    asked_by: str
    payer_key: str = ""
    policy_number: str = ""
    language: str = ""
    channel: RequestChannel = RequestChannel.DOWNLOAD
    message_text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRequest:
    """A request that is to be answered now."""

    document_request_id: int
    payer_id: int
    wanted: WantedDocument
    language: str
    asked_at: datetime


REASONS: Mapping[str, str] = MappingProxyType(
    {
        "unclear": "what they want is not clear from what they wrote",
        "currency_unclear": "the account is in several currencies, and none is named",
        "period_not_begun": "the period lies in days to come",
        "account_empty": "nothing was ever billed to this payer, or paid by them",
        "document_unknown": "the payer has no document of that number",
        "payment_unknown": "the payer has made no payment of that number",
        "payment_went_back": "the payment went back: nothing of it is left",
        "account_too_long": "the letter would have more than 1,000 lines: name a shorter period",
        "account_does_not_add_up": "the sums of the account differ: the note says which",
        "month_away": "invoices of the account are in a detached month",
        "unprintable": "the letter has characters that no font can draw",
        "document_unprintable": "the document could not be made; its own page says why",
        "by_person": "a person refused it",
    }
)
"""Why a request waits for a person, or was refused."""


class UnansweredError(Exception):
    """A request cannot be answered as it is; ``reason_code`` is one of ``REASONS``.

    ``found`` is what a person who looks into it should know; nothing personal.
    """

    def __init__(self, reason_code: str, found: str = "") -> None:
        """Say why."""
        super().__init__(reason_code)
        self.reason_code, self.found = reason_code, found


def check_wanted(wanted: WantedDocument) -> None:
    """Raise ``document_request_invalid`` where a request does not say what its kind needs, or says too much.

    >>> check_wanted(WantedDocument(document_kind=DocumentWish.INVOICE_COPY))
    Traceback (most recent call last):
    ...
    billing_assets.domain.errors.BillingError: the request cannot be taken: a copy is of one invoice \
(document_request_invalid): say which document, of which payment or period, and ask again
    """
    fault = next((words for is_wrong, words in _faults(wanted) if is_wrong), "")
    if fault:
        raise BillingError(
            "document_request_invalid",
            f"the request cannot be taken: {fault}",
            "say which document, of which payment or period, and ask again",
        )


def _faults(wanted: WantedDocument) -> list[tuple[bool, str]]:
    kind, count, period = wanted.document_kind, len(wanted.document_numbers), _period(wanted)
    is_of_documents = kind in {DocumentWish.INVOICE_COPY, DocumentWish.DOCUMENT_COVER}
    return [
        (kind is DocumentWish.INVOICE_COPY and count != 1, "a copy is of one invoice"),
        (kind is DocumentWish.DOCUMENT_COVER and not count, "a cover letter needs the invoices behind it"),
        (count > MOST_DOCUMENTS, f"it names more than {MOST_DOCUMENTS} invoices"),
        (bool(count) and not is_of_documents, "only copies name invoices"),
        (len(set(wanted.document_numbers)) < count, "a document is named twice"),
        (any(not 0 < len(each) <= 40 for each in wanted.document_numbers), "an invoice number is malformed"),  # noqa: PLR2004
        (
            (kind is DocumentWish.PAYMENT_RECEIPT) != (wanted.payment_id is not None),
            "a receipt is of one payment",
        ),
        (period is not None and kind is not DocumentWish.STATEMENT, "only a statement has a period"),
        ((wanted.from_date is None) != (wanted.until_date is None), "a period has a first and a last day"),
        (period is not None and period < timedelta(), "the period ends before it begins"),
        (period is not None and period > LONGEST_PERIOD, "the period is longer than ten years"),
        (wanted.currency not in {"", *CURRENCIES}, f"'{wanted.currency[:10]}' is no currency"),
    ]


def _period(wanted: WantedDocument) -> timedelta | None:
    if wanted.from_date is None or wanted.until_date is None:
        return None
    return wanted.until_date - wanted.from_date


def check_request(request: NewRequest) -> None:
    """Raise ``document_request_invalid`` where a request is one that nobody could answer or find again.

    >>> check_request(
    ...     NewRequest(
    ...         request_key="k",
    ...         source_kind=RequestSource.CLI,
    ...         wanted=WantedDocument(document_kind=DocumentWish.STATEMENT),
    ...         asked_by="ana",
    ...         payer_key="K1",
    ...     )
    ... )
    """
    if request.wanted.document_kind is not None:
        check_wanted(request.wanted)
    is_key = 0 < len(request.request_key.strip()) <= len(request.request_key) <= LONGEST_KEY
    is_language = not request.language or _LANGUAGE.fullmatch(request.language)
    fault = ""
    if not is_key:
        fault = f"its key is empty or longer than {LONGEST_KEY}"
    elif not is_language:
        fault = f"'{request.language[:10]}' is no language, such as es or es-MX"
    elif not request.payer_key and not request.policy_number:
        fault = "it names neither a payer nor a policy"
    if fault:
        raise BillingError(
            "document_request_invalid", f"the request cannot be taken: {fault}", "correct it and ask again"
        )


def period_of(wanted: WantedDocument, today: date) -> tuple[date, date]:
    """Return the period of a statement, half-open: the one that is asked for, or the 365 days up to today.

    It ends today at the latest; raises ``period_not_begun`` where it begins later.

    >>> [str(day) for day in period_of(WantedDocument(document_kind=None), date(2024, 3, 1))]
    ['2023-03-03', '2024-03-02']
    """
    if wanted.from_date is not None and wanted.until_date is not None:
        if wanted.from_date > today:
            raise UnansweredError("period_not_begun")
        return wanted.from_date, min(wanted.until_date, today) + timedelta(days=1)
    return today - timedelta(days=364), today + timedelta(days=1)


def request_unknown(document_request_id: int) -> BillingError:
    """Return the error for a number that no request has.

    >>> request_unknown(7).code
    'request_unknown'
    """
    return BillingError(
        "request_unknown",
        f"there is no request {document_request_id}",
        "'billing requests list' shows what was asked for",
    )


def request_settled(document_request_id: int, state: str) -> BillingError:
    """Return the error for a request that was answered or refused before.

    >>> request_settled(7, "answered").code
    'request_settled'
    """
    return BillingError(
        "request_settled",
        f"request {document_request_id} is {state}",
        "an answer is final: ask again for another document",
    )
