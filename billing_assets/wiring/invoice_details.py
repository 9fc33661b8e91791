"""One invoice with everything that people ask beside it.

Belongs here: putting the parts together that the store lists.
Does not belong here: the lists (``store``), how it is shown (``cli``, ``portal``).
"""

from dataclasses import dataclass

from sqlalchemy import Connection

from billing_assets.domain.credits import LineLeft
from billing_assets.domain.invoices import Invoice
from billing_assets.store.credit_listings import CreditNoteRow, credit_notes_of, lines_left, replacement_of
from billing_assets.store.delivery_listings import DeliveryRow, deliveries_of
from billing_assets.store.invoice_reader import find_invoice
from billing_assets.store.payment_listings import Settlement, settlement_of


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceDetail:
    """One invoice as issued, what became of its deliveries, and what was given back; it holds personal data.

    ``left`` is what is left of each of its lines; empty for a credit note. ``replaced_by`` is the number of
    the invoice that stands in its place, or empty. ``settlement`` is what is paid of an invoice; a credit
    note has none.
    """

    invoice: Invoice
    deliveries: tuple[DeliveryRow, ...]
    credit_notes: tuple[CreditNoteRow, ...] = ()
    left: tuple[LineLeft, ...] = ()
    replaced_by: str = ""
    settlement: Settlement | None = None


def read_invoice_detail(connection: Connection, company_id: int, number: str) -> InvoiceDetail:
    """Return one invoice by its printed number, or raise ``invoice_unknown``."""
    found = find_invoice(connection, company_id, number)
    key = connection, company_id, found.invoice_id
    return InvoiceDetail(
        invoice=found,
        deliveries=tuple(deliveries_of(*key)),
        credit_notes=tuple(credit_notes_of(*key)),
        left=tuple(lines_left(*key)),
        replaced_by=replacement_of(*key),
        settlement=settlement_of(*key),
    )
