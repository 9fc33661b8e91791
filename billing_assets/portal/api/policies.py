"""Policies as the book has them, with what was invoiced.

Belongs here: reading one policy. Does not belong here: telling of policies (``policy_events``).
"""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import ConfigDict

from billing_assets.domain.api_keys import Scope
from billing_assets.portal.api.callers import CallersDesk
from billing_assets.portal.api.entity_tags import tagged
from billing_assets.portal.api.guarded_route import GuardedRoute
from billing_assets.portal.api.rules import needs
from billing_assets.portal.api.shapes import Told, example, formed

router = APIRouter(route_class=GuardedRoute, tags=["policies"])


class PolicyTerm(Told):
    """A term, half-open; ``hold_code`` is empty where nothing holds it."""

    effective_date: date
    expiration_date: date
    cover_to_date: date | None
    payer_key: str
    product_code: str
    line_of_business: str
    place_code: str
    plan_code: str
    currency: str
    premium_minor: int
    hold_code: str


class PolicySum(Told):
    """What was invoiced in a currency, with tax, less what was given back; payments are not in it."""

    currency: str
    invoiced_minor: int
    credited_minor: int
    balance_minor: int


class Policy(Told):
    """A policy; ``has_months_away``: invoices of detached months are not in the sums."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra=example(
            {
                "policy_number": "MOT-1001",
                "terms": [
                    {
                        "effective_date": "2025-03-01",
                        "expiration_date": "2026-03-01",
                        "cover_to_date": None,
                        "payer_key": "MOT-1001",
                        "product_code": "motor",
                        "line_of_business": "motor",
                        "place_code": "ES",
                        "plan_code": "monthly",
                        "currency": "EUR",
                        "premium_minor": 61200,
                        "hold_code": "",
                    }
                ],
                "sums": [
                    {
                        "currency": "EUR",
                        "invoiced_minor": 5516,
                        "credited_minor": 0,
                        "balance_minor": 5516,
                    }
                ],
                "has_months_away": False,
            }
        ),
    )

    policy_number: str
    terms: list[PolicyTerm]
    sums: list[PolicySum]
    has_months_away: bool


@router.get(
    "/policies/{policy_number}",
    operation_id="getPolicy",
    summary="A policy, its terms and what was invoiced of it",
    response_model=Policy,
)
@needs(Scope.POLICIES_READ)
def get_policy(
    request: Request,
    desk: CallersDesk,
    policy_number: Annotated[str, Path(max_length=100, examples=["MOT-1001"])],
) -> Response:
    """Return a policy as the book has it now, without names and addresses."""
    return tagged(request, formed(Policy, desk.policy(policy_number)))
