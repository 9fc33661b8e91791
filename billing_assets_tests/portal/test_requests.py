"""Requests in the office: asked once by a form, answered, completed, refused, handed over."""

import re

import pytest
from fastapi.testclient import TestClient

from billing_assets.domain.document_requests import NewRequest, RequestSource, WantedDocument
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.document_request_desk import DocumentRequestDesk

NUMBER = "INV-00000002"


@pytest.fixture
def requests(desk: Desk) -> DocumentRequestDesk:
    return DocumentRequestDesk(desk.billing)


@pytest.fixture
def payer(desk: Desk) -> str:
    return desk.invoice(NUMBER).invoice.payer.payer_key


def test_a_form_sent_twice_is_one_request_that_is_answered(operator: TestClient, payer: str) -> None:
    found = re.search(r'name="key" value="([^"]+)"', operator.get("/requests").text)
    assert found
    form = {"key": found[1], "payer": payer, "kind": "statement", "language": "es", "channel": "email"}
    done = operator.post("/requests", data=form)
    assert "STM-" in done.text
    assert operator.post("/requests", data=form).url == done.url
    assert "to be handed over: by e-mail" in operator.get("/requests").text
    pdf = operator.get(f"{done.url.path}/documents/1")
    assert pdf.content.startswith(b"%PDF-")
    assert "STM-" in pdf.headers["content-disposition"]
    assert "they have the documents" in operator.post(f"{done.url.path}/handed-over").text
    assert "Nothing waits for a person." in operator.get("/requests").text


def test_what_waits_is_completed_or_refused(
    operator: TestClient, requests: DocumentRequestDesk, payer: str
) -> None:
    def unclear(key: str) -> int:
        return requests.ask(
            NewRequest(
                request_key=key,
                source_kind=RequestSource.MAIL,
                wanted=WantedDocument(document_kind=None),
                asked_by="mail",
                payer_key=payer,
                message_text="<b>please</b>",
            )
        )[0]

    one, two = unclear("a"), unclear("b")
    shown = operator.get(f"/requests/{one}").text
    assert "&lt;b&gt;please" in shown
    assert "not clear from what they wrote" in shown
    form = {"kind": "invoice_copy", "documents": NUMBER}
    assert operator.post(f"/requests/{one}/answer", data=form).status_code == 409
    assert NUMBER in operator.post(f"/requests/{one}/answer", data={**form, "note": "meant this"}).text
    assert operator.post(f"/requests/{two}/refuse", data={"note": " "}).status_code == 409
    assert "The request is refused." in operator.post(f"/requests/{two}/refuse", data={"note": "no"}).text
    assert operator.post(f"/requests/{two}/answer", data={**form, "note": "after all"}).status_code == 409


def test_a_wrong_form_is_shown_again(operator: TestClient, payer: str) -> None:
    for form in (
        {"payer": payer, "kind": ""},
        {"payer": payer, "kind": "payment_receipt", "payment": "x"},
        {"payer": payer, "kind": "statement", "from_date": "soon"},
        {"payer": "nobody", "kind": "statement"},
    ):
        refused = operator.post("/requests", data={"key": "k", **form})
        assert refused.status_code == 409
        assert f'value="{form["payer"]}"' in refused.text


def test_what_waits_is_corrected_and_not_typed_again(operator: TestClient, payer: str) -> None:
    form = {"key": "k", "payer": payer, "kind": "invoice_copy", "documents": "INV-99999999"}
    shown = operator.post("/requests", data=form).text
    assert 'value="INV-99999999"' in shown
    assert '<option value="invoice_copy" selected>' in shown


def test_all_that_is_asked_is_answered_by_one_click(
    operator: TestClient, requests: DocumentRequestDesk, payer: str
) -> None:
    from billing_assets_tests.requested_books import EVERYTHING, asking

    requests.ask(asking("k", EVERYTHING, payer))
    assert "Asked and answered soon: 1." in operator.get("/requests").text
    assert "What was asked for is answered." in operator.post("/requests/answer").text


def test_who_may_look_alone_asks_for_nothing(viewer: TestClient, payer: str) -> None:
    assert "Ask for a document" not in viewer.get("/requests").text
    form = {"key": "k", "payer": payer, "kind": "statement"}
    assert viewer.post("/requests", data=form).status_code == 403
    assert viewer.get("/requests/77").status_code == 404


def test_the_pages_speak_spanish(operator: TestClient, payer: str) -> None:
    operator.post("/requests", data={"key": "k", "payer": payer, "kind": "statement"})
    assert "Extracto de cuenta" in operator.get("/requests?language=es&state=answered").text
    assert "Respuesta" in operator.get("/requests/1?language=es").text
