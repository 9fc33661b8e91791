"""Regenerating on the page of an invoice: both documents are shown, and then issued once, by an approver."""

from fastapi.testclient import TestClient
from sqlalchemy import text

from billing_assets.wiring.desk import Desk

FIRST = "INV-00000001"
PAGE = f"/invoices/{FIRST}/regenerate"


def test_a_preview_shows_both_and_writes_nothing(approver: TestClient, desk: Desk) -> None:
    shown = approver.get(PAGE)
    assert shown.status_code == 200
    for words in ("As it was billed", "As it would be billed now", "Difference", "Nothing: the new invoice"):
        assert words in shown.text
    assert desk.invoice(FIRST).replaced_by == ""


def test_it_is_replaced_once_and_both_pages_lead_to_each_other(approver: TestClient, desk: Desk) -> None:
    same = approver.post(PAGE, data={"reason": "asked for"})
    assert same.status_code == 409
    assert "would say what this one says" in same.text
    assert "asked for" in same.text
    done = approver.post(PAGE, data={"reason": "asked for", "same": "1"})
    number = desk.invoice(FIRST).replaced_by
    assert done.url.path == f"/invoices/{number}"
    assert f'href="/invoices/{FIRST}"' in done.text
    old = approver.get(f"/invoices/{FIRST}").text
    assert f'href="/invoices/{number}"' in old
    assert PAGE not in old
    again = approver.post(PAGE, data={"reason": "asked for", "same": "1"})
    assert again.status_code == 409
    assert "Nothing is left of this invoice" in again.text
    query = "select actor_kind, signed_by, reason from audit_entry where act = 'regenerate'"
    with desk.database.transaction() as connection:
        (entry,) = connection.execute(text(query)).all()
    assert tuple(entry) == ("user", "approver@example.com", "asked for")


def test_without_a_reason_nothing_is_issued(approver: TestClient, desk: Desk) -> None:
    refused = approver.post(PAGE, data={"reason": " ", "same": "1"})
    assert refused.status_code == 409
    assert "Give the reason" in refused.text
    assert desk.invoice(FIRST).replaced_by == ""


def test_an_operator_may_not_and_sees_no_button(operator: TestClient, approver: TestClient) -> None:
    assert operator.get(PAGE).status_code == 403
    assert operator.post(PAGE, data={"reason": "x", "same": "1"}).status_code == 403
    assert PAGE not in operator.get(f"/invoices/{FIRST}").text
    assert PAGE in approver.get(f"/invoices/{FIRST}").text


def test_an_invoice_that_there_is_not_leads_nowhere(approver: TestClient) -> None:
    assert approver.get("/invoices/INV-99999999/regenerate").status_code == 404


def test_it_speaks_spanish(approver: TestClient) -> None:
    assert "Como se facturó" in approver.get(f"{PAGE}?language=es").text
