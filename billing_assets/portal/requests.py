"""Requests for documents: the worklist, asking for a payer, one request with what answered it.

Belongs here: addresses, the form, and what their pages are given. Does not belong here: what answers a
request (``steps.answer_requests``), the payers' own pages.
"""

from datetime import date
from functools import cache
from typing import Annotated

from fastapi import APIRouter, Depends, Form
from fastapi.requests import Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel

from billing_assets.documents.templates import default_templates_dir, load_template
from billing_assets.documents.views import languages_of
from billing_assets.domain.access import Permission
from billing_assets.domain.document_requests import (
    DocumentWish,
    NewRequest,
    RequestChannel,
    RequestSource,
    RequestState,
    WantedDocument,
)
from billing_assets.domain.errors import BillingError
from billing_assets.domain.list_pages import page_of
from billing_assets.domain.numbering import document_file_name
from billing_assets.domain.text_fields import is_whole
from billing_assets.portal.access import needs
from billing_assets.portal.desk import Actor, Office
from billing_assets.portal.pages import REFUSED, page
from billing_assets.portal.places import PAGE_ROWS, OptionalId, address, see_other
from billing_assets.store.request_listings import RequestFilter
from billing_assets.wiring.document_request_desk import DocumentRequestDesk, new_key

router = APIRouter(prefix="/requests", dependencies=[needs(Permission.LOOK)])
_MAY_ANSWER = [needs(Permission.ANSWER_REQUESTS)]


@cache
def letter_languages() -> list[str]:
    """Return the languages that letters are written in; read once."""
    return languages_of(load_template(default_templates_dir(), DocumentWish.STATEMENT))


class WantedForm(BaseModel):
    """What is wanted, as it was typed."""

    kind: str = ""
    documents: str = ""
    payment: str = ""
    currency: str = ""
    from_date: str = ""
    until_date: str = ""

    def wanted(self) -> WantedDocument:
        """Return what is wanted; raises ``document_request_invalid``.

        >>> WantedForm(kind="invoice_copy", documents="INV-00000001, INV-00000002").wanted().document_numbers
        ('INV-00000001', 'INV-00000002')
        """
        number = self.payment.strip().upper().removeprefix("P-")
        if self.kind not in set(DocumentWish) or (number and not is_whole(number)):
            raise _unclear("what is wanted is not clear")
        return WantedDocument(
            document_kind=DocumentWish(self.kind),
            document_numbers=tuple(self.documents.replace(",", " ").split()),
            payment_id=int(number) if number else None,
            currency=self.currency.strip().upper(),
            from_date=_day(self.from_date),
            until_date=_day(self.until_date),
        )


class RequestForm(WantedForm):
    """A request, as it was typed. ``key`` is that of the form: sent twice it is one request."""

    key: str = ""
    payer: str = ""
    policy: str = ""
    language: str = ""
    channel: str = RequestChannel.DOWNLOAD.value


def request_desk(desk: Office) -> DocumentRequestDesk:
    """Return the requests of the company."""
    return DocumentRequestDesk(desk.billing)


Requests = Annotated[DocumentRequestDesk, Depends(request_desk)]


@router.get("", response_class=HTMLResponse)
def list_requests(
    request: Request,
    requests: Requests,
    state: str = "",
    payer: str = "",
    before: OptionalId = None,
    done: str = "",
) -> HTMLResponse:
    """List what a person has to do, and all requests, the newest first; ask for one."""
    form = RequestForm(key=new_key("office"), payer=payer.strip())
    return _list(request, requests, form, state=state, payer=payer, before=before, done=done)


@router.post("", response_model=None, dependencies=_MAY_ANSWER)
def ask(request: Request, requests: Requests, actor: Actor, form: Annotated[RequestForm, Form()]) -> Response:
    """Take a request in and answer it."""
    try:
        number, _is_new = requests.ask(_request(form, actor))
    except BillingError as error:
        return _list(request, requests, form, error=error, status=REFUSED)
    requests.answer(number)
    return see_other(f"/requests/{number}")


@router.post("/answer", response_model=None, dependencies=_MAY_ANSWER)
def answer_all(requests: Requests) -> Response:
    """Answer all that is asked."""
    requests.answer()
    return see_other(address("/requests", {"done": "answered"}))


@router.get("/{request_id}", response_class=HTMLResponse)
def show_request(request: Request, requests: Requests, request_id: int, done: str = "") -> HTMLResponse:
    """Show one request: who asks, what for, what answered it, and what a person may do."""
    wanted = requests.request(request_id).request.wanted
    return _detail(request, requests, request_id, _typed(wanted), done=done)


@router.get("/{request_id}/documents/{place}")
def show_document(requests: Requests, request_id: int, place: int) -> Response:
    """Show a document that answered a request."""
    kept = requests.document(request_id, place)
    name = document_file_name(kept.document_number, "pdf")
    headers = {"Content-Disposition": f'inline; filename="{name}"'}
    return Response(kept.pdf, media_type="application/pdf", headers=headers)


@router.post("/{request_id}/answer", response_model=None, dependencies=_MAY_ANSWER)
def complete(
    request: Request,
    requests: Requests,
    actor: Actor,
    request_id: int,
    form: Annotated[WantedForm, Form()],
    note: Annotated[str, Form()] = "",
) -> Response:
    """Say what a request that waits is for, and answer it."""
    try:
        requests.complete(request_id, form.wanted(), note=note, by=actor)
        requests.answer(request_id)
    except BillingError as error:
        if error.code == "request_unknown":
            raise
        return _detail(request, requests, request_id, form, note=note, error=error, status=REFUSED)
    return see_other(f"/requests/{request_id}")


@router.post("/{request_id}/refuse", response_model=None, dependencies=_MAY_ANSWER)
def refuse(
    request: Request,
    requests: Requests,
    actor: Actor,
    request_id: int,
    note: Annotated[str, Form()] = "",
) -> Response:
    """Refuse a request for good."""
    try:
        requests.refuse(request_id, note=note, by=actor)
    except BillingError as error:
        if error.code == "request_unknown":
            raise
        return _detail(request, requests, request_id, WantedForm(), note=note, error=error, status=REFUSED)
    return see_other(address(f"/requests/{request_id}", {"done": "refused"}))


@router.post("/{request_id}/handed-over", response_model=None, dependencies=_MAY_ANSWER)
def hand_over(requests: Requests, actor: Actor, request_id: int) -> Response:
    """Keep that the payer has the documents."""
    requests.hand_over(request_id, by=actor)
    return see_other(address(f"/requests/{request_id}", {"done": "handed_over"}))


def _request(form: RequestForm, actor: str) -> NewRequest:
    is_channel = form.channel in set(RequestChannel)
    return NewRequest(
        request_key=form.key.strip(),
        source_kind=RequestSource.OFFICE,
        wanted=form.wanted(),
        asked_by=actor,
        payer_key=form.payer.strip(),
        policy_number=form.policy.strip(),
        language=form.language.strip(),
        channel=RequestChannel(form.channel) if is_channel else RequestChannel.DOWNLOAD,
    )


def _typed(wanted: WantedDocument) -> WantedForm:
    """Return what is wanted as a form has it, for a person to correct."""
    return WantedForm(
        kind=wanted.document_kind.value if wanted.document_kind else "",
        documents=", ".join(wanted.document_numbers),
        payment=str(wanted.payment_id or ""),
        currency=wanted.currency,
        from_date=str(wanted.from_date or ""),
        until_date=str(wanted.until_date or ""),
    )


def _list(  # noqa: PLR0913 - each by its name
    request: Request,
    requests: DocumentRequestDesk,
    form: RequestForm,
    *,
    state: str = "",
    payer: str = "",
    before: int | None = None,
    done: str = "",
    error: BillingError | None = None,
    status: int = 200,
) -> HTMLResponse:
    asked = {"state": state if state in set(RequestState) else "", "payer": payer.strip()}
    wanted = RequestFilter(
        state=asked["state"], payer_key=asked["payer"], before_id=before, limit=PAGE_ROWS + 1
    )
    found, following = page_of(requests.requests(wanted), PAGE_ROWS, lambda row: row.document_request_id)
    return page(
        request,
        "requests.html.j2",
        status=status,
        to_do=requests.requests(RequestFilter(to_do=True, limit=PAGE_ROWS)),
        counts=requests.counts(),
        rows=found,
        asked=asked,
        states=list(RequestState),
        following=following,
        is_first=before is None,
        zone=requests.company.time_zone,
        form=form,
        kinds=list(DocumentWish),
        channels=list(RequestChannel),
        letter_languages=letter_languages(),
        done=done,
        error=error,
    )


def _detail(
    request: Request,
    requests: DocumentRequestDesk,
    request_id: int,
    form: WantedForm,
    *,
    note: str = "",
    done: str = "",
    error: BillingError | None = None,
    status: int = 200,
) -> HTMLResponse:
    return page(
        request,
        "request.html.j2",
        status=status,
        detail=requests.request(request_id),
        zone=requests.company.time_zone,
        form=form,
        kinds=list(DocumentWish),
        note=note,
        done=done,
        error=error,
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip()) if text.strip() else None
    except ValueError:
        raise _unclear("a day is not written as 2025-03-31") from None


def _unclear(found: str) -> BillingError:
    return BillingError("document_request_invalid", found, "correct it and ask again")
