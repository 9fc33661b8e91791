"""The step that reverses a payment by hand: a return or a chargeback that no file told of.

Belongs here: what is refused, and the entry that it makes. Does not belong here: what is taken back of
allocations (``allocate_payments``, which runs after it).
"""

from dataclasses import dataclass
from datetime import date

from billing_assets.domain.decisions import signed
from billing_assets.domain.errors import BillingError
from billing_assets.domain.payments import NewReturn
from billing_assets.steps.payment_ports import PaymentStore
from billing_assets.steps.record_payments import record_entry
from billing_assets.steps.run_ports import Clock
from billing_assets.steps.suspense_ports import PaymentDecisions


@dataclass(frozen=True, slots=True, kw_only=True)
class Reversal:
    """What went back; ``amount_minor`` None is all that is left.

    ``reference`` tells one reversal of a payment from another: a second one of a payment needs its own.
    """

    reason_code: str
    by: str
    amount_minor: int | None = None
    reference: str = ""


def reverse_payment(
    payment_id: int,
    as_of_date: date,
    wanted: Reversal,
    *,
    decisions: PaymentDecisions,
    store: PaymentStore,
    clock: Clock,
) -> bool:
    """Record that a payment, or a part of it, went back; False where that is known, or nothing is left.

    Raises:
        BillingError: ``payment_unknown``, ``reversal_exceeds_payment``, ``payment_key_conflict``,
            ``note_missing``, ``name_missing``.
    """
    reason_code, by = signed(wanted.reason_code, wanted.by, "--reason")
    with decisions.deciding(as_of_date) as work:
        payment = work.payment(payment_id)
    if wanted.amount_minor is None and payment.left_minor == 0:
        return False
    entry = NewReturn(
        source_kind=payment.source_kind,
        external_key=wanted.reference.strip() or f"reversal of {payment.external_key}"[:300],
        original_key=payment.external_key,
        currency=payment.currency,
        amount_minor=payment.left_minor if wanted.amount_minor is None else wanted.amount_minor,
        value_date=as_of_date,
        booking_date=as_of_date,
        reason_code=reason_code,
    )
    if not 0 < entry.amount_minor <= payment.left_minor:
        raise BillingError(
            "reversal_exceeds_payment",
            f"payment {payment_id} has less left than would go back, or nothing would",
            "'billing payments show' says what is left of it",
        )
    return record_entry(entry, by, store=store, clock=clock)
