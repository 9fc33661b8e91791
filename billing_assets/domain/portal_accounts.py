"""What a payer owes and has: balances, documents with where they stand, payments, the inbox, preferences.

Belongs here: these values, and in which state a document is. Does not belong here: reading them
(``store.payer_listings``), how they are shown (``portal.payer``).
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from billing_assets.domain.delivery_channels import DeliveryChannel
from billing_assets.domain.errors import BillingError
from billing_assets.domain.portal_access import PORTAL_LANGUAGES


class Standing(StrEnum):
    """Where an invoice stands by what is open of it; ``credit`` is that of a credit note."""

    OPEN = "open"
    PART_PAID = "part_paid"
    PAST_DUE = "past_due"
    PAID = "paid"
    CREDITED = "credited"
    CREDIT = "credit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """What is owed in one currency on a day, in minor units.

    ``next_due_minor`` is what falls due on ``next_due_date``, the first day from today on; None where nothing
    does. ``on_account_minor`` was paid and is not used yet.
    """

    currency: str
    open_minor: int
    past_due_minor: int
    next_due_date: date | None
    next_due_minor: int
    on_account_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnDocument:
    """An invoice or credit note of the payer in a list; amounts in minor units."""

    invoice_id: int
    document_kind: str
    document_number: str
    issue_date: date
    due_date: date
    currency: str
    payable_minor: int
    credited_minor: int
    paid_minor: int
    open_minor: int

    def standing_on(self, today: date) -> Standing:
        """Return where it stands on a day; what falls due today is not past due.

        >>> bill = OwnDocument(
        ...     invoice_id=1,
        ...     document_kind="invoice",
        ...     document_number="INV-00000001",
        ...     issue_date=date(2025, 1, 1),
        ...     due_date=date(2025, 1, 15),
        ...     currency="EUR",
        ...     payable_minor=500,
        ...     credited_minor=0,
        ...     paid_minor=200,
        ...     open_minor=300,
        ... )
        >>> bill.standing_on(date(2025, 1, 15)).value, bill.standing_on(date(2025, 1, 16)).value
        ('part_paid', 'past_due')
        """
        if self.document_kind != "invoice":
            return Standing.CREDIT
        if self.open_minor > 0:
            if self.due_date < today:
                return Standing.PAST_DUE
            return Standing.PART_PAID if self.paid_minor else Standing.OPEN
        return Standing.CREDITED if self.credited_minor and not self.paid_minor else Standing.PAID


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentUse:
    """What part of a payment pays a document."""

    payment_id: int
    document_number: str
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPayment:
    """A payment that came in, what went back of it, and what it was used for; the rest is on account."""

    payment_id: int
    value_date: date
    source_kind: str
    currency: str
    amount_minor: int
    reversed_minor: int
    free_minor: int
    uses: tuple[PaymentUse, ...]

    @property
    def has_receipt(self) -> bool:
        """Whether there is a receipt of it: not where all of it went back."""
        return self.amount_minor > self.reversed_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxDocument:
    """A document that was put into the payer's inbox; ``seen_at`` is when they first opened it."""

    document_kind: str
    document_number: str
    delivered_at: datetime
    seen_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PayerDetails:
    """What is known of a payer by now; it holds personal data.

    ``channels`` is the order in force: the payer's own where they have chosen one (``is_chosen``), else that
    of the policy book. ``can_push``: there is an endpoint for documents.
    """

    payer_key: str
    name: str
    email: str
    address_lines: tuple[str, ...]
    language: str
    channels: tuple[str, ...]
    is_chosen: bool
    can_push: bool

    @property
    def offered(self) -> tuple[DeliveryChannel, ...]:
        """The channels that the payer may choose: those that have what they need.

        That a partner fetches documents is arranged with the partner, and is offered to whom it was given.
        """
        has = {
            DeliveryChannel.EMAIL: bool(self.email),
            DeliveryChannel.PORTAL: bool(self.email),
            DeliveryChannel.PRINT_POST: bool(self.address_lines),
            DeliveryChannel.API_PUSH: self.can_push,
            DeliveryChannel.PULL: DeliveryChannel.PULL in self.channels,
        }
        return tuple(channel for channel, is_there in has.items() if is_there)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preference:
    """What a payer has chosen: a language, and the channels they take, the preferred first."""

    language: str
    channels: tuple[str, ...]


def preference_from(language: str, channels: list[str], details: PayerDetails) -> Preference:
    """Return what was chosen; a channel that is named again, or not at all, is left out.

    Raises:
        BillingError: ``preference_invalid``.

    >>> details = PayerDetails(
    ...     payer_key="K1",
    ...     name="Ana",
    ...     email="ana@example.com",
    ...     address_lines=(),
    ...     language="es",
    ...     channels=("email",),
    ...     is_chosen=False,
    ...     can_push=False,
    ... )
    >>> preference_from("es", ["portal", "", "portal"], details).channels
    ('portal',)
    """
    chosen = tuple(dict.fromkeys(name for name in channels if name))
    if language not in PORTAL_LANGUAGES or not chosen or not set(chosen) <= set(details.offered):
        raise BillingError(
            "preference_invalid",
            "a language and at least one way that is offered have to be chosen",
            "choose from the lists of the page",
        )
    return Preference(language=language, channels=chosen)
