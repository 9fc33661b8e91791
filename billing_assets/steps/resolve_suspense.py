"""The step by which a person says whose payment it is: a payer's, or that of a document.

Belongs here: what is refused. Does not belong here: candidates (``frames.suspense``), what it then pays
(``allocate_payments``).
"""

from datetime import date

import polars as pl

from billing_assets.domain.decisions import signed
from billing_assets.domain.errors import BillingError
from billing_assets.steps.suspense_ports import PaymentDecisions


def resolve_suspense(
    payment_id: int,
    as_of_date: date,
    *,
    payer_key: str = "",
    document_number: str = "",
    note: str,
    by: str,
    store: PaymentDecisions,
) -> None:
    """Give a payment in suspense to a payer, or to the payer of a document, which it then pays first.

    Raises:
        BillingError: ``payment_unknown``, ``payment_not_in_suspense``, ``payment_target_missing`` unless one
            of payer and document is named, ``payment_payer_unknown``, ``invoice_unknown``,
            ``payment_currency_differs``, ``note_missing``, ``name_missing``.
    """
    note, by = signed(note, by)
    if bool(payer_key) == bool(document_number):
        raise BillingError(
            "payment_target_missing",
            "a payment goes to a payer or to a document, one of the two",
            "name one: --payer KEY or --document NUMBER",
        )
    with store.deciding(as_of_date) as work:
        payment = work.payment(payment_id)
        if payment.has_owner or payment.free_minor <= 0:
            raise BillingError(
                "payment_not_in_suspense",
                f"payment {payment_id} has an owner, or came back",
                "'billing suspense list' shows what waits for an owner",
            )
        document = work.document(document_number) if document_number else None
        if document is not None and document.currency != payment.currency:
            raise BillingError(
                "payment_currency_differs",
                f"the payment is in {payment.currency}, the document in {document.currency}",
                "give it to the payer: it stays on account until there is a document in its currency",
            )
        owner = pl.DataFrame(
            [
                {
                    "payment_id": payment_id,
                    "payer_id": document.payer_id if document else work.payer_id(payer_key),
                    "currency": payment.currency,
                    "amount_minor": payment.free_minor,
                }
            ]
        )
        work.resolve(owner, document.invoice_id if document else None, note, by)
