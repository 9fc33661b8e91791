"""Payments and suspense: what came in, what it pays, and who owns what nobody owns yet.

Belongs here: addresses and what their pages are given. Does not belong here: reasons and candidates
(``frames.suspense``), what a payment pays (``frames.allocation``).
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Form
from fastapi.requests import Request
from fastapi.responses import HTMLResponse, Response

from billing_assets.domain.access import Permission
from billing_assets.domain.errors import BillingError
from billing_assets.domain.list_pages import page_of
from billing_assets.domain.payments import PaymentState
from billing_assets.portal.access import needs
from billing_assets.portal.desk import Actor, Office
from billing_assets.portal.pages import REFUSED, page
from billing_assets.portal.places import PAGE_ROWS, OptionalId, address, see_other
from billing_assets.steps.reverse_payment import Reversal
from billing_assets.store.payment_listings import PaymentFilter
from billing_assets.wiring.payment_desk import PaymentDesk

router = APIRouter(dependencies=[needs(Permission.LOOK)])


def payment_desk(desk: Office) -> PaymentDesk:
    """Return the payments of the company."""
    return PaymentDesk(desk.billing)


Payments = Annotated[PaymentDesk, Depends(payment_desk)]


@router.get("/payments", response_class=HTMLResponse)
def list_payments(
    request: Request,
    payments: Payments,
    state: str = "",
    payer: str = "",
    before: OptionalId = None,
    done: str = "",
) -> HTMLResponse:
    """List the newest payments that fit."""
    asked = {"state": state if state in set(PaymentState) else "", "payer": " ".join(payer.split())}
    wanted = PaymentFilter(
        state=asked["state"], payer_key=asked["payer"], before_id=before, limit=PAGE_ROWS + 1
    )
    found, following = page_of(payments.payments(wanted), PAGE_ROWS, lambda row: row.payment_id)
    return page(
        request,
        "payments.html.j2",
        payments=found,
        asked=asked,
        states=list(PaymentState),
        following=following,
        is_first=before is None,
        done=done,
    )


@router.post("/payments/allocate", response_model=None, dependencies=[needs(Permission.ALLOCATE)])
def allocate(payments: Payments) -> Response:
    """Let what is free pay what is due."""
    payments.allocate()
    return see_other(address("/payments", {"done": "allocated"}))


@router.get("/payments/{payment_id}", response_class=HTMLResponse)
def show_payment(request: Request, payments: Payments, payment_id: int, done: str = "") -> HTMLResponse:
    """Show one payment: what the payer wrote, what it pays, what went back."""
    return page(
        request, "payment.html.j2", detail=payments.payment(payment_id), reason="", error=None, done=done
    )


@router.post(
    "/payments/{payment_id}/reverse",
    response_model=None,
    dependencies=[needs(Permission.REVERSE_PAYMENT)],
)
def reverse(
    request: Request,
    payments: Payments,
    actor: Actor,
    payment_id: int,
    reason: Annotated[str, Form()] = "",
) -> Response:
    """Say that a payment went back, all that is left of it."""
    try:
        payments.reverse(payment_id, Reversal(reason_code=reason, by=actor))
    except BillingError as error:
        if error.code == "payment_unknown":
            raise
        detail = payments.payment(payment_id)
        values = {"detail": detail, "reason": reason, "error": error, "done": ""}
        return page(request, "payment.html.j2", status=REFUSED, **values)
    return see_other(address(f"/payments/{payment_id}", {"done": "reversed"}))


@router.get("/suspense", response_class=HTMLResponse)
def list_suspense(request: Request, payments: Payments, done: str = "") -> HTMLResponse:
    """List what waits for an owner, oldest first, with the invoices that it may be for."""
    return _suspense(request, payments, done=done)


@router.post("/suspense/{payment_id}", response_model=None, dependencies=[needs(Permission.ALLOCATE)])
def resolve(
    request: Request,
    payments: Payments,
    actor: Actor,
    payment_id: int,
    document: Annotated[str, Form()] = "",
    payer: Annotated[str, Form()] = "",
    note: Annotated[str, Form()] = "",
) -> Response:
    """Give a payment its owner, by an invoice or a payer, and let it pay."""
    try:
        payments.resolve(
            payment_id, payer_key=payer.strip(), document_number=document.strip(), note=note, by=actor
        )
    except BillingError as error:
        if error.code == "payment_unknown":
            raise
        return _suspense(request, payments, error=error, status=REFUSED)
    return see_other(address("/suspense", {"done": "resolved"}))


def _suspense(
    request: Request,
    payments: PaymentDesk,
    *,
    done: str = "",
    error: BillingError | None = None,
    status: int = 200,
) -> HTMLResponse:
    return page(
        request,
        "suspense.html.j2",
        status=status,
        rows=payments.suspense(limit=PAGE_ROWS),
        waiting=payments.waiting_returns(PAGE_ROWS),
        done=done,
        error=error,
    )
