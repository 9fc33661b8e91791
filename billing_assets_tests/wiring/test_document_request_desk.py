"""Requests are answered once, with letters whose bytes can be made again, or wait for a person."""

from collections.abc import Iterator
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from billing_assets.documents.letter_json import letter_from_json
from billing_assets.domain.document_requests import (
    DocumentWish,
    RequestChannel,
    WantedDocument,
)
from billing_assets.domain.errors import BillingError
from billing_assets.domain.letters import DocumentCover, PaymentReceipt, Statement
from billing_assets.store.connection import Database
from billing_assets.store.request_listings import RequestFilter
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.document_request_desk import DocumentRequestDesk, new_key
from billing_assets_tests.paid_books import rows
from billing_assets_tests.requested_books import EVERYTHING, asking, bill_and_pay, desk_over

prepare = bill_and_pay

COPY = WantedDocument(document_kind=DocumentWish.INVOICE_COPY, document_numbers=("INV-00000002",))
COVER = WantedDocument(
    document_kind=DocumentWish.DOCUMENT_COVER, document_numbers=("INV-00000003", "CRN-00000001")
)


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Iterator[DocumentRequestDesk]:
    with ExitStack() as stack:
        yield desk_over(database, tmp_path, stack)


def answered(desk: DocumentRequestDesk, wanted: WantedDocument, payer_key: str = "K2", **values: Any) -> int:
    number, is_new = desk.ask(asking(new_key("office"), wanted, payer_key, **values))
    assert is_new
    assert desk.answer(number).facts["answered_count"] == 1
    return number


def letter_of(desk: DocumentRequestDesk, number: int) -> Any:
    query = "select record from letter where document_request_id = :number"
    return letter_from_json(rows(desk.database, query, number=number)[0][0])


def test_a_statement_is_kept_with_its_record_template_and_bytes(desk: DocumentRequestDesk) -> None:
    number = answered(desk, EVERYTHING)
    letter = letter_of(desk, number)
    assert isinstance(letter, Statement)
    assert letter.closing_minor == rows(
        desk.database, "select sum(open_minor)::bigint from open_document where payer_id = 2"
    )[0][0] - sum(
        row[0] for row in rows(desk.database, "select free_minor from payment_standing where payer_id = 2")
    )
    kept = desk.document(number)
    assert kept.pdf.startswith(b"%PDF-")
    assert kept.document_number == letter.document_number == f"STM-{number:08d}"
    assert desk.press.again(kept.record, kept.template_version_id, kept.pdf_sha256) == kept.pdf
    assert desk.document(number, is_proved=True) == kept
    assert desk.request(number).request.documents == (kept.document_number,)


def test_a_receipt_says_what_a_payment_paid(desk: DocumentRequestDesk) -> None:
    (payment,) = rows(desk.database, "select payment_id from payment where external_key = 'b'")[0]
    wanted = WantedDocument(document_kind=DocumentWish.PAYMENT_RECEIPT, payment_id=payment)
    receipt = letter_of(desk, answered(desk, wanted, language="de"))
    assert isinstance(receipt, PaymentReceipt)
    assert (receipt.amount_minor, receipt.payer.language) == (1000, "de")
    assert [part.document_number for part in receipt.allocated] == ["INV-00000002"]


def test_a_copy_is_the_invoices_own_bytes(desk: DocumentRequestDesk) -> None:
    kept = desk.document(answered(desk, COPY))
    assert kept.pdf == Desk(desk.billing).invoice_pdf("INV-00000002")
    assert rows(desk.database, "select encode(pdf_sha256, 'hex') from document where pdf is not null") == [
        (kept.pdf_sha256,)
    ]


def test_a_cover_names_what_lies_behind_it(desk: DocumentRequestDesk) -> None:
    number = answered(desk, COVER, "K3")
    cover = letter_of(desk, number)
    assert isinstance(cover, DocumentCover)
    assert [(each.document_kind, each.page_count > 0) for each in cover.enclosures] == [
        ("invoice", True),
        ("credit_note", True),
    ]
    assert desk.request(number).request.documents == (cover.document_number, *COVER.document_numbers)
    for place in (1, 2, 3):
        kept = desk.document(number, place)
        assert sha256(kept.pdf).hexdigest() == kept.pdf_sha256
    with pytest.raises(BillingError, match="no document 4"):
        desk.document(number, 4)


def test_the_same_key_is_one_request_and_one_answer(desk: DocumentRequestDesk) -> None:
    first, second = (desk.ask(asking("again", payer_key="K2")) for _ in range(2))
    assert (first[0], first[1], second[1]) == (second[0], True, False)
    desk.answer()
    assert desk.answer(first[0]).facts["taken_count"] == 1
    assert rows(desk.database, "select count(*) from letter where document_request_id = :n", n=first[0]) == [
        (1,)
    ]


@pytest.mark.parametrize(
    ("wanted", "payer_key", "reason"),
    [
        (EVERYTHING, "K1", "currency_unclear"),
        (COPY, "K1", "document_unknown"),
        (WantedDocument(document_kind=DocumentWish.PAYMENT_RECEIPT, payment_id=1), "K1", "payment_unknown"),
    ],
)
def test_what_cannot_be_answered_waits_for_a_person(
    desk: DocumentRequestDesk, wanted: WantedDocument, payer_key: str, reason: str
) -> None:
    number, _ = desk.ask(asking(new_key("office"), wanted, payer_key))
    desk.answer()
    found = desk.request(number).request
    assert (found.state, found.reason_code) == ("waiting", reason)
    assert number in [row.document_request_id for row in desk.requests(RequestFilter(to_do=True))]
    waiting = desk.counts()["waiting_count"]
    in_euros = WantedDocument(document_kind=DocumentWish.STATEMENT, currency="EUR")
    desk.complete(number, in_euros, note="they called", by="ana")
    assert desk.answer(number).facts["answered_count"] == 1
    assert desk.counts()["waiting_count"] == waiting - 1
    with pytest.raises(BillingError, match="is answered"):
        desk.refuse(number, note="no", by="ana")


def test_a_refusal_is_final_and_says_why(desk: DocumentRequestDesk) -> None:
    number, _ = desk.ask(asking(new_key("office"), payer_key="K2"))
    desk.refuse(number, note="not theirs", by="eva")
    assert desk.answer(number).facts["taken_count"] == 1
    detail = desk.request(number)
    assert (detail.request.state, detail.note, detail.decided_by) == ("refused", "not theirs", "eva")
    with pytest.raises(BillingError, match="is refused"):
        desk.complete(number, EVERYTHING, note="after all", by="eva")
    with pytest.raises(BillingError, match="nothing to hand over"):
        desk.hand_over(number, by="eva")
    acts = rows(
        desk.database,
        """select act from audit_entry where subject_kind = 'document_request'
        and subject_id = :n order by 1""",
        n=str(number),
    )
    assert acts == [("refuse_request",), ("request_document",)]


def test_what_goes_by_post_waits_until_somebody_says_it_went(desk: DocumentRequestDesk) -> None:
    number = answered(desk, COPY, channel=RequestChannel.POST)
    assert number in [row.document_request_id for row in desk.requests(RequestFilter(to_do=True))]
    assert desk.hand_over(number, by="ana")
    assert not desk.hand_over(number, by="eva")
    assert desk.request(number).request.handed_over_by == "ana"
    assert number not in [row.document_request_id for row in desk.requests(RequestFilter(to_do=True))]
