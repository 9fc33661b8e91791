"""Endpoints of payers and partners: kept, tried, and called with documents.

Belongs here: bringing endpoints, channel and documents together. Does not belong here: the rows (``store``),
the call (``channels.api_push``), which documents are pushed (``steps``).
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cached_property, partial
from uuid import uuid4

from billing_assets.channels.api_push import (
    ApiPushChannel,
    InlinePdf,
    PushEndpoint,
    PushMessage,
    document_payload,
)
from billing_assets.channels.outbound import Outbound, OutboundSettings
from billing_assets.documents.invoice_json import invoice_to_json
from billing_assets.domain.deliveries import DeliveryState, SendResult, webhook_id_of
from billing_assets.domain.errors import BillingError
from billing_assets.domain.invoices import DocumentKind, Invoice
from billing_assets.domain.numbering import document_file_name
from billing_assets.domain.push_endpoints import MOST_SECRETS, PushEndpointRow, require_endpoint_code
from billing_assets.steps.delivery_ports import QueuedDelivery
from billing_assets.steps.run_ports import Clock
from billing_assets.store.companies import read_issuer
from billing_assets.store.connection import Database
from billing_assets.store.push_endpoints import SqlEndpointStore
from billing_assets.store.sealed_texts import Sealer
from billing_assets.wiring.settings import Settings

EVENT_TYPES = {
    DocumentKind.INVOICE: "invoice.issued",
    DocumentKind.CREDIT_NOTE: "credit_note.issued",
}
"""What a pushed document is called."""

TEST_EVENT = "endpoint.tested"


class Endpoints:
    """The endpoints of a company."""

    def __init__(self, database: Database, settings: Settings, company_code: str, clock: Clock) -> None:
        """Use the store, and how the settings let endpoints be called."""
        self._sealer = Sealer(settings.sealing_keys)
        self._store = SqlEndpointStore(database, clock, self._sealer)
        self._database = database
        self._company_code = company_code
        self._clock = clock
        wait = settings.push_timeout_seconds
        self._channel = ApiPushChannel(
            Outbound(
                OutboundSettings(
                    connect_seconds=min(wait, 10),
                    read_seconds=wait,
                    write_seconds=wait,
                    whole_seconds=2 * wait,
                    allow_loopback=settings.push_to_loopback,
                    ca_file=str(settings.push_ca_file or ""),
                )
            )
        )

    @property
    def is_sealed(self) -> bool:
        """Whether secrets are sealed that are kept from now on."""
        return self._sealer.has_key

    def set(self, code: str, url: str, secrets: Sequence[str], by: str) -> None:
        """Keep an endpoint, in the place of one with its code.

        Raises ``endpoint_code_invalid``, ``endpoint_url_invalid``, ``push_secret_invalid``.
        """
        require_endpoint_code(code)
        if not 0 < len(secrets) <= MOST_SECRETS:
            raise BillingError(
                "push_secret_invalid",
                f"{len(secrets)} secrets are given",
                f"give from 1 to {MOST_SECRETS}, the newest first",
            )
        self._channel.require_usable(PushEndpoint(url=url, secrets=tuple(secrets)))
        self._store.set(self._company_id, code, url, secrets, by)

    def remove(self, code: str, by: str) -> None:
        """Remove an endpoint; raises ``endpoint_unknown``."""
        self._store.remove(self._company_id, code, by)

    def listed(self) -> list[PushEndpointRow]:
        """Return the endpoints in use."""
        return self._store.listed(self._company_id)

    def test(self, code: str) -> SendResult:
        """Push a message without a document, and return what came of it; it stands in no list.

        Raises ``endpoint_unknown``, ``secret_unreadable``.
        """
        now = self._clock()
        message = PushMessage(
            message_id=webhook_id_of(uuid4().hex),
            dated_at=now,
            event_type=TEST_EVENT,
            payload=document_payload(TEST_EVENT, now, "{}", None),
        )
        return self._channel.send(self._open(code), message)

    def poster(self, code: str) -> Callable[[PushMessage], SendResult]:
        """Return what posts a message to an endpoint as it is now, which is looked up once.

        Raises ``endpoint_unknown``, ``secret_unreadable``.
        """
        return partial(self._channel.send, self._open(code))

    def push(self, row: QueuedDelivery, pdf: bytes, dated_at: datetime) -> SendResult:
        """Try once to push a document with its PDF; never raises for what the other side does."""
        try:
            endpoint = self._open(row.endpoint_code)
        except BillingError as error:
            return SendResult(
                state=DeliveryState.QUEUED, reply_code=0, reason_code=error.code, reply_text=error.found
            )
        return self._channel.send(endpoint, _message(row, pdf, dated_at))

    @cached_property
    def _company_id(self) -> int:
        with self._database.transaction() as connection:
            return read_issuer(connection, self._company_code).company_id

    def _open(self, code: str) -> PushEndpoint:
        found = self._store.opened(self._company_id, code)
        return PushEndpoint(url=found.url, secrets=found.secrets)


def payload_of(invoice: Invoice, pdf: bytes) -> tuple[str, bytes]:
    """Return what a document is called that leaves as data, and its content with the PDF: JSON, UTF-8."""
    event_type = EVENT_TYPES[invoice.document_kind]
    issued_at = datetime.combine(invoice.issue_date, datetime.min.time(), tzinfo=UTC)
    attached = InlinePdf(file_name=document_file_name(invoice.invoice_number, "pdf"), content=pdf)
    return event_type, document_payload(event_type, issued_at, invoice_to_json(invoice), attached)


def _message(row: QueuedDelivery, pdf: bytes, dated_at: datetime) -> PushMessage:
    event_type, payload = payload_of(row.job.invoice, pdf)
    return PushMessage(
        message_id=webhook_id_of(row.message_id),
        dated_at=dated_at,
        event_type=event_type,
        payload=payload,
    )
