"""A payer's account as a statement shows it: movements, what is open, and how long it has been due.

Belongs here: the arithmetic of a statement and of a receipt over rows of the account.
Does not belong here: reading the rows (``store.payer_accounts``), how they are printed (``documents``).

The balance is what the ledger has of the payer: the receivable less what is on account. What is due is aged
by the due date and the last day of the period alone: two documents due on one day are always aged alike.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from billing_assets.domain.creditor_references import creditor_reference
from billing_assets.domain.invoices import Creditor, Payer
from billing_assets.domain.letters import (
    AccountEntry,
    AgeingBucket,
    AllocatedPart,
    LetterPolicy,
    OverdueItem,
    PaymentMethod,
    PaymentReceipt,
    Statement,
)

AGEING_DAYS = ((0, 0), (1, 30), (31, 60), (61, 90), (91, None))
"""First and last day past due of each bucket; the first one is what is not past due."""

PAY_WITHIN_DAYS = 14
"""So many days after its issue what a statement shows as past due is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenItem:
    """What is left of an invoice; below zero where more was credited and paid than it came to."""

    document_number: str
    policy_number: str
    due_date: date
    total_minor: int
    open_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterHead:
    """What every letter to a payer has, as it is known on the day of its issue."""

    document_number: str
    issue_date: date
    creditor: Creditor
    payer: Payer
    policies: tuple[LetterPolicy, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A payer's account in one currency over a period: what stood before it, and its movements in order.

    Open items, and what is on account, are as they stand at the end of the period.
    """

    currency: str
    opening_minor: int
    movements: tuple[AccountEntry, ...]
    open_items: tuple[OpenItem, ...]
    on_account_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedPayment:
    """A payment as a receipt shows it: ``amount_minor`` is what is left after anything went back."""

    currency: str
    received_date: date
    method: PaymentMethod
    amount_minor: int
    allocated: tuple[AllocatedPart, ...]


def past_due_days(due_date: date, as_of_date: date) -> int:
    """Return for how many days something has been due; 0 where it is not past due.

    >>> past_due_days(date(2024, 3, 1), date(2024, 3, 1)), past_due_days(date(2024, 3, 1), date(2024, 3, 31))
    (0, 30)
    """
    return max((as_of_date - due_date).days, 0)


def ageing_of(items: Iterable[OpenItem], as_of_date: date) -> tuple[AgeingBucket, ...]:
    """Return what is open by how long it has been due; none where nothing is open.

    >>> item = OpenItem(
    ...     document_number="A", policy_number="P", due_date=date(2024, 3, 1), total_minor=5, open_minor=5
    ... )
    >>> [each.amount_minor for each in ageing_of([item], date(2024, 4, 1))]
    [0, 0, 5, 0, 0]
    """
    aged = [(past_due_days(item.due_date, as_of_date), item.open_minor) for item in items]
    if not any(amount for _days, amount in aged):
        return ()
    return tuple(
        AgeingBucket(
            from_days=first,
            to_days=last,
            amount_minor=sum(
                amount for days, amount in aged if first <= days and (last is None or days <= last)
            ),
        )
        for first, last in AGEING_DAYS
    )


def statement_of(head: LetterHead, account: Account, from_date: date, to_date: date) -> Statement:
    """Return the statement of ``[from_date, to_date)``, the period of the account.

    Money is asked for where the period ends on the day of issue or later alone: what was open at the end of
    another period may have been paid since. Its parts come to one another by how the rows are: the letter's
    own check (``document_does_not_add_up``) is what proves it.

    >>> from billing_assets.domain.sample_invoice import SAMPLE
    >>> head = LetterHead(
    ...     document_number="STM-00000001",
    ...     issue_date=date(2024, 3, 1),
    ...     creditor=SAMPLE.invoice.creditor,
    ...     payer=SAMPLE.invoice.payer,
    ...     policies=(),
    ... )
    >>> empty = Account(currency="EUR", opening_minor=0, movements=(), open_items=(), on_account_minor=0)
    >>> statement_of(head, empty, date(2024, 1, 1), date(2024, 3, 1)).closing_minor
    0
    """
    closing_minor = account.opening_minor + sum(each.amount_minor for each in account.movements)
    as_of_date = to_date - timedelta(days=1)
    open_items = sorted(account.open_items, key=lambda item: (item.due_date, item.document_number))
    pay_by_date = _pay_by(open_items, head.issue_date)
    due_minor = sum(each.open_minor for each in open_items if each.due_date <= pay_by_date)
    asked_minor = min(due_minor - account.on_account_minor, closing_minor)
    return Statement(
        document_number=head.document_number,
        issue_date=head.issue_date,
        currency=account.currency,
        creditor=head.creditor,
        payer=head.payer,
        policies=head.policies,
        payment_reference=_reference(open_items),
        from_date=from_date,
        to_date=to_date,
        opening_minor=account.opening_minor,
        entries=account.movements,
        closing_minor=closing_minor,
        ageing=ageing_of(open_items, as_of_date),
        pay_by_date=pay_by_date,
        open_items=tuple(
            OverdueItem(
                document_number=item.document_number,
                policy_number=item.policy_number,
                due_date=item.due_date,
                total_minor=item.total_minor,
                open_minor=item.open_minor,
                past_due_days=past_due_days(item.due_date, as_of_date),
            )
            for item in open_items
        ),
        on_account_minor=account.on_account_minor,
        asked_minor=max(asked_minor, 0) if as_of_date >= head.issue_date else 0,
    )


def receipt_of(head: LetterHead, payment: ReceivedPayment) -> PaymentReceipt:
    """Return the receipt of a payment: what it pays, and what of it stays on account.

    >>> day = date(2024, 3, 1)
    >>> paid = ReceivedPayment(
    ...     currency="EUR", received_date=day, method=PaymentMethod.CASH, amount_minor=100, allocated=()
    ... )
    >>> from billing_assets.domain.sample_invoice import SAMPLE
    >>> head = LetterHead(
    ...     document_number="RCP-1",
    ...     issue_date=day,
    ...     creditor=SAMPLE.invoice.creditor,
    ...     payer=SAMPLE.invoice.payer,
    ...     policies=(),
    ... )
    >>> receipt_of(head, paid).on_account_minor
    100
    """
    allocated_minor = sum(each.amount_minor for each in payment.allocated)
    return PaymentReceipt(
        document_number=head.document_number,
        issue_date=head.issue_date,
        currency=payment.currency,
        creditor=head.creditor,
        payer=head.payer,
        policies=head.policies,
        received_date=payment.received_date,
        method=payment.method,
        amount_minor=payment.amount_minor,
        allocated=payment.allocated,
        on_account_minor=payment.amount_minor - allocated_minor,
    )


def _reference(items: Sequence[OpenItem]) -> str:
    """Return what the payer quotes: the oldest open invoice, by which a payment finds whose it is."""
    return next((creditor_reference(item.document_number) for item in items if item.open_minor > 0), "")


def _pay_by(items: Sequence[OpenItem], issue_date: date) -> date:
    """Return until when money is asked for: where nothing is past due, when the first of it falls due."""
    due = [item.due_date for item in items if item.open_minor > 0]
    usual = issue_date + timedelta(days=PAY_WITHIN_DAYS)
    return min(due) if due and min(due) > issue_date else usual
