"""A payer sees what is owed, each document with where it stands, why, and the PDF that everybody gets."""

import re

import pytest
from fastapi.testclient import TestClient

from billing_assets.documents.formats import money
from billing_assets.wiring.desk import Desk
from billing_assets_tests.paid_books import allocate, paid, record
from billing_assets_tests.payers import BILLS, MORE_MINOR, PART_MINOR
from billing_assets_tests.portal.payer.conftest import BrowserOf


def shown(amount_minor: int) -> str:
    return money(amount_minor, "EUR", "en_GB")


def open_of(desk: Desk, number: str) -> int:
    settlement = desk.invoice(number).settlement
    assert settlement is not None
    return settlement.open_minor


def test_what_is_owed_is_what_is_open_to_the_cent(first: TestClient, payers_desk: Desk) -> None:
    page = first.get("/my/").text
    left = open_of(payers_desk, BILLS["K1"][1])
    assert open_of(payers_desk, BILLS["K1"][0]) == 0
    assert shown(left) in page
    assert BILLS["K1"][0] not in page, "what is paid is not open"
    assert "past due" in page
    assert "Payer 1" in page


def test_where_each_document_stands_is_said(first: TestClient, payer_browser: BrowserOf) -> None:
    page = first.get("/my/invoices").text
    words = dict(re.findall(r'invoices/(INV-\d+)">.*?class="state (\w+)"', page, re.DOTALL))
    assert words == {BILLS["K1"][0]: "paid", BILLS["K1"][1]: "past_due"}
    assert payer_browser(2).get("/my/invoices").text.count('class="state past_due"') == 2


def test_one_invoice_tells_its_lines_taxes_payments_and_how_to_pay(
    first: TestClient, payers_desk: Desk
) -> None:
    number = BILLS["K1"][1]
    invoice = payers_desk.invoice(number).invoice
    page = first.get(f"/my/invoices/{number}").text
    for amount in (invoice.payable_minor, MORE_MINOR, invoice.payable_minor - MORE_MINOR, invoice.tax_minor):
        assert shown(amount) in page
    for text in (invoice.lines[0].policy_number, invoice.creditor.iban, "Motor car"):
        assert text in page, text
    assert invoice.creditor.iban not in first.get(f"/my/invoices/{BILLS['K1'][0]}").text, "it is paid"


@pytest.mark.parametrize(
    ("language", "words"), [("en", "Total"), ("es", "póliza"), ("de", "Rate"), ("fr", "taxes")]
)
def test_an_amount_is_explained_in_the_readers_language(first: TestClient, language: str, words: str) -> None:
    page = first.get(f"/my/invoices/{BILLS['K1'][1]}/explanation?language={language}")
    assert page.status_code == 200
    assert f'<html lang="{language}">' in page.text
    assert words in first.get(f"/my/invoices/{BILLS['K1'][1]}?language={language}").text
    assert page.text.count("why-line") > 3


def test_the_pdf_is_that_of_the_program(first: TestClient, payers_desk: Desk) -> None:
    number = BILLS["K1"][0]
    answer = first.get(f"/my/invoices/{number}/pdf")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content == payers_desk.invoice_pdf(number)
    assert number in answer.headers["content-disposition"]


def test_who_owes_nothing_is_told_so(first: TestClient, payers_desk: Desk) -> None:
    record(
        payers_desk.database,
        paid("rest", open_of(payers_desk, BILLS["K1"][1]) + PART_MINOR, remittance_text=BILLS["K1"][1]),
    )
    allocate(payers_desk.database)
    page = first.get("/my/").text
    assert "Paid and not used yet" in page
    assert shown(PART_MINOR) in page
    assert "What is open" not in page
