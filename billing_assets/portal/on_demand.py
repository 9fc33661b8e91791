"""Invoices on demand: policies that somebody names are looked at, and billed.

Belongs here: reading the form, what its page is given. Does not belong here: what is due and its price
(``steps.invoice_on_demand``).

A form always says up to which day, so that sending it twice bills nothing twice: the second time finds
nothing due.
"""

import re
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Form
from fastapi.requests import Request
from fastapi.responses import HTMLResponse

from billing_assets.domain.access import Permission
from billing_assets.domain.errors import BillingError
from billing_assets.domain.on_demand import Answer, CurrencySum, Preview, RequestState
from billing_assets.domain.on_demand import Request as Asked
from billing_assets.portal.access import needs
from billing_assets.portal.desk import Office, Pages
from billing_assets.portal.pages import REFUSED, page
from billing_assets.wiring.on_demand import OnDemandDesk

router = APIRouter(prefix="/invoices/on-demand", dependencies=[needs(Permission.REQUEST_INVOICES)])

MOST_POLICIES = 1_000
"""So many policies are asked for at a time; more than that are a file for the inbox."""

_LONGEST_NUMBER = 100
_SEPARATORS = re.compile(r"[\r\n,;]+")


def policy_numbers(text: str) -> list[str]:
    r"""Return the policies of a list that was pasted, each once: one a line, or with commas between.

    Raises ``policies_missing``, ``policies_too_many``, ``policy_malformed``.

    >>> policy_numbers("P-1, P-2\nP-1\n\n P  3 ;")
    ['P-1', 'P-2', 'P 3']
    """
    found = list(dict.fromkeys(filter(None, (" ".join(part.split()) for part in _SEPARATORS.split(text)))))
    if not found:
        raise BillingError(
            "policies_missing", "no policy is named", "write the number of a policy, or several"
        )
    if len(found) > MOST_POLICIES:
        raise BillingError(
            "policies_too_many",
            f"{len(found)} policies are named, and {MOST_POLICIES} are asked for at a time",
            "ask for them in parts, or put a file into the inbox ('billing inbox add FILE')",
        )
    strange = [each for each in found if len(each) > _LONGEST_NUMBER or not each.isprintable()]
    if strange:
        raise BillingError("policy_malformed", "a line is no number of a policy", "write one policy a line")
    return found


def day_of(text: str) -> date:
    """Return the day of a field; raises ``day_unclear``.

    >>> day_of("2025-03-31")
    datetime.date(2025, 3, 31)
    """
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise BillingError("day_unclear", "the day is not clear", "write it as 2025-03-31") from error


@router.get("", response_class=HTMLResponse)
def show_form(request: Request, desk: Pages, policy: str = "") -> HTMLResponse:
    """Show the form; a page that leads here may name the policy."""
    return page(request, "on_demand.html.j2", **_form(policy, desk.today.isoformat()))


@router.post("", response_class=HTMLResponse)
def act(
    request: Request,
    office: Office,
    policies: Annotated[str, Form()] = "",
    until: Annotated[str, Form()] = "",
    act: Annotated[str, Form()] = "preview",
) -> HTMLResponse:
    """Show what the policies would be billed, or bill them."""
    form = _form(policies, until)
    try:
        day = day_of(until)
        asked = [Asked(policy_number=number, until=day) for number in policy_numbers(policies)]
        desk = OnDemandDesk(office.billing)
        if act != "issue":
            found = desk.preview(asked)
            return page(request, "on_demand.html.j2", **{**form, "previews": found, "sums": _sums(found)})
        answers = desk.invoice_all(asked)
    except BillingError as error:
        return page(request, "on_demand.html.j2", status=REFUSED, **{**form, "error": error})
    numbers = {answer.request.policy_number: desk.numbers_of(answer) for answer in answers}
    run_id = next((answer.run_id for answer in answers if numbers[answer.request.policy_number]), None)
    issued = {"answers": answers, "numbers": numbers, "run_id": run_id, "billed": _billed(answers, numbers)}
    return page(request, "on_demand.html.j2", **{**form, **issued})


def _form(policies: str, until: str) -> dict[str, Any]:
    """Return the values of the page before anything was asked."""
    nothing: dict[str, Any] = dict.fromkeys(("previews", "answers", "numbers", "run_id", "error"))
    return {"policies": policies, "until": until, "sums": (), "billed": 0, "states": RequestState, **nothing}


def _billed(answers: tuple[Answer, ...], numbers: dict[str, tuple[str, ...]]) -> int:
    return sum(bool(numbers[answer.request.policy_number]) for answer in answers)


def _sums(previews: tuple[Preview, ...]) -> tuple[CurrencySum, ...]:
    """Return what all policies come to, by currency; a document of several policies counts for each."""
    found: dict[str, CurrencySum] = {}
    for each in (part for preview in previews for part in preview.sums):
        before = found.get(
            each.currency, CurrencySum(currency=each.currency, document_count=0, net_minor=0, tax_minor=0)
        )
        found[each.currency] = CurrencySum(
            currency=each.currency,
            document_count=before.document_count + each.document_count,
            net_minor=before.net_minor + each.net_minor,
            tax_minor=before.tax_minor + each.tax_minor,
        )
    return tuple(found[currency] for currency in sorted(found))
