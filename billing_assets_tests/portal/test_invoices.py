"""Invoices: search, one in full, its explanation and its PDF."""

import pytest
from fastapi.testclient import TestClient

from billing_assets.store.invoice_listings import InvoiceFilter
from billing_assets.wiring.desk import Desk


def test_a_number_leads_to_its_invoice_and_another_one_nowhere(client: TestClient) -> None:
    assert client.get("/invoices?number=INV-00000001").url.path == "/invoices/INV-00000001"
    for number in ("INV-00000099", "nonsense"):
        assert "Nothing fits" in client.get(f"/invoices?number={number}").text


def test_invoices_are_found_by_policy_and_payer(client: TestClient) -> None:
    assert client.get("/invoices?policy=POL-00000004").text.count('scope="row"') == 1
    assert client.get("/invoices?payer=K4").text.count('scope="row"') == 1
    assert "Nothing fits" in client.get("/invoices?payer=K999").text


def test_one_shows_lines_taxes_delivery_and_what_leads_on(client: TestClient) -> None:
    page = client.get("/invoices/INV-00000001").text
    for words in ("Payer", "Lines", "Taxes", "Deliveries", "Credit notes", "No such mailbox", "POL-"):
        assert words in page
    assert 'href="/invoices/INV-00000001/explanation"' in page


@pytest.mark.long
def test_it_is_explained_in_the_language_of_the_reader(client: TestClient) -> None:
    path = "/invoices/INV-00000001/explanation"
    assert "Why INV-00000001 is what it is" in client.get(path).text
    assert "Por qué INV-00000001 es la que es" in client.get(f"{path}?language=es").text


def test_its_pdf_is_the_one_that_the_payer_gets(client: TestClient, desk: Desk) -> None:
    number = desk.invoices(InvoiceFilter())[0].invoice_number
    answer = client.get(f"/invoices/{number}/pdf")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content == desk.invoice_pdf(number)
