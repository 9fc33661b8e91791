"""What a signed link opens: one document and its PDF, without signing in.

Belongs here: their addresses. Does not belong here: signatures (``domain.document_links``).

A link that is wrong, over, or to what is not there leads to the same page as any address that is nothing.
"""

from typing import Annotated, TypeAlias

from fastapi import APIRouter, Depends, Path
from fastapi.requests import Request
from fastapi.responses import HTMLResponse, Response

from billing_assets.domain.document_links import LONGEST_LINK
from billing_assets.domain.portal_access import not_yours
from billing_assets.portal.payer.access import FOR_EVERYBODY, Host
from billing_assets.portal.payer.account import pdf_of
from billing_assets.portal.payer.pages import page
from billing_assets.wiring.build import today_of, utc_now
from billing_assets.wiring.payer_desk import PayerDesk, desk_of_link
from billing_assets.wiring.portal_links import PortalLinks

router = APIRouter(prefix="/see", dependencies=FOR_EVERYBODY)


def linked(desk: Host, link: Annotated[str, Path(max_length=LONGEST_LINK)]) -> tuple[PayerDesk, str]:
    """Return the desk of the payer of a link, and the number of its document; raise ``not_yours``."""
    found = PortalLinks(desk.database, desk.billing.settings, utc_now).open(link)
    if found is None:
        raise not_yours()
    return desk_of_link(desk, found)


Linked: TypeAlias = Annotated[tuple[PayerDesk, str], Depends(linked)]


@router.get("/{link}", response_class=HTMLResponse)
def show_linked(request: Request, link: str, opened: Linked) -> HTMLResponse:
    """Show the document of a link, and nothing else of its payer."""
    own, number = opened
    found = own.invoice(number)
    return page(request, "linked.html.j2", found=found, link=link, today=today_of(own.company))


@router.get("/{link}/pdf")
def show_linked_pdf(opened: Linked) -> Response:
    """Give the PDF of the document of a link."""
    own, number = opened
    return pdf_of(number, own.pdf(number))
