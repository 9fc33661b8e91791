"""Replacing an issued invoice, put together.

Belongs here: the order of a replacement, the call of its step over the store of ``build``, and what came of
it as plain data, for whoever shows it.
Does not belong here: the order of work (``steps.replace_invoice``), how it is shown (``cli``, ``portal``).
"""

from datetime import date
from typing import Any

from billing_assets.domain.errors import BillingError
from billing_assets.domain.replacements import ReplacementOrder
from billing_assets.frames.invoices import Drafts
from billing_assets.steps.replace_invoice import ReplacementOutcome, replace_invoice
from billing_assets.steps.run_ports import Progress, silent
from billing_assets.store.inbox import has_run_under_way
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


def require_no_run(billing: Billing) -> None:
    """Raise ``run_in_progress`` where a run is under way, for whoever cannot wait for its end."""
    issuer = billing.runs.issuer(billing.company_code())
    with billing.database.transaction() as connection:
        if has_run_under_way(connection, issuer.company_id):
            raise BillingError(
                "run_in_progress",
                "a run or an import of the company is under way",
                "try again once it has ended",
            )


def regenerate(
    billing: Billing, order: ReplacementOrder, *, is_dry_run: bool = False, progress: Progress = silent
) -> ReplacementOutcome:
    """Give the invoice of an order back and issue another in its place; see :func:`replace_invoice`."""
    return replace_invoice(
        order,
        store=SqlReplacementStore(billing.database, utc_now),
        templates=billing.templates_on(order.issuing_date),
        progress=progress,
        is_dry_run=is_dry_run,
    )


_SUMS = ("net_minor", "tax_minor", "total_minor")
_LINE = (
    *("line_number", "policy_number", "charge_kind", "installment_number", "charge_number"),
    *("period_from_date", "period_to_date", "net_minor", "tax_minor"),
)
_TAX = ("tax_code", "rate_ppm", "base_minor", "tax_minor")


def outcome_record(outcome: ReplacementOutcome, *, is_dry_run: bool) -> dict[str, Any]:
    """Return the outcome as plain data: amounts in minor units beside their currency.

    ``credit_note`` is what is given back now, ``replaced`` what was charged. ``difference`` is what the payer
    owes more, new invoice less credit note; None between two currencies.
    """
    note, new = (_head(drafts) for drafts in (outcome.note, outcome.drafts))
    policies = outcome.drafts.lines.select("policy_term_id", "policy_number").unique()
    old_lines = outcome.old_lines.join(policies, on="policy_term_id", how="left", maintain_order="left")
    is_one_currency = note["currency"] == new["currency"]
    return {
        "is_dry_run": is_dry_run,
        **outcome.result.facts,
        "changes": [change.value for change in outcome.changes],
        "replaced": {"currency": outcome.old_currency, "lines": old_lines.select(_LINE).to_dicts()},
        "credit_note": {"number": outcome.note_number or None, **note},
        "invoice": {
            "number": outcome.invoice_number or None,
            **new,
            "lines": outcome.drafts.lines.select(_LINE).to_dicts(),
            "taxes": outcome.drafts.taxes.select(_TAX).to_dicts(),
        },
        "difference": {name: new[name] - note[name] for name in (*_SUMS, "payable_minor")}
        if is_one_currency
        else None,
    }


def _head(drafts: Drafts) -> dict[str, Any]:
    """Return currency and sums of the one document of these drafts."""
    head = drafts.invoices.row(0, named=True)
    payable = head["total_minor"] + head["cash_rounding_minor"]
    return {"currency": head["currency"], **{name: head[name] for name in _SUMS}, "payable_minor": payable}
