"""The requests of a payer: asked once however often sent, of what is theirs, answered by the same bytes."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path

import pytest

from billing_assets.domain.document_requests import RequestState
from billing_assets.domain.errors import BillingError
from billing_assets.domain.portal_access import SignedInPayer
from billing_assets.domain.portal_requests import TypedWish
from billing_assets.store.checks import run_checks
from billing_assets.store.connection import Database
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.document_request_desk import DocumentRequestDesk
from billing_assets.wiring.payer_desk import PayerDesk
from billing_assets.wiring.payer_requests import PayerRequests
from billing_assets_tests.books import AT, billing_over
from billing_assets_tests.paid_books import rows
from billing_assets_tests.requested_books import bill_and_pay

prepare = bill_and_pay
STATEMENT = TypedWish(kind="statement", from_date="2024-01-01", until_date="2024-12-31", currency="EUR")


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Iterator[Desk]:
    with ExitStack() as stack:
        yield Desk(billing_over(database, tmp_path, stack))


def of(desk: Desk, payer_id: int) -> PayerRequests:
    payer = SignedInPayer(company_id=1, payer_id=payer_id, payer_key=f"K{payer_id}")
    return PayerRequests(PayerDesk(desk, payer))


def test_what_is_offered_is_what_can_be_answered(desk: Desk) -> None:
    offer = of(desk, 1).offer()
    assert offer.currencies == ("EUR", "USD")
    assert [row.amount_minor for row in offer.payments] == [3000, 700], "the payment that went back is not"
    for row in offer.payments:
        wish = TypedWish(kind="payment_receipt", payment=str(row.payment_id))
        of(desk, 1).ask(wish, form_key="k", language="en")
    for document in offer.documents:
        wish = TypedWish(kind="document_cover", documents=(document.document_number,))
        of(desk, 1).ask(wish, form_key="k", language="en")
    for currency in offer.currencies:
        wish = TypedWish(kind="statement", from_date="2024-01-01", until_date="2024-12-31", currency=currency)
        of(desk, 1).ask(wish, form_key="k", language="en")
    states = [row.state for row in of(desk, 1).requests(99)]
    assert set(states) == {RequestState.ANSWERED}
    assert len(states) == len(offer.payments) + len(offer.documents) + 2


def test_a_letter_is_the_bytes_that_the_office_has(desk: Desk) -> None:
    number = of(desk, 2).ask(STATEMENT, form_key="k", language="es")
    name, pdf = of(desk, 2).document(number, 1)
    kept = DocumentRequestDesk(desk.billing).document(number, is_proved=True)
    assert (name, pdf) == (kept.document_number, kept.pdf)
    assert sha256(pdf).hexdigest() == kept.pdf_sha256


def test_what_is_anothers_is_not_there(desk: Desk) -> None:
    number = of(desk, 2).ask(STATEMENT, form_key="k", language="es")
    with pytest.raises(BillingError) as caught:
        of(desk, 1).document(number, 1)
    assert caught.value.code == "not_yours"
    assert of(desk, 1).requests(9) == []
    for wish in (
        TypedWish(kind="document_cover", documents=("INV-00000002",)),
        TypedWish(kind="payment_receipt", payment=str(of(desk, 2).offer().payments[0].payment_id)),
    ):
        with pytest.raises(BillingError) as caught:
            of(desk, 1).ask(wish, form_key="k", language="en")
        assert caught.value.code == "not_yours"
    assert rows(desk.database, "select count(*) from document_request where payer_id = 1") == [(0,)]


def test_many_clicks_at_once_are_one_request(desk: Desk) -> None:
    with ThreadPoolExecutor(4) as clicks:
        asked = list(clicks.map(lambda _: of(desk, 2).ask(STATEMENT, form_key="k", language="en"), range(4)))
    assert len(set(asked)) == 1
    (request,) = of(desk, 2).requests(9)
    assert [each.document_number for each in request.documents] == [f"STM-{asked[0]:08}"]
    acts = rows(
        desk.database,
        """select actor_kind, actor_name, act from audit_entry where subject_kind = 'document_request'
        order by act""",
    )
    assert acts == [("program", "billing", "answer_request"), ("payer", "K2", "request_document")]


def test_what_the_audit_proves_holds_for_requests_of_payers(desk: Desk) -> None:
    of(desk, 2).ask(STATEMENT, form_key="k", language="en")
    with desk.database.transaction() as connection:
        results = run_checks(connection, at=AT, check_ids=["I22", "I30"])
    assert [(result.check.check_id, result.offender_count) for result in results] == [("I22", 0), ("I30", 0)]
