"""What answering requests for documents needs from the world.

Belongs here: requests and accounts in the store, and the press of letters, as protocols and the values that
cross them. Does not belong here: any implementation (``store``, ``wiring``).
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Protocol

from billing_assets.domain.account_statements import Account, ReceivedPayment
from billing_assets.domain.document_requests import NewRequest, OpenRequest
from billing_assets.domain.invoices import Payer
from billing_assets.domain.letters import Letter, LetterPolicy
from billing_assets.steps.run_ports import Issuer


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedDocument:
    """An invoice or credit note of the payer who asks."""

    invoice_id: int
    document_number: str
    document_kind: str
    issue_date: date
    currency: str
    policies: tuple[LetterPolicy, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedCopy:
    """The bytes of an invoice as it goes out, and how many pages they are."""

    pdf: bytes
    page_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedLetter:
    """A letter as it is kept: its record as text, the template that it froze, and its PDF."""

    letter: Letter
    record: str
    template_version_id: int
    pdf: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What answers a request: a letter or none, and copies of invoices, each with its bytes."""

    letter: PrintedLetter | None
    payer_version_id: int
    copies: tuple[tuple[AskedDocument, PrintedCopy], ...] = ()


class LetterPress(Protocol):
    """Prints letters, and invoices that were issued before."""

    def letter(self, letter: Letter) -> PrintedLetter:
        """Print a letter; raises ``unprintable`` (an ``UnansweredError``) where a font lacks a character."""
        ...

    def copy(self, document_number: str) -> PrintedCopy:
        """Return an invoice as it goes out, the same bytes each time; raises ``unprintable`` as above."""
        ...


class AccountReader(Protocol):
    """The account of the payer who asks."""

    def payer(self, language: str = "") -> tuple[int, Payer]:
        """Return the newest version of the payer, and the payer as a reader of ``language``, if named."""
        ...

    def policies(self) -> tuple[LetterPolicy, ...]:
        """Return the policies that the payer pays or has paid for."""
        ...

    def currencies(self) -> Sequence[str]:
        """Return the currencies in which anything was billed to the payer or paid by them."""
        ...

    def account(self, currency: str, from_date: date, to_date: date) -> Account:
        """Return what was posted in ``[from_date, to_date)``, and what stands at either end."""
        ...

    def payment(self, payment_id: int) -> tuple[ReceivedPayment, tuple[LetterPolicy, ...]]:
        """Return a payment of the payer, and the policies that it pays for."""
        ...

    def document(self, number: str) -> AskedDocument:
        """Return an invoice or credit note of the payer."""
        ...


class RequestTransaction(Protocol):
    """One request that nobody else is answering, for as long as its transaction is open."""

    @property
    def request(self) -> OpenRequest:
        """The request."""
        ...

    def reading(self) -> AbstractContextManager[AccountReader]:
        """Open the account of the payer who asks: all that is read in the block is of one moment."""
        ...

    def answer(self, answer: Answer) -> None:
        """Keep what answers the request, and that it is answered."""
        ...

    def wait(self, reason_code: str, found: str = "") -> None:
        """Let the request wait for a person, with what they should know."""
        ...


class RequestStore(Protocol):
    """The store's side of requests."""

    def issuer(self, company_code: str) -> Issuer:
        """Return the company with that code, or raise ``company_unknown``."""
        ...

    def asked(self, company_id: int, limit: int, after: int = 0) -> Sequence[int]:
        """Return the requests after one that are to be answered, oldest first."""
        ...

    def claim(self, company_id: int, request_id: int) -> AbstractContextManager[RequestTransaction | None]:
        """Open the transaction in which a request is answered; None where it is no longer to be."""
        ...


class RequestMailbox(Protocol):
    """Mails that wait to be read."""

    def mails(self) -> Iterator[tuple[Path, bytes]]:
        """Yield each mail that waits, with its bytes."""
        ...

    def count(self) -> int:
        """Return how many mails wait."""
        ...

    def put_away(self, path: Path, *, is_for_person: bool = False) -> None:
        """Move a mail that was read."""
        ...


class RequestDoor(Protocol):
    """Where requests come in."""

    def senders(self, addresses: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """Return address (in small letters) -> keys of the payers whose newest address it is."""
        ...

    def ask(self, request: NewRequest) -> tuple[int, bool]:
        """Take a request in; return its number, and whether it is new."""
        ...
