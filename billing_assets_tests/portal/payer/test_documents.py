"""A payer sees the inbox, asks for documents once, and has them; what is wrong is said in their words."""

import re

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from billing_assets.domain.portal_requests import MOST_OWN_REQUESTS
from billing_assets.store.audit_log import AuditFilter
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.document_request_desk import DocumentRequestDesk
from billing_assets.wiring.letter_press import ShelfPress
from billing_assets_tests.paid_books import allocate, paid, record, returned, rows
from billing_assets_tests.payers import BILLS
from billing_assets_tests.portal.payer.conftest import STATEMENT, BrowserOf, post

COPIES = {"key": "a-key-of-a-form", "kind": "document_cover", "document": [*BILLS["K1"]]}
_REQUESTS = """
select payer_id, source_kind, channel, document_kind, language, asked_by, state from document_request
order by document_request_id
"""
_WAITING = """
insert into document_request (company_id, request_key, source_kind, payer_id, document_kind, document_numbers,
    currency, language, channel, asked_by, asked_at, state, reason_code, note, changed_at)
values (1, 'w', 'portal', 1, 'statement', '{}', 'EUR', 'en', 'download', 'K1', now(), 'waiting', 'month_away',
    'a note of ours', now()) returning document_request_id
"""


def asked(desk: Desk) -> list[tuple[object, ...]]:
    return [tuple(row) for row in rows(desk.database, _REQUESTS)]


def test_the_inbox_says_what_is_new_until_it_is_opened(first: TestClient, payers_desk: Desk) -> None:
    assert "Nothing was delivered here yet" in first.get("/my/documents").text
    with payers_desk.database.transaction() as connection:
        connection.execute(
            text(
                "insert into portal_document (company_id, payer_id, invoice_id, purpose, message_id, "
                "content_sha256, delivered_at) select 1, payer_id, invoice_id, 'issue', 'm', sha256('x'), "
                "now() - interval '1 day' from invoice"
            )
        )
    page = first.get("/my/documents").text
    assert page.count(">new<") == 2
    assert "2 new documents" in first.get("/my/").text
    first.get(f"/my/invoices/{BILLS['K1'][0]}")
    page = first.get("/my/documents").text
    assert (page.count(">new<"), "opened on" in page) == (1, True)


def test_a_statement_is_asked_for_once_answered_at_once_and_fetched(
    first: TestClient, payers_desk: Desk
) -> None:
    done = post(first, "/my/documents", **STATEMENT)
    assert (done.url.path, done.url.query) == ("/my/documents", b"asked=1")
    assert "Statement of account: ready." in done.text
    assert post(first, "/my/documents", **STATEMENT).url == done.url, "the same form twice is one request"
    assert asked(payers_desk) == [(1, "portal", "download", "statement", "en", "K1", "answered")]
    pdf = first.get("/my/requests/1/documents/1")
    assert (pdf.headers["content-type"], pdf.content[:5]) == ("application/pdf", b"%PDF-")
    assert pdf.headers["content-disposition"] == 'inline; filename="STM-00000001.pdf"'
    assert first.get("/my/requests/1/documents/2").status_code == 404
    (act,) = payers_desk.access.acts(AuditFilter(act="request_document"))
    assert (act.actor_kind, act.actor_name, act.subject_id) == ("payer", "K1", "1")


def test_a_form_that_is_sent_again_with_another_wish_is_another_request(
    first: TestClient, payers_desk: Desk
) -> None:
    post(first, "/my/documents", **STATEMENT)
    post(first, "/my/documents", **{**STATEMENT, "from_date": "2024-02-01"})
    post(first, "/my/documents", **COPIES)
    assert [row[3] for row in asked(payers_desk)] == ["statement", "statement", "document_cover"]


def test_the_letter_is_in_the_language_of_the_page(first: TestClient, payers_desk: Desk) -> None:
    first.cookies.set("portal_language", "de", path="/my")
    page = post(first, "/my/documents", **STATEMENT).text
    assert "Kontoauszug: fertig." in page
    assert asked(payers_desk)[0][4] == "de"


def test_several_invoices_come_behind_a_letter_and_one_as_it_is(first: TestClient, payers_desk: Desk) -> None:
    page = post(first, "/my/documents", **COPIES).text
    assert "PDF CVR-00000001" in page
    for place, number in enumerate(BILLS["K1"], 2):
        assert first.get(f"/my/requests/1/documents/{place}").content == payers_desk.invoice_pdf(number)
    page = post(first, "/my/documents", **{**COPIES, "document": [BILLS["K1"][0]]}).text
    assert f"Copy of {BILLS['K1'][0]}: ready." in page
    assert asked(payers_desk)[1][3] == "invoice_copy"


def test_each_payment_has_a_button_for_its_receipt(first: TestClient, payers_desk: Desk) -> None:
    page = first.get("/my/payments").text
    fields = dict(re.findall(r'name="(key|kind|payment)" value="([^"]+)"', page))
    assert "RCP-00000001" in post(first, "/my/documents", **fields).text
    listed = first.get("/my/documents").text
    assert f'<option value="{fields["payment"]}"' in listed
    assert "Payment receipt" in listed


def test_a_payment_that_went_back_has_no_receipt(first: TestClient, payers_desk: Desk) -> None:
    ((amount_minor,),) = rows(
        payers_desk.database, "select amount_minor from payment where external_key = 'a'"
    )
    record(payers_desk.database, returned("back", "a", amount_minor))
    allocate(payers_desk.database)
    assert "Payment receipt" not in first.get("/my/payments").text


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "statement", "from_date": "2024-02-01", "until_date": "2024-01-01"},
        {"kind": "statement", "from_date": "", "until_date": ""},
        {"kind": "statement", "from_date": "2999-01-01", "until_date": "2999-02-01"},
        {"kind": "statement", "from_date": "1999-01-01", "until_date": "2024-02-01"},
        {**STATEMENT, "currency": "USD"},
        {"kind": "payment_receipt", "payment": "x"},
        {"kind": "payment_receipt", "payment": "9" * 30},
        {"kind": "document_cover"},
        {"kind": "document_cover", "document": [f"INV-{number:08}" for number in range(21)]},
        {"kind": "policy"},
    ],
)
def test_what_cannot_be_asked_for_is_said_and_nothing_typed_is_lost(
    first: TestClient, payers_desk: Desk, fields: dict[str, object]
) -> None:
    page = post(first, "/my/documents", **{"key": "a-key-of-a-form", **fields})
    assert (page.status_code, 'role="alert"' in page.text) == (409, True)
    if "from_date" in fields:
        assert f'value="{fields["from_date"]}"' in page.text
    assert asked(payers_desk) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "payment_receipt", "payment": "{foreign}"},
        {"kind": "document_cover", "document": [BILLS["K2"][0]]},
        {"kind": "document_cover", "document": [BILLS["K1"][0], BILLS["K2"][0]]},
        {"kind": "document_cover", "document": ["INV-00000099"]},
        {"kind": "statement", "key": "short"},
    ],
)
def test_what_is_anothers_or_from_no_form_is_not_there(
    first: TestClient, payers_desk: Desk, fields: dict[str, object]
) -> None:
    ((foreign,),) = rows(payers_desk.database, "select payment_id from payment where external_key = 'b'")
    given = {key: str(foreign) if each == "{foreign}" else each for key, each in fields.items()}
    page = post(first, "/my/documents", **{"key": "a-key-of-a-form", **given})
    assert (page.status_code, "There is nothing here" in page.text) == (404, True)
    assert asked(payers_desk) == []


def test_so_much_may_be_asked_for_in_a_day(first: TestClient, payers_desk: Desk) -> None:
    one_copy = {"kind": "invoice_copy", "document": [BILLS["K1"][0]]}
    for number in range(MOST_OWN_REQUESTS):
        post(first, "/my/documents", key=f"the form {number}", **one_copy)
    refused = post(first, "/my/documents", key="one more", **one_copy)
    assert (refused.status_code, "Ask again tomorrow" in refused.text) == (409, True)
    known = post(first, "/my/documents", key="the form 3", **one_copy)
    assert known.url.query == b"asked=4", "what was asked for before is no more"
    assert len(asked(payers_desk)) == MOST_OWN_REQUESTS
    page = first.get("/my/documents").text
    assert "before=11" in page
    assert "asked=" not in page
    assert first.get("/my/documents?before=11").text.count("Copy of") == 10


def test_what_cannot_be_answered_now_says_so_and_shows_nothing_of_the_offices_notes(
    first: TestClient, payers_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_press: ShelfPress, _letter: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr(ShelfPress, "letter", refuse)
        page = post(first, "/my/documents", **STATEMENT).text
    assert "Statement of account: being made." in page
    assert "Look again" in page
    desk = DocumentRequestDesk(payers_desk.billing)
    post(first, "/my/documents", **{**STATEMENT, "key": "another-key"})
    assert desk.answer().facts["answered_count"] == 1, "the sensor answers what the page could not"
    assert "PDF STM-00000001" in first.get("/my/documents?asked=1").text
    with payers_desk.database.transaction() as connection:
        waiting = connection.execute(text(_WAITING)).scalar_one()
    page = first.get("/my/documents").text
    assert "One of us looks at it" in page
    desk.refuse(waiting, note="a word of ours", by="ana")
    refused = first.get("/my/documents").text
    assert "We cannot give it to you here" in refused
    for said in (page, refused):
        assert "of ours" not in said
        assert "month" not in said


def test_what_the_office_asked_for_is_the_offices(first: TestClient, payers_desk: Desk) -> None:
    from billing_assets_tests.requested_books import EVERYTHING, asking

    desk = DocumentRequestDesk(payers_desk.billing)
    number, _ = desk.ask(asking("k", EVERYTHING, "K1"))
    desk.answer()
    assert desk.document(number).pdf.startswith(b"%PDF-")
    assert "STM-" not in first.get("/my/documents").text
    assert first.get(f"/my/requests/{number}/documents/1").status_code == 404


def test_the_currency_is_asked_for_where_there_are_several(first: TestClient, payers_desk: Desk) -> None:
    assert 'name="currency"' not in first.get("/my/documents").text
    record(payers_desk.database, paid("dollars", 700, payer_key="K1", currency="USD"))
    assert 'name="currency"' in first.get("/my/documents").text
    assert post(first, "/my/documents", **STATEMENT).status_code == 409
    assert "STM-00000001" in post(first, "/my/documents", **STATEMENT, currency="USD").text


def test_older_documents_are_offered_page_by_page(
    payer_browser: BrowserOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("billing_assets.wiring.payer_requests.OFFERED", 1)
    browser = payer_browser(1)
    page = browser.get("/my/documents").text
    assert f'value="{BILLS["K1"][1]}"' in page
    (older,) = re.findall(r"/my/documents\?older=\d+", page)
    assert f'value="{BILLS["K1"][0]}"' in browser.get(older).text
    assert browser.get(f"/my/documents?older={2**63}").status_code == 404
