"""The step by which a person writes off what is open of a document.

Belongs here: what is refused. Does not belong here: write-offs by tolerance (``allocate_payments``), the
guard that refuses one without its approver (``migrations``).
"""

from dataclasses import dataclass
from datetime import date

import polars as pl

from billing_assets.domain.allocation import AllocationReason
from billing_assets.domain.decisions import signed
from billing_assets.domain.errors import BillingError
from billing_assets.steps.suspense_ports import FoundDocument, PaymentDecisions


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOff:
    """What a person decides; ``approved_by`` may be empty up to the limit of the rule."""

    document_number: str
    note: str
    by: str
    approved_by: str = ""


def write_off(wanted: WriteOff, as_of_date: date, *, store: PaymentDecisions) -> int:
    """Write off all that is open of a document and return how much that was.

    Raises:
        BillingError: ``invoice_unknown``, ``nothing_open``, ``approver_missing``, ``note_missing``,
            ``name_missing``.
    """
    note, by = signed(wanted.note, wanted.by)
    with store.deciding(as_of_date) as work:
        document = work.document(wanted.document_number)
        if document.open_minor <= 0:
            raise BillingError(
                "nothing_open",
                f"nothing is open of {wanted.document_number}",
                "'billing invoices show' says what was paid",
            )
        approved_by = wanted.approved_by.strip()
        if _needs_approver(document) and approved_by in {"", by}:
            raise BillingError(
                "approver_missing",
                "the amount is above what is written off without an approver",
                "name somebody else who approves it: --approved-by NAME",
            )
        rows = pl.DataFrame(
            [
                {
                    "invoice_id": document.invoice_id,
                    "payer_id": document.payer_id,
                    "currency": document.currency,
                    "amount_minor": document.open_minor,
                    "allocation_rule_id": document.allocation_rule_id,
                    "reason_code": AllocationReason.APPROVED.value,
                }
            ],
            schema_overrides={"allocation_rule_id": pl.Int64},
        )
        work.write_off(rows, note, by, approved_by)
    return document.open_minor


def _needs_approver(document: FoundDocument) -> bool:
    limit = document.approval_above_minor
    return limit is None or document.open_minor > limit
