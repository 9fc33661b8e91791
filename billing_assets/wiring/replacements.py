"""Replacing an issued invoice, put together.

Belongs here: the order of a replacement and the call of its step, over the store of ``build``.
Does not belong here: the order of work (``steps.replace_invoice``), how anything is shown (``cli``, ``portal``).
"""

from datetime import date

from billing_assets.domain.replacements import ReplacementOrder
from billing_assets.steps.invoice_on_demand import Templates
from billing_assets.steps.replace_invoice import ReplacementOutcome, replace_invoice
from billing_assets.steps.run_ports import Progress, silent
from billing_assets.store.replacements import SqlReplacementStore
from billing_assets.wiring.build import Billing, today_of, utc_now


def replacement_order(
    billing: Billing,
    invoice_number: str,
    *,
    reason: str,
    approved_by: str,
    billing_date: date | None = None,
    is_forced: bool = False,
) -> ReplacementOrder:
    """Return the order of a replacement, by default as of today where the company lives.

    Raises ``date_too_far`` as :meth:`Billing.order` does.
    """
    issuer = billing.runs.issuer(billing.company_code())
    order = billing.order(billing_date or today_of(issuer.company))
    return ReplacementOrder(
        company_code=order.company_code,
        billing_date=order.billing_date,
        issuing_date=order.issuing_date,
        invoice_number=invoice_number,
        reason=reason,
        approved_by=approved_by,
        is_forced=is_forced,
    )


def regenerate(
    billing: Billing, order: ReplacementOrder, *, is_dry_run: bool = False, progress: Progress = silent
) -> ReplacementOutcome:
    """Give the invoice of an order back and issue another in its place; see :func:`replace_invoice`."""
    return replace_invoice(
        order,
        store=SqlReplacementStore(billing.database, utc_now),
        templates=Templates(
            invoice=billing.frozen_template, credit=lambda: billing.frozen_credit_template
        ),
        progress=progress,
        is_dry_run=is_dry_run,
    )
