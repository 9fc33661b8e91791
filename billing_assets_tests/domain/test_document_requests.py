"""What a request must say, and for which period a statement is."""

from datetime import date
from typing import Any

import pytest

from billing_assets.domain.document_requests import (
    MOST_DOCUMENTS,
    REASONS,
    DocumentWish,
    UnansweredError,
    WantedDocument,
    check_request,
    check_wanted,
    period_of,
    request_settled,
)
from billing_assets.domain.errors import BillingError
from billing_assets_tests.requested_books import asking

STATEMENT, COPY, COVER, RECEIPT = (
    DocumentWish.STATEMENT,
    DocumentWish.INVOICE_COPY,
    DocumentWish.DOCUMENT_COVER,
    DocumentWish.PAYMENT_RECEIPT,
)
FIRST, LAST = date(2024, 1, 1), date(2024, 12, 31)


@pytest.mark.parametrize(
    ("kind", "more", "words"),
    [
        (COPY, {"document_numbers": ("A", "B")}, "a copy is of one"),
        (COVER, {}, "needs the invoices"),
        (COVER, {"document_numbers": ("A",) * (MOST_DOCUMENTS + 1)}, "more than"),
        (COVER, {"document_numbers": ("A" * 41,)}, "malformed"),
        (COVER, {"document_numbers": ("A", "B", "A")}, "a document is named twice"),
        (STATEMENT, {"document_numbers": ("A",)}, "only copies"),
        (RECEIPT, {}, "of one payment"),
        (STATEMENT, {"payment_id": 1}, "of one payment"),
        (STATEMENT, {"from_date": FIRST}, "a first and a last day"),
        (STATEMENT, {"from_date": LAST, "until_date": FIRST}, "ends before"),
        (STATEMENT, {"from_date": FIRST, "until_date": date(2044, 1, 1)}, "ten years"),
        (STATEMENT, {"currency": "XXQ"}, "no currency"),
        (RECEIPT, {"payment_id": 1, "from_date": FIRST, "until_date": LAST}, "only a statement"),
    ],
)
def test_what_is_wrong_with_a_request_is_said(kind: DocumentWish, more: dict[str, Any], words: str) -> None:
    with pytest.raises(BillingError, match=words):
        check_wanted(WantedDocument(document_kind=kind, **more))


def test_sound_requests_are_taken() -> None:
    for kind, more in (
        (STATEMENT, {"from_date": FIRST, "until_date": LAST, "currency": "EUR"}),
        (COPY, {"document_numbers": ("INV-00000001",)}),
        (RECEIPT, {"payment_id": 4}),
    ):
        check_request(asking("k", WantedDocument(document_kind=kind, **more)))


def test_a_period_ends_today_at_the_latest_and_begins_no_later() -> None:
    wanted = WantedDocument(document_kind=STATEMENT, from_date=FIRST, until_date=LAST)
    assert period_of(wanted, date(2024, 6, 30)) == (FIRST, date(2024, 7, 1))
    assert period_of(wanted, date(2025, 6, 30)) == (FIRST, date(2025, 1, 1))
    with pytest.raises(UnansweredError) as error:
        period_of(wanted, date(2023, 12, 31))
    assert error.value.reason_code in REASONS


def test_an_answer_is_final() -> None:
    assert request_settled(3, "refused").code == "request_settled"
