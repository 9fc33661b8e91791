"""Statuses: what became of an invoice, as other systems are told of it.

Belongs here: the kinds of events, the identity of one, and its form as a CloudEvent.
Does not belong here: which events follow from what was recorded (``frames.statuses``), numbers and rows
(``store.statuses``), who is sent them (``status_subscriptions``).

An event says nothing of a person: numbers of policy and document, dates, amounts, and how it went.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

from billing_assets.domain.errors import BillingError
from billing_assets.domain.money import plain_amount


class StatusKind(StrEnum):
    """What became of an invoice.

    ``issued``: it has its number. ``delivered``: a channel took it; ``undeliverable``: a channel did not
    reach the payer, and where there is a next one, it goes by that. ``paid``: with this payment nothing is
    open any more; ``part_paid``: something is. ``unpaid_again``: a payment or a write-off of it was taken
    back. ``past_due``: its due date is over by the company's day, and something is open. ``credited``: a
    credit note gave some or all of it back. ``written_off``: what was open of it is not asked for any more.
    """

    ISSUED = "issued"
    DELIVERED = "delivered"
    UNDELIVERABLE = "undeliverable"
    PAID = "paid"
    PART_PAID = "part_paid"
    UNPAID_AGAIN = "unpaid_again"
    PAST_DUE = "past_due"
    CREDITED = "credited"
    WRITTEN_OFF = "written_off"


class FactKind(StrEnum):
    """What an event follows from; ``due``: a due date that is over; ``delivery``: the end of one."""

    DOCUMENT = "document"
    ALLOCATION = "allocation"
    DELIVERY = "delivery"
    DUE = "due"


TYPE_PREFIX = "org.billing_assets.invoice"
TYPE_VERSION = "v1"
JSON_MEDIA_TYPE = "application/cloudevents+json"
_NUMBER_DIGITS = 19


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusEvent:
    """An event as it was told, for ever.

    ``event_number`` counts the events of a company from 1, without a gap: whoever has read one will never be
    told another with a lower number. ``amount_minor`` is what the event is about, ``open_minor`` what was
    open of the invoice after it; below zero for as long as a credited invoice has payments that are to be
    taken off it. ``related_number`` is that of the credit note, else empty.
    """

    event_number: int
    event_kind: StatusKind
    fact_kind: FactKind
    fact_id: int
    fact_turn: int
    invoice_id: int
    invoice_number: str
    policy_numbers: tuple[str, ...]
    related_number: str
    currency: str
    total_minor: int
    amount_minor: int
    open_minor: int
    due_date: date
    occurred_date: date
    channel: str
    reason_code: str
    told_at: datetime


def event_type(kind: StatusKind) -> str:
    """Return the type of an event as other systems know it.

    >>> event_type(StatusKind.PAID)
    'org.billing_assets.invoice.paid.v1'
    """
    return f"{TYPE_PREFIX}.{kind.value}.{TYPE_VERSION}"


def kinds_of(words: Iterable[str]) -> tuple[StatusKind, ...]:
    """Return the kinds that words name, each once, in the order of :class:`StatusKind`; none names all.

    A word is a kind (``paid``) or its whole type.

    Errors: ``status_kind_unknown``.

    >>> [kind.value for kind in kinds_of(["paid", "org.billing_assets.invoice.issued.v1"])]
    ['issued', 'paid']
    """
    known = {kind.value: kind for kind in StatusKind} | {event_type(kind): kind for kind in StatusKind}
    named = list(words)
    for word in named:
        if word not in known:
            raise BillingError(
                "status_kind_unknown",
                f"there is no status '{word[:60]}'",
                f"name some of {', '.join(StatusKind)}, or none for all",
            )
    wanted = {known[word] for word in named}
    return tuple(kind for kind in StatusKind if kind in wanted or not wanted)


def event_id(company_code: str, event: StatusEvent) -> str:
    """Return the id of an event: a function of what it follows from, the same however often it is sent.

    It serves as the ``webhook-id`` as well, and has no dot for that.

    >>> len(event_id("demo", SAMPLE)), event_id("demo", SAMPLE)[:8]
    (36, 'evt_eb93')
    """
    parts = (company_code, event.fact_kind, str(event.fact_id), event.event_kind, str(event.fact_turn))
    return f"evt_{sha256(chr(31).join(parts).encode()).hexdigest()[:32]}"


def cloud_event(company_code: str, event: StatusEvent) -> Mapping[str, Any]:
    """Return an event as CloudEvents 1.0 in JSON has it, with the extension ``sequence``.

    Amounts come twice: as whole minor units, and as text with the point of the currency.

    >>> told = cloud_event("demo", SAMPLE)
    >>> told["type"], told["subject"], told["sequence"]
    ('org.billing_assets.invoice.paid.v1', 'INV-00000001', '0000000000000000007')
    >>> told["data"]["open_minor"], told["data"]["open"]
    (0, '0.00')
    """
    amounts = {"total": event.total_minor, "amount": event.amount_minor, "open": event.open_minor}
    data: dict[str, Any] = {
        "status": event.event_kind.value,
        "policy_numbers": list(event.policy_numbers),
        "invoice_number": event.invoice_number,
        "currency": event.currency,
        **{f"{name}_minor": amount for name, amount in amounts.items()},
        **{name: plain_amount(amount, event.currency) for name, amount in amounts.items()},
        "due_date": event.due_date.isoformat(),
        "occurred_date": event.occurred_date.isoformat(),
    }
    told = {"credit_note_number": event.related_number, "channel": event.channel, "reason": event.reason_code}
    return {
        "specversion": "1.0",
        "id": event_id(company_code, event),
        "source": f"/billing_assets/{company_code}",
        "type": event_type(event.event_kind),
        "subject": event.invoice_number,
        "time": event.told_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "sequence": f"{event.event_number:0{_NUMBER_DIGITS}}",
        "data": data | {name: text for name, text in told.items() if text},
    }


SAMPLE = StatusEvent(
    event_number=7,
    event_kind=StatusKind.PAID,
    fact_kind=FactKind.ALLOCATION,
    fact_id=12,
    fact_turn=0,
    invoice_id=1,
    invoice_number="INV-00000001",
    policy_numbers=("MOT-1001",),
    related_number="",
    currency="EUR",
    total_minor=12345,
    amount_minor=12345,
    open_minor=0,
    due_date=date(2025, 2, 28),
    occurred_date=date(2025, 2, 14),
    channel="",
    reason_code="oldest_due",
    told_at=datetime(2025, 2, 14, 9, 30, tzinfo=UTC),
)
"""An event for examples."""
