"""Requests for documents, as people, payers and other systems meet them.

Belongs here: asking, answering, refusing and looking, for the company of ``billing``; the one desk of the
office, the command line, the API, mails and the payers' own pages. Does not belong here: the steps
(``steps``), SQL (``store``), how anything is shown (``cli``, ``portal``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from uuid import uuid4

from billing_assets.channels.email import read_request_mail
from billing_assets.domain.decisions import signed
from billing_assets.domain.document_requests import (
    NewRequest,
    WantedDocument,
    check_request,
    check_wanted,
)
from billing_assets.domain.errors import BillingError
from billing_assets.feeds.mail_folder import MailFolder
from billing_assets.steps.answer_requests import answer_requests
from billing_assets.steps.read_request_mails import read_request_mails
from billing_assets.steps.result import StepResult
from billing_assets.steps.run_ports import Progress, silent
from billing_assets.store import document_requests, request_listings
from billing_assets.store.companies import read_issuer
from billing_assets.store.request_listings import KeptDocument, RequestDetail, RequestFilter, RequestRow
from billing_assets.wiring.build import Billing, utc_now
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.letter_press import ShelfPress


class DocumentRequestDesk:
    """The requests of the company of ``billing``; also ``steps.request_ports.RequestDoor``."""

    def __init__(self, billing: Billing) -> None:
        """Use the store, the settings and the company of ``billing``."""
        self.billing, self.database = billing, billing.database
        with self.database.transaction() as connection:
            issuer = read_issuer(connection, billing.company_code())
        self.company_id, self.company = issuer.company_id, issuer.company

    @cached_property
    def press(self) -> ShelfPress:
        """What prints letters and copies."""
        return ShelfPress(self.billing.shelf, Desk(self.billing).kept_pdf)

    def ask(self, request: NewRequest) -> tuple[int, bool]:
        """Take a request in; return its number, and whether it is new: the same key twice is one request.

        It is answered by the next :meth:`answer`. Raises ``document_request_invalid``,
        ``request_payer_unknown``, ``request_payer_unclear``.
        """
        check_request(request)
        with self.database.transaction() as connection:
            return document_requests.add_request(connection, self.company_id, request, utc_now())

    def answer(self, request_id: int | None = None, *, progress: Progress = silent) -> StepResult:
        """Answer what is asked, or the one request; see :func:`answer_requests`."""
        return answer_requests(
            self.billing.company_code(),
            store=document_requests.SqlRequestStore(self.database, utc_now),
            press=self.press,
            clock=utc_now,
            request_id=request_id,
            progress=progress,
        )

    def complete(self, request_id: int, wanted: WantedDocument, *, note: str, by: str) -> None:
        """Say what a request that waits is for, so that it is answered.

        Raises ``document_request_invalid``, ``request_unknown``, ``request_settled``, and what
        :func:`signed` does.
        """
        note, by = signed(note, by)
        if wanted.document_kind is None:
            raise BillingError(
                "document_request_invalid", "the request has no kind of document", "say which is wanted"
            )
        check_wanted(wanted)
        with self.database.transaction() as connection:
            document_requests.complete_request(
                connection, self.company_id, request_id, wanted, note=note, by=by, at=utc_now()
            )

    def refuse(self, request_id: int, *, note: str, by: str) -> None:
        """Refuse a request for good; raises what :meth:`complete` does."""
        note, by = signed(note, by)
        with self.database.transaction() as connection:
            document_requests.refuse_request(
                connection, self.company_id, request_id, note=note, by=by, at=utc_now()
            )

    def hand_over(self, request_id: int, *, by: str) -> bool:
        """Keep that the documents of an answered request were handed over; False where that was known.

        Raises ``request_unknown``, ``request_unanswered``.
        """
        with self.database.transaction() as connection:
            is_new = document_requests.hand_over(connection, self.company_id, request_id, by=by, at=utc_now())
            found = request_listings.show_request(connection, self.company_id, request_id)
        if found.request.handed_over_at is None:
            raise BillingError(
                "request_unanswered",
                f"request {request_id} is {found.request.state}: there is nothing to hand over",
                "answer it first",
            )
        return is_new

    def requests(self, wanted: RequestFilter) -> list[RequestRow]:
        """Return the requests that fit."""
        with self.database.transaction() as connection:
            return request_listings.list_requests(connection, self.company_id, wanted)

    def request(self, request_id: int) -> RequestDetail:
        """Return one request, or raise ``request_unknown``."""
        with self.database.transaction() as connection:
            return request_listings.show_request(connection, self.company_id, request_id)

    def document(self, request_id: int, place: int = 1, *, is_proved: bool = False) -> KeptDocument:
        """Return what answered a request at a place, with its bytes; raises ``answer_unknown``.

        Raises ``rendering_changed`` where an invoice would not be the bytes that answered the request; with
        ``is_proved`` also where a letter would print differently from its record and frozen template.
        """
        with self.database.transaction() as connection:
            kept = request_listings.kept_document(connection, self.company_id, request_id, place)
        if kept.is_letter:
            if is_proved:
                self.press.again(kept.record, kept.template_version_id, kept.pdf_sha256)
            return kept
        pdf = Desk(self.billing).invoice_pdf(kept.document_number)
        if sha256(pdf).hexdigest() != kept.pdf_sha256:
            raise BillingError(
                "rendering_changed",
                f"{kept.document_number} would print differently from what answered the request",
                "use the program version that printed it first",
            )
        return replace(kept, pdf=pdf)

    def counts(self) -> Mapping[str, int]:
        """Return how many are asked, wait for a person, and are to be handed over by one."""
        with self.database.transaction() as connection:
            return request_listings.count_requests(connection, self.company_id)

    def answered_since(self, since: datetime) -> Mapping[str, int]:
        """Return kind -> requests that were answered since an instant."""
        with self.database.transaction() as connection:
            return request_listings.answered_since(connection, self.company_id, since)

    def senders(self, addresses: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """Return address (in small letters) -> keys of the payers whose newest address it is."""
        with self.database.transaction() as connection:
            return document_requests.payers_of_addresses(connection, self.company_id, addresses)

    @property
    def has_mailbox(self) -> bool:
        """Whether the settings name a folder of mails that ask for documents."""
        return self.billing.settings.request_folder is not None

    def mail_count(self) -> int:
        """Return how many mails wait to be read; none where no folder is set."""
        return self._folder().count() if self.has_mailbox else 0

    def read_mails(self, *, progress: Progress = silent) -> StepResult:
        """Read the mails that wait; see :func:`read_request_mails`. Raises ``request_folder_unset``."""
        return read_request_mails(
            mailbox=self._folder(), read=read_request_mail, door=self, progress=progress
        )

    def _folder(self) -> MailFolder:
        folder = self.billing.settings.request_folder
        if folder is None:
            raise BillingError(
                "request_folder_unset",
                "no folder of mails that ask for documents is set",
                "set BILLING_REQUEST_FOLDER to the folder or Maildir that gets them",
            )
        return MailFolder(folder, holds="request")


def new_key(source: str) -> str:
    """Return a key for a request that is asked by hand, and that nobody asks twice by itself."""
    return f"{source}:{uuid4().hex}"
