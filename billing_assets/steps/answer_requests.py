"""Answer requests: each one gets its documents once, or it is known why not.

Belongs here: which letter a request needs, and the order of work. Does not belong here: the arithmetic of a
statement (``domain.account_statements``), rows (``store``), pages (``documents``).

The account is read, the letter printed, and letter and answer kept while one transaction holds the request:
whoever dies in between leaves the request as it was, and two programs never answer the same one. What is
wrong with one request leaves the others alone.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from billing_assets.domain.account_statements import LetterHead, receipt_of, statement_of
from billing_assets.domain.companies import creditor_of
from billing_assets.domain.deliveries import PRINT_FAULTS
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
    PrintedLetter,
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

    ``taken_count`` is the number that somebody else has answered meanwhile. Where the program fails at a
    request, that one stays asked, the others are answered, and the first such error is raised at the end.
    """
    started = time.perf_counter()
    issuer = store.issuer(company_code)
    counts: Counter[str] = Counter()
    faults: list[Exception] = []
    for number in [request_id] if request_id is not None else _asked(store, issuer.company_id):
        try:
            with store.claim(issuer.company_id, number) as transaction:
                counts[_settled(transaction, issuer, press, clock)] += 1
        except Exception as fault:
            # The request stays as it was. Where the store is gone it is gone for the others too.
            if isinstance(fault, BillingError) and fault.code in _OF_THE_STORE:
                raise
            faults.append(fault)
        done = counts.total() + len(faults)
        progress("answering requests", done, done)
    if faults:
        raise faults[0]
    facts = {f"{name}_count": counts[name] for name in ("answered", "waiting", "taken")}
    return StepResult(step="answer_requests", facts=facts, seconds={"answer": time.perf_counter() - started})


_OF_THE_STORE = frozenset({"store_unreachable", "store_not_ready"})
"""Errors that no other request would be spared."""


def _asked(store: RequestStore, company_id: int) -> Iterator[int]:
    """Yield what is asked, oldest first, each request once, also where it stays asked."""
    last = 0
    while found := store.asked(company_id, BATCH, last):
        yield from found
        last = found[-1]


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
        answer = answer_to(transaction, issuer, press, clock())
    except UnansweredError as error:
        transaction.wait(error.reason_code, error.found)
        return "waiting"
    except BillingError as error:
        # Its own document cannot be made: that is no matter of the others.
        if error.code not in PRINT_FAULTS:
            raise
        transaction.wait("document_unprintable", error.found)
        return "waiting"
    transaction.answer(answer)
    return "answered"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """What the account has for an answer: a letter of its sums, or the documents of a copy or a cover."""

    payer_version_id: int
    head: LetterHead
    documents: tuple[AskedDocument, ...] = ()
    letter: Letter | None = None


def answer_to(transaction: RequestTransaction, issuer: Issuer, press: LetterPress, now: datetime) -> Answer:
    """Return what answers a request as of now; raises :class:`UnansweredError` where a person has to look."""
    request, today = transaction.request, issuer.company.date_at(now)
    kind = request.wanted.document_kind
    if kind is None:
        raise UnansweredError("unclear")
    with transaction.reading() as account:
        read = _read(request, kind, account, issuer, today)
    copies = tuple((asked, press.copy(asked.document_number)) for asked in read.documents)
    letter = _cover(read.head, copies) if kind is DocumentWish.DOCUMENT_COVER else read.letter
    printed = None if letter is None else _printed(letter, press)
    return Answer(letter=printed, payer_version_id=read.payer_version_id, copies=copies)


def _read(
    request: OpenRequest, kind: DocumentWish, account: AccountReader, issuer: Issuer, today: date
) -> _Read:
    wanted = request.wanted
    version_id, payer = account.payer(request.language)
    documents = tuple(account.document(number) for number in wanted.document_numbers)
    head = LetterHead(
        document_number=document_number(PREFIXES.get(kind, ""), request.document_request_id),
        issue_date=today,
        creditor=creditor_of(issuer.company),
        payer=payer,
        policies=_policies_of(documents) or account.policies(),
    )
    letter: Letter | None = None
    if kind is DocumentWish.STATEMENT:
        period = period_of(wanted, today)
        letter = statement_of(head, account.account(_currency(request, account), *period), *period)
    elif kind is DocumentWish.PAYMENT_RECEIPT and wanted.payment_id is not None:
        received, policies = account.payment(wanted.payment_id)
        letter = receipt_of(replace(head, policies=policies or head.policies), received)
    return _Read(payer_version_id=version_id, head=head, documents=documents, letter=letter)


def _printed(letter: Letter, press: LetterPress) -> PrintedLetter:
    try:
        return press.letter(letter)
    except BillingError as error:
        if error.code != "document_does_not_add_up":
            raise
        raise UnansweredError("account_does_not_add_up", error.found) from error


def _currency(request: OpenRequest, account: AccountReader) -> str:
    """Return the currency of a statement: the one that is named, or the only one of the account."""
    if request.wanted.currency:
        return request.wanted.currency
    found = account.currencies()
    if len(found) != 1:
        raise UnansweredError("currency_unclear" if found else "account_empty")
    return found[0]


def _policies_of(documents: Sequence[AskedDocument]) -> tuple[LetterPolicy, ...]:
    found = {each.policy_number: each for asked in documents for each in asked.policies}
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
