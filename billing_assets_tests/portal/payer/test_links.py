"""A signed link opens one document for a while, and everything else about it is the same plain page."""

from datetime import datetime, timedelta

import pytest
from fastapi.testclient import TestClient

from billing_assets.domain.document_links import DocumentLink, signed_link
from billing_assets.portal.payer import links as pages
from billing_assets.wiring.api_secrets import api_secrets
from billing_assets.wiring.build import utc_now
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.portal_links import PortalLinks
from billing_assets_tests.payers import BILLS
from billing_assets_tests.portal.payer.conftest import PORTAL


@pytest.fixture
def links(payers_desk: Desk) -> PortalLinks:
    return PortalLinks(payers_desk.database, payers_desk.billing.settings, utc_now)


def invoice_id(desk: Desk, number: str) -> int:
    return desk.invoice(number).invoice.invoice_id


def path_of(url: str) -> str:
    assert url.startswith(f"{PORTAL}/my/see/")
    return url.removeprefix(PORTAL)


def test_a_link_opens_its_document_and_pdf_without_a_sign_in_and_nothing_else(
    visitor: TestClient, payers_desk: Desk, links: PortalLinks
) -> None:
    number = BILLS["K1"][0]
    url, _ = links.make(1, 1, invoice_id(payers_desk, number))
    page = visitor.get(path_of(url))
    assert (page.status_code, number in page.text) == (200, True)
    assert "Sign in to see all of yours" in page.text
    assert visitor.get(f"{path_of(url)}/pdf").content == payers_desk.invoice_pdf(number)
    assert visitor.get("/my/").url.path == "/my/sign-in"


def test_wrong_expired_and_foreign_links_give_the_same_plain_page(
    visitor: TestClient, payers_desk: Desk, links: PortalLinks, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, foreign = (invoice_id(payers_desk, BILLS[key][0]) for key in ("K1", "K2"))
    good, expires_at = links.make(1, 1, own)
    (secret,) = api_secrets(payers_desk.database, payers_desk.billing.settings, utc_now())
    ahead = utc_now() + timedelta(days=1)

    def signed(company_id: int, payer_id: int, invoice: int, key: bytes = secret) -> str:
        link = DocumentLink(company_id=company_id, payer_id=payer_id, invoice_id=invoice, expires_at=ahead)
        return f"/my/see/{signed_link(link, key)}"

    wrong = [
        "/my/see/x",
        f"/my/see/{'x' * 300}",
        path_of(good)[:-1] + ("A" if good[-1] != "A" else "B"),
        signed(1, 1, own, b"another secret"),
        signed(1, 1, foreign),
        signed(1, 2, own),
        signed(2, 1, own),
        signed(1, 99, 99),
    ]
    plain = visitor.get("/my/nothing-at-all")
    texts = {visitor.get(path).text for path in wrong}
    states = {visitor.get(f"{path}{end}").status_code for path in wrong for end in ("", "/pdf")}
    assert (states, texts) == ({404}, {plain.text})
    later: datetime = expires_at + timedelta(seconds=1)
    with monkeypatch.context() as patch:
        patch.setattr(pages, "utc_now", lambda: later)
        assert visitor.get(path_of(good)).status_code == 404
    assert plain.status_code == 404
    assert "There is nothing here" in plain.text
