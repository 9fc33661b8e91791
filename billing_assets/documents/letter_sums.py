"""The sums of a letter, before it is printed: each total comes from its parts.

Belongs here: refusing what does not add up. Does not belong here: invoices (``document_sums``), how sums are
printed (``letters``).
"""

from collections.abc import Iterable

from billing_assets.domain.errors import BillingError
from billing_assets.domain.letters import (
    CancellationConfirmation,
    LateFeeInvoice,
    Letter,
    NoticeOfCancellation,
    PaymentReceipt,
    RefundAdvice,
    Reminder,
    Statement,
)


def check_letter(letter: Letter) -> None:
    """Raise ``document_does_not_add_up`` where a letter would print sums that its parts do not come to.

    >>> from billing_assets.documents.letter_json import letter_from_json
    >>> from billing_assets.documents.templates import default_templates_dir, load_template
    >>> check_letter(
    ...     letter_from_json(load_template(default_templates_dir(), "statement").text("sample.json"))
    ... )
    """
    wrong = [
        f"{name} is {found} and must be {expected}"
        for name, found, expected in _sums(letter)
        if found != expected
    ]
    if wrong:
        raise BillingError(
            "document_does_not_add_up",
            f"document {letter.document_number}, in minor units: {', '.join(wrong)}",
            "the record was changed after it was issued: run the audit, and restore it from a backup",
        )


def _sums(letter: Letter) -> Iterable[tuple[str, int, int]]:
    """Yield the name of each sum with what its parts come to and what the record says."""
    match letter:
        case Statement():
            entries = sum(each.amount_minor for each in letter.entries)
            yield "opening + entries", letter.opening_minor + entries, letter.closing_minor
            due_minor = letter.closing_minor + letter.on_account_minor
            if letter.ageing:
                yield "ageing", sum(each.amount_minor for each in letter.ageing), due_minor
            # No item at all says that nothing is open, unless the buckets tell what is.
            if letter.open_items or not letter.ageing:
                yield "open items", sum(each.open_minor for each in letter.open_items), due_minor
        case Reminder() | NoticeOfCancellation():
            yield "open amounts", sum(each.open_minor for each in letter.overdue), letter.total_minor
        case LateFeeInvoice():
            yield "fees", sum(each.fee_minor for each in letter.fees), letter.net_minor
            yield "taxes", sum(each.tax_minor for each in letter.taxes), letter.tax_minor
            yield "net + tax", letter.net_minor + letter.tax_minor, letter.total_minor
        case CancellationConfirmation():
            earned = letter.earned_premium_minor + letter.earned_fees_minor + letter.earned_tax_minor
            yield "earned - paid", earned - letter.paid_minor, letter.balance_minor
        case RefundAdvice():
            yield "items", sum(each.amount_minor for each in letter.items), letter.refund_minor
        case PaymentReceipt():
            allocated = sum(each.amount_minor for each in letter.allocated)
            yield "allocated + on account", allocated + letter.on_account_minor, letter.amount_minor
        case _:
            return
