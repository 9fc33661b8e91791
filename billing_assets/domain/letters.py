"""What a billing office sends beside invoices and credit notes, as it is frozen when it is issued.

Belongs here: one record for each kind of letter, complete: a letter is rendered from itself alone, so that a
later change to the company, the payer or the account cannot change what was sent.
Does not belong here: when a letter is due and what it costs (``frames``), its words (``templates``).

All amounts are minor units of the letter's ``currency``; periods are half-open. Lists are in the order in
which they are printed, and sums are part of the record: a letter whose parts do not come to them is refused.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from billing_assets.domain.invoices import Creditor, InvoiceTax, Payer


class LetterKind(StrEnum):
    """The kinds of letter; each has its folder of this name in ``templates/``."""

    STATEMENT = "statement"
    REMINDER = "reminder"
    LATE_FEE_INVOICE = "late_fee_invoice"
    NOTICE_OF_CANCELLATION = "notice_of_cancellation"
    CANCELLATION_CONFIRMATION = "cancellation_confirmation"
    REINSTATEMENT = "reinstatement"
    REFUND_ADVICE = "refund_advice"
    PAYMENT_RECEIPT = "payment_receipt"
    DOCUMENT_COVER = "document_cover"


class EntryKind(StrEnum):
    """What stands on a statement of account.

    ``paid_for_another`` is what a payment of the payer paid of somebody else's invoice; ``paid_by_another``
    what somebody else's payment paid of theirs.
    """

    INVOICE = "invoice"
    LATE_FEE_INVOICE = "late_fee_invoice"
    CREDIT_NOTE = "credit_note"
    PAYMENT = "payment"
    PAYMENT_RETURNED = "payment_returned"
    REFUND = "refund"
    WRITE_OFF = "write_off"
    PAID_FOR_ANOTHER = "paid_for_another"
    PAID_BY_ANOTHER = "paid_by_another"


class PaymentMethod(StrEnum):
    """How money came or goes."""

    BANK_TRANSFER = "bank_transfer"
    DIRECT_DEBIT = "direct_debit"
    CARD = "card"
    CHEQUE = "cheque"
    CASH = "cash"
    ONLINE = "online"


class CancellationReason(StrEnum):
    """Why cover ended."""

    NON_PAYMENT = "non_payment"
    POLICYHOLDER = "policyholder"
    INSURER = "insurer"
    RISK_CEASED = "risk_ceased"


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterPolicy:
    """A policy that a letter is about; ``product_code`` is as on an invoice line."""

    policy_number: str
    product_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What every letter has.

    ``policies`` has one at least. ``payment_reference`` is what the payer quotes, best a creditor reference
    (``creditor_references``); empty where nothing is to be paid.
    """

    document_number: str
    issue_date: date
    currency: str
    creditor: Creditor
    payer: Payer
    policies: tuple[LetterPolicy, ...]
    payment_reference: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryPart:
    """What of a payment counts towards a document."""

    document_number: str
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountEntry:
    """A document or a payment by its date; ``amount_minor`` above zero is owed more, below zero less.

    ``due_date`` is that of a document that is to be paid, ``policy_number`` is empty where several share it.
    ``parts`` say what a payment paid by the end of the period.
    """

    entry_date: date
    entry_kind: EntryKind
    document_number: str
    policy_number: str
    amount_minor: int
    due_date: date | None = None
    parts: tuple[EntryPart, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AgeingBucket:
    """What is owed for so many days past due, both included.

    ``from_days`` 0 is what is not past due; ``to_days`` is None of the oldest bucket.
    """

    from_days: int
    to_days: int | None
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OverdueItem:
    """A document of which something is open; ``past_due_days`` as of the letter, 0 where not past due."""

    document_number: str
    policy_number: str
    due_date: date
    total_minor: int
    open_minor: int
    past_due_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement(Letter):
    """A statement of account for ``[from_date, to_date)``: opening balance + entries = closing balance.

    A balance above zero is owed by the payer; ``asked_minor`` of it is to be paid by ``pay_by_date``, and
    nothing where that is 0. The buckets, and the open items where they are told, less what is on account come
    to the closing balance; there is none where nothing is open.
    """

    from_date: date
    to_date: date
    opening_minor: int
    entries: tuple[AccountEntry, ...]
    closing_minor: int
    ageing: tuple[AgeingBucket, ...]
    pay_by_date: date
    open_items: tuple[OverdueItem, ...] = ()
    on_account_minor: int = 0
    asked_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder(Letter):
    """A reminder of dunning level 1, 2 or 3: ``total_minor`` is what is open of all its items."""

    level: int
    overdue: tuple[OverdueItem, ...]
    total_minor: int
    pay_by_date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class LateFee:
    """The fee for one document that was paid late or not yet; ``fee_minor`` is without tax."""

    document_number: str
    policy_number: str
    due_date: date
    open_minor: int
    past_due_days: int
    fee_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LateFeeInvoice(Letter):
    """The invoice of late fees: net + tax = total. ``contract_clause`` is where they were agreed."""

    fees: tuple[LateFee, ...]
    taxes: tuple[InvoiceTax, ...]
    net_minor: int
    tax_minor: int
    total_minor: int
    due_date: date
    contract_clause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeOfCancellation(Letter):
    """A statutory notice that cover ends because something is not paid.

    ``cancellation_date`` is the earliest first day without cover, ``notice_days`` the statutory notice with
    its days of mailing. What arrives up to ``pay_by_date`` prevents it. ``grace_end_date`` is the last day of
    grace by the contract, None where it has none. ``legal_citation`` names the law, as it is called there.
    """

    overdue: tuple[OverdueItem, ...]
    total_minor: int
    pay_by_date: date
    cancellation_date: date
    notice_days: int
    legal_citation: str
    grace_end_date: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CancellationConfirmation(Letter):
    """What remains after cover ended: earned premium + fees + tax - paid = balance.

    ``cancellation_date`` is the first day without cover. A balance above zero is owed until ``pay_by_date``;
    below zero it is paid back.
    """

    effective_date: date
    cancellation_date: date
    reason: CancellationReason
    earned_premium_minor: int
    earned_fees_minor: int
    earned_tax_minor: int
    paid_minor: int
    balance_minor: int
    pay_by_date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Reinstatement(Letter):
    """Cover is in force again: without a lapse where both dates are the same.

    There is no cover in ``[cancellation_date, reinstatement_date)``; the term ends before
    ``expiration_date``. ``paid_minor`` is what was received for it; ``next_due_minor`` is due on
    ``next_due_date``, None where nothing more is due in the term.
    """

    cancellation_date: date
    reinstatement_date: date
    expiration_date: date
    paid_minor: int
    next_due_minor: int = 0
    next_due_date: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundItem:
    """A credit note or an overpayment, with what of it is paid back."""

    document_number: str
    policy_number: str
    document_date: date
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundAdvice(Letter):
    """What is paid back, how and when. ``account_ending`` is how the account or card ends."""

    items: tuple[RefundItem, ...]
    refund_minor: int
    method: PaymentMethod
    account_ending: str
    value_date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocatedPart:
    """What of a payment counts towards a document, and what is open of it afterwards.

    ``due_date`` and ``open_minor`` are None where the document is somebody else's: they are not told.
    """

    document_number: str
    policy_number: str = ""
    due_date: date | None = None
    amount_minor: int
    open_minor: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentReceipt(Letter):
    """What was received: the allocated parts and what stays on account come to ``amount_minor``."""

    received_date: date
    method: PaymentMethod
    amount_minor: int
    allocated: tuple[AllocatedPart, ...]
    on_account_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosure:
    """A document that goes with the cover; ``document_kind`` is that of a letter, invoice or credit note."""

    document_kind: str
    document_number: str
    issue_date: date
    page_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentCover(Letter):
    """The first sheet of a mailing of several documents."""

    enclosures: tuple[Enclosure, ...]


LETTERS: dict[LetterKind, type[Letter]] = {
    LetterKind.STATEMENT: Statement,
    LetterKind.REMINDER: Reminder,
    LetterKind.LATE_FEE_INVOICE: LateFeeInvoice,
    LetterKind.NOTICE_OF_CANCELLATION: NoticeOfCancellation,
    LetterKind.CANCELLATION_CONFIRMATION: CancellationConfirmation,
    LetterKind.REINSTATEMENT: Reinstatement,
    LetterKind.REFUND_ADVICE: RefundAdvice,
    LetterKind.PAYMENT_RECEIPT: PaymentReceipt,
    LetterKind.DOCUMENT_COVER: DocumentCover,
}
"""The record of each kind."""


def kind_of(letter: Letter) -> LetterKind:
    """Return the kind of a letter, by its record.

    >>> [kind.value for kind, record in LETTERS.items() if record is Reminder]
    ['reminder']
    """
    return next(kind for kind, record in LETTERS.items() if type(letter) is record)
