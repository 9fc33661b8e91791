"""Another system asks for a document, looks what became of it, and fetches it."""

import pytest

from billing_assets.wiring.desk import Desk
from billing_assets.wiring.document_request_desk import DocumentRequestDesk
from billing_assets_tests.portal.api.conftest import System, SystemOf

NUMBER = "INV-00000002"


@pytest.fixture
def payer(desk: Desk) -> str:
    return desk.invoice(NUMBER).invoice.payer.payer_key


def test_a_document_is_asked_for_once_and_fetched(system: System, desk: Desk, payer: str) -> None:
    order = {"document_kind": "invoice_copy", "payer_key": payer, "document_numbers": [NUMBER]}
    asked = system.post("/document-requests", once="order-7", json=order)
    assert (asked.status_code, asked.json()["state"]) == (201, "asked")
    assert system.post("/document-requests", once="order-7", json=order).json() == asked.json()
    path = asked.headers["location"]
    assert system.get(f"{path}/documents/1").status_code == 404
    DocumentRequestDesk(desk.billing).answer()
    assert system.get(path).json()["documents"] == [NUMBER]
    fetched = system.get(f"{path}/documents/1")
    assert fetched.headers["content-type"] == "application/pdf"
    assert fetched.content == desk.invoice_pdf(NUMBER)
    number = asked.json()["document_request_id"]
    assert (
        DocumentRequestDesk(desk.billing).request(number).request.handed_over_by.startswith("policy system")
    )
    assert system.get(f"/document-requests?payer_key={payer}").json()["items"][0]["state"] == "answered"
    assert system.get("/document-requests?state=waiting").json()["items"] == []


def test_what_is_wrong_is_said(system: System, payer: str) -> None:
    for order, code in (
        ({"document_kind": "statement", "payer_key": "nobody"}, "request_payer_unknown"),
        ({"document_kind": "invoice_copy", "payer_key": payer}, "document_request_invalid"),
        ({"document_kind": "reminder", "payer_key": payer}, "request_invalid"),
    ):
        refused = system.post("/document-requests", json=order)
        assert (refused.status_code, refused.json()["code"]) == (422, code)


def test_a_request_is_of_one_company_and_needs_its_scope(
    system: System, system_of: SystemOf, foreigner: System, payer: str
) -> None:
    order = {"document_kind": "statement", "payer_key": payer}
    path = system.post("/document-requests", json=order).headers["location"]
    assert foreigner.get(path).status_code == 404
    assert foreigner.post("/document-requests", json=order).status_code == 422
    assert system_of("requests:read").post("/document-requests", json=order).status_code == 403
    assert system_of("requests:read").get(path).status_code == 200
