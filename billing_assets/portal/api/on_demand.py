"""Invoices on demand: what policies would come to, and billing them now.

Belongs here: the one call. Does not belong here: what is due and its price (``steps.invoice_on_demand``).

A call always says up to which day, so that doing it twice bills nothing twice.
"""

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import ConfigDict, Field

from billing_assets.domain.api_keys import Scope
from billing_assets.domain.on_demand import Answer, Preview, reason_words
from billing_assets.domain.on_demand import Request as Wanted
from billing_assets.portal.api.callers import CallersDesk
from billing_assets.portal.api.guarded_route import GuardedRoute
from billing_assets.portal.api.rules import Keeps, needs
from billing_assets.portal.api.shapes import Asked, PolicyNumber, Told, example, formed
from billing_assets.wiring.on_demand import OnDemandDesk

router = APIRouter(route_class=GuardedRoute, tags=["invoices"])


class OnDemandOrder(Asked):
    """Which policies are billed up to which day; ``preview`` writes nothing."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra=example({"mode": "issue", "policy_numbers": ["MOT-1001"], "until": "2025-03-31"}),
    )

    mode: Literal["preview", "issue"]
    policy_numbers: Annotated[list[PolicyNumber], Field(min_length=1, max_length=1_000)]
    until: Annotated[date, Field(description="Everything due up to this day.", examples=["2025-03-31"])]


class OnDemandSum(Told):
    """Documents in a currency and what they come to; below zero where more is given back."""

    currency: str
    document_count: int
    net_minor: int
    tax_minor: int
    total_minor: int


class OnDemandAnswer(Told):
    """What became, or would become, of a policy.

    ``waiting``: a run has to end first, and the inbox has it under ``request_id``.
    """

    policy_number: str
    state: str
    reason_code: str
    reason: str
    run_id: int | None
    request_id: int | None
    invoice_numbers: list[str]
    sums: list[OnDemandSum]


class OnDemandResult(Told):
    """The answers, in the order of the policies; each policy once."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "mode": "issue",
                "items": [
                    {
                        "policy_number": "MOT-1001",
                        "state": "done",
                        "reason_code": "",
                        "reason": "",
                        "run_id": 7,
                        "request_id": None,
                        "invoice_numbers": ["OND-00000001"],
                        "sums": [],
                    }
                ],
            }
        )
    )

    mode: str
    items: list[OnDemandAnswer]


@router.post("/invoices:on-demand", operation_id="invoiceOnDemand", summary="Preview or issue invoices now")
@needs(Scope.INVOICES_WRITE, Keeps.APART)
def invoice_on_demand(desk: CallersDesk, order: OnDemandOrder) -> OnDemandResult:
    """Bill policies now, all in one run, or say what they would come to.

    Who repeats a call that was cut off is told ``nothing_due`` of what was issued: see the list of invoices.
    """
    numbers = dict.fromkeys(order.policy_numbers)
    wanted = [Wanted(policy_number=number, until=order.until) for number in numbers]
    on_demand = OnDemandDesk(desk.billing)
    if order.mode == "preview":
        items = [_previewed(each) for each in on_demand.preview(wanted)]
    else:
        items = [_answered(each, on_demand.numbers_of(each)) for each in on_demand.invoice_all(wanted)]
    return OnDemandResult(mode=order.mode, items=items)


def _previewed(preview: Preview) -> OnDemandAnswer:
    found = _answered(preview.answer, ())
    return found.model_copy(update={"sums": [formed(OnDemandSum, each) for each in preview.sums]})


def _answered(answer: Answer, numbers: tuple[str, ...]) -> OnDemandAnswer:
    code = answer.reason_code
    return OnDemandAnswer(
        policy_number=answer.request.policy_number,
        state=answer.state.value,
        reason_code=code,
        reason=reason_words(code, answer.run_id) if code else "",
        run_id=answer.run_id,
        request_id=answer.request.request_id or None,
        invoice_numbers=list(numbers),
        sums=[],
    )
