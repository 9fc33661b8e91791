"""Answer requests: each one gets its documents once, or it is known why not.

Belongs here: which letter a request needs, and the order of work. Does not belong here: the arithmetic of a
statement (``domain.account_statements``), rows (``store``), pages (``documents``).

The account is read, the letter printed, and letter and answer kept in one transaction that holds the request:
whoever dies in between leaves the request as it was, and two programs never answer the same one.
"""

import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime

from billing_assets.domain.account_statements import LetterHead, receipt_of, statement_of
from billing_assets.domain.companies import creditor_of
from billing_assets.domain.document_requests import DocumentWish, OpenRequest, UnansweredError, period_of
from billing_assets.domain.errors import BillingError
from billing_assets.domain.letters import DocumentCover, Enclosure, Letter, LetterPolicy
from billing_assets.domain.numbering import document_number
from billing_assets.steps.request_ports import (
    AccountReader,
    Answer,
    AskedDocument,
    LetterPress,
    PrintedCopy,
    RequestStore,
    RequestTransaction,
)
from billing_assets.steps.result import StepResult
from billing_assets.steps.run_ports import Issuer, Progress, silent

BATCH = 500
"""So many requests are looked up at once."""

PREFIXES = {
    DocumentWish.STATEMENT: "STM-",
    DocumentWish.PAYMENT_RECEIPT: "RCP-",
    DocumentWish.DOCUMENT_COVER: "CVR-",
}
"""What the numbers of letters begin with; a letter has the number of its request."""


def answer_requests(
    company_code: str,
    *,
    store: RequestStore,
    press: LetterPress,
    clock: Callable[[], datetime],
    request_id: int | None = None,
    progress: Progress = silent,
) -> StepResult:
    """Answer what is asked, or the one request; return how many were answered and how many wait.

    ``taken_count`` is the number that somebody else has answered meanwhile.
    """
    started = time.perf_counter()
    issuer = store.issuer(company_code)
    counts: Counter[str] = Counter()
    done: set[int] = set()
    while True:
        asked = [request_id] if request_id is not None else store.asked(issuer.company_id, BATCH)
        left = [each for each in asked if each not in done]
        if not left:
            break
        for number in left:
            with store.claim(issuer.company_id, number) as transaction:
                counts[_settled(transaction, issuer, press, clock)] += 1
            done.add(number)
            progress("answering requests", len(done), len(done))
    facts = {f"{name}_count": counts[name] for name in ("answered", "waiting", "taken")}
    return StepResult(step="answer_requests", facts=facts, seconds={"answer": time.perf_counter() - started})


def _settled(
    transaction: RequestTransaction | None,
    issuer: Issuer,
    press: LetterPress,
    clock: Callable[[], datetime],
) -> str:
    """Answer one request, or let it wait for a person; return which."""
    if transaction is None:
        return "taken"
    try:
        answer = answer_to(transaction.request, transaction.account, issuer, press, clock())
    except UnansweredError as error:
        transaction.wait(error.reason_code)
        return "waiting"
    except BillingError as error:
        # Its own document cannot be made: that is no matter of the others.
        if error.code not in _OWN_FAULTS:
            raise
        transaction.wait("document_unprintable")
        return "waiting"
    transaction.answer(answer)
    return "answered"


_OWN_FAULTS = frozenset(
    {
        "rendering_changed",
        "document_does_not_add_up",
        "pdf_pages_unreadable",
        "print_failed",
        "template_too_slow",
    }
)
"""Errors of one document, which leave the others alone."""


def answer_to(
    request: OpenRequest, account: AccountReader, issuer: Issuer, press: LetterPress, now: datetime
) -> Answer:
    """Return what answers a request as of now; raises :class:`UnansweredError` where a person has to look."""
    kind = request.wanted.document_kind
    version_id, payer = account.payer(request.language)
    if kind is None:
        raise UnansweredError("unclear")
    copies = tuple(_copy(number, account, press) for number in request.wanted.document_numbers)
    if kind is DocumentWish.INVOICE_COPY:
        return Answer(letter=None, payer_version_id=version_id, copies=copies)
    today = issuer.company.date_at(now)

    def head(policies: tuple[LetterPolicy, ...]) -> LetterHead:
        return LetterHead(
            document_number=document_number(PREFIXES[kind], request.document_request_id),
            issue_date=today,
            creditor=creditor_of(issuer.company),
            payer=payer,
            policies=policies or account.policies(),
        )

    if kind is DocumentWish.STATEMENT:
        from_date, to_date = period_of(request.wanted, today)
        found = account.account(_currency(request, account), to_date)
        letter: Letter = statement_of(head(account.policies()), found, from_date, to_date)
    elif kind is DocumentWish.PAYMENT_RECEIPT and request.wanted.payment_id is not None:
        received, policies = account.payment(request.wanted.payment_id)
        letter = receipt_of(head(policies), received)
    else:
        letter = _cover(head(_policies_of(copies)), copies)
    return Answer(letter=press.letter(letter), payer_version_id=version_id, copies=copies)


def _currency(request: OpenRequest, account: AccountReader) -> str:
    """Return the currency of a statement: the one that is named, or the only one of the account."""
    if request.wanted.currency:
        return request.wanted.currency
    found = account.currencies()
    if len(found) != 1:
        raise UnansweredError("currency_unclear" if found else "account_empty")
    return found[0]


def _copy(number: str, account: AccountReader, press: LetterPress) -> tuple[AskedDocument, PrintedCopy]:
    asked = account.document(number)
    return asked, press.copy(asked.document_number)


def _policies_of(copies: tuple[tuple[AskedDocument, PrintedCopy], ...]) -> tuple[LetterPolicy, ...]:
    found = {each.policy_number: each for asked, _copy in copies for each in asked.policies}
    return tuple(found[number] for number in sorted(found))


def _cover(head: LetterHead, copies: tuple[tuple[AskedDocument, PrintedCopy], ...]) -> DocumentCover:
    return DocumentCover(
        document_number=head.document_number,
        issue_date=head.issue_date,
        currency=copies[0][0].currency,
        creditor=head.creditor,
        payer=head.payer,
        policies=head.policies,
        enclosures=tuple(
            Enclosure(
                document_kind=asked.document_kind,
                document_number=asked.document_number,
                issue_date=asked.issue_date,
                page_count=copy.page_count,
            )
            for asked, copy in copies
        ),
    )
