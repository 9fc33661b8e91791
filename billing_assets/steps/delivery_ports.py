"""What printing and delivering need from the world.

Belongs here: documents, the outbox, the press and the channel, as protocols and the values that cross them.
Does not belong here: any implementation (``store``, ``documents``, ``channels``).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Protocol

from billing_assets.domain.calendar_rule import ClosedDays
from billing_assets.domain.decisions import DecidedDelivery, Decision
from billing_assets.domain.deliveries import EmailMessageParts, SendResult
from billing_assets.domain.delivery_channels import ONE_BY_ONE
from billing_assets.domain.errors import BillingError
from billing_assets.domain.invoices import Invoice
from billing_assets.domain.mail_forms import MailForm
from billing_assets.steps.run_ports import Issuer, Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintJob:
    """An issued invoice that is to be printed with the template version frozen at its issue.

    ``pdf_sha256`` is the hash (hex) of its first rendering, empty before that.
    """

    document_id: int
    template_version_id: int
    invoice: Invoice
    pdf_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedInvoice:
    """A printed document: the mail that goes with it, and the PDF (empty where none was asked for).

    ``form`` is what the mail has of the document; where it is a link, its place stands there, no address.
    ``language`` is that of the text, which is English where the payer's has no words.
    ``missing_character_count`` tells how many different characters no font of the template can draw. Where
    the document could not be printed ``fault`` says why, and the rest is empty.
    """

    document_id: int
    language: str
    subject: str
    text: str
    html: str
    pdf: bytes
    pdf_sha256: str
    missing_character_count: int
    form: MailForm = MailForm.ATTACHED
    fault: BillingError | None = None

    @property
    def fault_code(self) -> str:
        """Code of why the PDF cannot go out as it is, or be opened by the link; empty where it can."""
        if self.fault:
            return self.fault.code
        has_page = bool(self.pdf) or self.form is MailForm.LINKED
        return "unprintable" if has_page and self.missing_character_count else ""

    @property
    def mail_sha256(self) -> str:
        """Hash (hex) of the mail's own words: subject, text and HTML, without address, date and attachment.

        The line breaks at the end of a part do not count: a message has one there, whatever the part had.

        >>> sheet = PrintedInvoice(
        ...     document_id=1,
        ...     language="en",
        ...     subject="Invoice",
        ...     text="Pay",
        ...     html="<p>Pay</p>",
        ...     pdf=b"",
        ...     pdf_sha256="",
        ...     missing_character_count=0,
        ... )
        >>> sheet.mail_sha256[:16]
        'be670049a5ac8884'
        """
        parts = (self.subject, self.text, self.html)
        hashes = [sha256(part.rstrip("\n").encode(errors="surrogatepass")).digest() for part in parts]
        return sha256(b"".join(hashes)).hexdigest()


def rendering_changed(document_id: int) -> BillingError:
    """Return the error for a document that would go out differently from its first rendering.

    >>> rendering_changed(7).code
    'rendering_changed'
    """
    return BillingError(
        "rendering_changed",
        f"document {document_id} would go out differently from its first rendering",
        "use the program version that printed it first, or send it another way and give this delivery up",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedDelivery:
    """A row of the outbox that is to be sent now.

    ``to_email`` and ``endpoint_code`` are what is known of the payer by ``payer_version_id``, the newest.
    ``refused_count`` counts temporary refusals of this message since a person last decided to send it again.
    ``is_doubtful``: an endpoint answered with a fault of its own to all of it, and may have taken it.
    ``first_form`` is that of its document's first e-mail; None where none was printed yet.
    """

    delivery_id: int
    channel: str
    message_id: str
    attempt_count: int
    refused_count: int
    to_email: str
    endpoint_code: str
    is_doubtful: bool
    first_form: MailForm | None
    payer_id: int
    payer_version_id: int
    invoice_id: int
    job: PrintJob


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """Which of the rows that wait are asked for.

    ``due_at``: only those that may be tried again by then; ``channels``: only by these; ``full_domains``: no
    e-mails to these; ``untouched_since``: nothing that was tried since; ``partner_code``: only of payers
    whose endpoint has this code.
    """

    due_at: datetime | None = None
    channels: Sequence[str] = ONE_BY_ONE
    full_domains: Sequence[str] = ()
    untouched_since: datetime | None = None
    partner_code: str = ""


EVERY = Which()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """What an attempt at a row came to, and when the row is tried again; None: not by itself."""

    row: QueuedDelivery
    result: SendResult
    ended_at: datetime
    next_attempt_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What a message carries: hashes (hex) of the PDF and of a mail's words, empty where there is none."""

    pdf_sha256: str = ""
    mail_sha256: str = ""


NOTHING = Carried()


@dataclass(frozen=True, slots=True, kw_only=True)
class UnqueuedRun:
    """A run with documents that are not in the outbox yet, and its last word on the company's closed days."""

    run_id: int
    billing_date: date
    closed_day_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueCounts:
    """What queueing did: rows that wait now, and rows that cannot be sent because the payer has no address.

    ``address_found_count`` of the queued ones had failed for want of an address before;
    ``fallen_back_count`` go by the next channel of their payer, because one did not reach it.
    """

    queued_count: int
    without_address_count: int
    address_found_count: int
    fallen_back_count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionOrder:
    """One decision on some deliveries, with its reason; all of them or none."""

    delivery_ids: tuple[int, ...]
    decision: Decision
    note: str
    decided_by: str


class Press(Protocol):
    """Prints invoices, in the given order; may work in several processes."""

    def print_all(
        self, jobs: Iterable[PrintJob], *, form: MailForm = MailForm.ATTACHED, pdf_limit_bytes: int = 0
    ) -> Iterator[PrintedInvoice]:
        """Yield each printed invoice, in order, with a PDF where the mail is to have it attached.

        The mail of a PDF of more than ``pdf_limit_bytes``, if that is not 0, has a link instead; where its
        template has no place for a link, the PDF is attached, whatever ``form`` says.
        """
        ...


class Channel(Protocol):
    """A way to the payer."""

    def send(self, message: EmailMessageParts) -> SendResult:
        """Try once; never raises for what the other side does."""
        ...


class Pusher(Protocol):
    """The way to endpoints of payers and partners."""

    def push(self, row: QueuedDelivery, pdf: bytes, dated_at: datetime) -> SendResult:
        """Try once to push a document with its PDF; never raises for what the other side does."""
        ...


class Inboxes(Protocol):
    """The way to the inboxes of payers in their portal."""

    def put(self, row: QueuedDelivery, content_sha256: str, dated_at: datetime) -> SendResult:
        """Put the document of a row, with that PDF, into its payer's inbox, once; never raises."""
        ...


class DocumentLinks(Protocol):
    """Links by which payers see a document in the portal."""

    @property
    def home(self) -> str:
        """The address of the portal."""
        ...

    def make(self, company_id: int, payer_id: int, invoice_id: int) -> tuple[str, datetime]:
        """Return the address that opens a document, and when it stops to."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """The channels on which message by message is handed over.

    ``inboxes`` and ``links`` are None where there is no portal: nothing goes that way then. ``server`` is the
    mail server as a person knows it, as host:port, to be named where it is down.
    """

    mail: Channel
    push: Pusher
    inboxes: Inboxes | None = None
    links: DocumentLinks | None = None
    server: str = ""


class DocumentStore(Protocol):
    """The store's side of documents and the outbox."""

    def issuer(self, company_code: str) -> Issuer:
        """Return the company with that code, or raise ``company_unknown``."""
        ...

    def make_documents(self, company_id: int, billing_date: date | None) -> int:
        """Add the document row of each issued invoice that has none; return how many."""
        ...

    def proof_jobs(self, company_id: int, billing_date: date | None) -> Sequence[PrintJob]:
        """Return one invoice per language and template version, to be printed as a proof."""
        ...

    def lock_deliveries(self, company_id: int, progress: Progress) -> AbstractContextManager[None]:
        """Hold the right to send for this company; wait while another program has it."""
        ...

    def settle_interrupted(self, company_id: int) -> int:
        """Mark what a dead sender left in ``sending`` as ``unknown``; return how many."""
        ...

    def closed_days(self, company_id: int, closed_day_id: int) -> ClosedDays:
        """Return what the company has closed itself, by the word up to that one."""
        ...

    def unqueued_runs(self, company_id: int, billing_date: date | None) -> Sequence[UnqueuedRun]:
        """Return the runs that have a document without its outbox row."""
        ...

    def queue(
        self,
        company_id: int,
        billing_date: date | None,
        message_domain: str,
        send_dates: Mapping[int, date],
    ) -> QueueCounts:
        """Add the outbox row of each document that has none; look again for addresses that were missing.

        Documents of the runs in ``send_dates`` are held until that day.
        """
        ...

    def queued_counts(
        self,
        company_id: int,
        billing_date: date | None,
        today: date,
        which: Which = EVERY,
    ) -> tuple[int, int]:
        """Return how many rows may leave, and how many wait for a later day or are under a hold.

        What has its next attempt later than asked for is counted in neither.
        """
        ...

    def next_deliveries(
        self,
        company_id: int,
        billing_date: date | None,
        after_id: int,
        limit: int,
        today: date,
        which: Which = EVERY,
    ) -> Sequence[QueuedDelivery]:
        """Return queued rows with an id above ``after_id`` that may leave ``today``, in order."""
        ...

    def keep_renderings(self, printed: Sequence[PrintedInvoice]) -> Sequence[int]:
        """Keep hash and bytes of first renderings; return the documents that differ from the kept hash."""
        ...

    def kept_pdf(self, document_id: int) -> bytes:
        """Return the kept bytes of a document's first rendering; empty where none are kept."""
        ...

    def keep_mails(self, printed: Sequence[PrintedInvoice]) -> Sequence[int]:
        """Keep the hash of each document's first mail; return the documents whose mail differs from it."""
        ...

    def hand_over(
        self,
        finished: "Finished | None",
        following: QueuedDelivery | None,
        carried: "Carried" = NOTHING,
    ) -> bool:
        """Record the result of one row and mark the next, which carries so much, as ``sending``.

        Both in one durable transaction.
        False where a person gave the next one up meanwhile: it is not to be sent.

        Raises ``delivery_taken``, with nothing begun, where another program has taken one of the two.
        """
        ...


class DecisionStore(Protocol):
    """The store's side of what people decide on deliveries."""

    def issuer(self, company_code: str) -> Issuer:
        """Return the company with that code, or raise ``company_unknown``."""
        ...

    def decide(self, company_id: int, order: DecisionOrder) -> Sequence[DecidedDelivery]:
        """Take the decision on every delivery of the order and keep it, or raise with nothing changed.

        Each row is locked, and its state looked at and changed in one statement, so that a sender and a
        decision never both have it. Raises what ``domain.decisions.decision_refused`` returns.
        """
        ...
