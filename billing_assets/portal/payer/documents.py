"""The payer's inbox, what they ask for, and the documents that answer them.

Belongs here: addresses, the forms, what their page is given. Does not belong here: what a payer may ask for
and what becomes of it (``wiring.payer_requests``).
"""

from typing import Annotated, TypeAlias
from uuid import uuid4

from fastapi import APIRouter, Depends, Form, Path
from fastapi.requests import Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, Field

from billing_assets.domain.document_requests import MOST_DOCUMENTS, DocumentWish, WantedDocument, period_of
from billing_assets.domain.errors import BillingError
from billing_assets.domain.list_pages import page_of
from billing_assets.domain.portal_requests import TypedWish
from billing_assets.portal.pages import REFUSED
from billing_assets.portal.payer.access import FOR_PAYERS, Own
from billing_assets.portal.payer.account import pdf_of
from billing_assets.portal.payer.pages import language_of, page
from billing_assets.portal.places import OptionalId, address, see_other
from billing_assets.wiring.payer_requests import Offer, PayerRequests
from billing_assets.wiring.portal_links import PORTAL_PATH

router = APIRouter(dependencies=FOR_PAYERS)
REQUESTS_SHOWN = 10
OF_FORMS = frozenset({"portal_period_invalid", "portal_choice_invalid", "portal_requests_full"})
"""Refusals that a form is shown again with."""

_Number = Annotated[int, Path(ge=1, lt=2**63)]
_Short = Annotated[str, Field(max_length=40)]


class AskForm(BaseModel):
    """What a payer asks for, as it was typed. ``key`` is that of the form: sent twice it is one request."""

    key: Annotated[str, Field(min_length=8, max_length=100)]
    kind: _Short = ""
    from_date: _Short = ""
    until_date: _Short = ""
    currency: _Short = ""
    payment: _Short = ""
    document: Annotated[list[_Short], Field(max_length=200)] = []

    def typed(self) -> TypedWish:
        """Return the wish of the form.

        >>> AskForm(key=form_key(), kind="document_cover", document=["INV-00000001"]).typed().documents
        ('INV-00000001',)
        """
        return TypedWish(
            kind=self.kind,
            from_date=self.from_date,
            until_date=self.until_date,
            currency=self.currency,
            payment=self.payment,
            documents=tuple(self.document),
        )


def payer_requests(own: Own) -> PayerRequests:
    """Return the requests of whoever is signed in."""
    return PayerRequests(own)


Requests: TypeAlias = Annotated[PayerRequests, Depends(payer_requests)]
"""The payer's requests, as an argument of a route."""


def form_key() -> str:
    """Return a key for a page's forms."""
    return uuid4().hex


@router.get("/documents", response_class=HTMLResponse)
def list_documents(
    request: Request,
    requests: Requests,
    asked: OptionalId = None,
    before: OptionalId = None,
    older: OptionalId = None,
) -> HTMLResponse:
    """List what was delivered and asked for, the newest first; what may be asked for stands below.

    ``asked`` is the request that was just made, ``older`` a place in the documents to choose from.
    """
    return _page(request, requests, None, asked=asked, before=before, older=older)


@router.post("/documents", response_model=None)
def ask(request: Request, requests: Requests, form: Annotated[AskForm, Form()]) -> Response:
    """Take a request in and answer it."""
    try:
        number = requests.ask(form.typed(), form_key=form.key, language=language_of(request))
    except BillingError as error:
        if error.code not in OF_FORMS:
            raise
        return _page(request, requests, form, error=error, status=REFUSED)
    return see_other(address(f"{PORTAL_PATH}/documents", {"asked": number}))


@router.get("/requests/{request_id}/documents/{place}")
def show_answer(requests: Requests, request_id: _Number, place: _Number) -> Response:
    """Give the PDF of a document that answered a request."""
    return pdf_of(*requests.document(request_id, place))


def _page(
    request: Request,
    requests: PayerRequests,
    form: AskForm | None,
    *,
    asked: int | None = None,
    before: int | None = None,
    older: int | None = None,
    error: BillingError | None = None,
    status: int = 200,
) -> HTMLResponse:
    rows = requests.requests(REQUESTS_SHOWN + 1, before)
    found, following = page_of(rows, REQUESTS_SHOWN, lambda row: row.document_request_id)
    offer = requests.offer(older)
    return page(
        request,
        "documents.html.j2",
        status=status,
        inbox=requests.own.inbox(),
        requests=found,
        following=following,
        is_first=before is None,
        asked=next((row for row in found if row.document_request_id == asked), None),
        offer=offer,
        older=older,
        form=form or _new_form(offer, older),
        most_documents=MOST_DOCUMENTS,
        error=error,
    )


def _new_form(offer: Offer, older: int | None) -> AskForm:
    """Return the form as it is first shown: a statement of the last 365 days, or older documents."""
    from_date, _ = period_of(WantedDocument(document_kind=None), offer.today)
    kind = DocumentWish.STATEMENT if older is None else DocumentWish.DOCUMENT_COVER
    return AskForm(
        key=form_key(), kind=kind, from_date=from_date.isoformat(), until_date=offer.today.isoformat()
    )
