"""A payer's requests in the store: added in their scope, found in it alone, one at a time."""

from datetime import date, timedelta
from threading import Thread

import pytest
from sqlalchemy.exc import DBAPIError

from billing_assets.domain.document_requests import DocumentWish, RequestState, WantedDocument
from billing_assets.store import payer_requests
from billing_assets.store.connection import Database
from billing_assets.store.payer_scope import payer_scope
from billing_assets.wiring.build import utc_now
from billing_assets_tests.paid_books import rows
from billing_assets_tests.payers import BILLS, PART_MINOR
from billing_assets_tests.payers import prepare_payers as prepare  # noqa: F401 - the database fixture asks

STATEMENT = WantedDocument(
    document_kind=DocumentWish.STATEMENT,
    currency="EUR",
    from_date=date(2024, 1, 1),
    until_date=date(2024, 12, 31),
)


def copy_of(*numbers: str) -> WantedDocument:
    return WantedDocument(document_kind=DocumentWish.DOCUMENT_COVER, document_numbers=numbers)


def receipt_of(payment_id: int) -> WantedDocument:
    return WantedDocument(document_kind=DocumentWish.PAYMENT_RECEIPT, payment_id=payment_id)


def add(store: Database, payer_id: int, key: str, wanted: WantedDocument = STATEMENT) -> int:
    with store.transaction() as connection, payer_scope(connection, payer_id):
        return payer_requests.add_own_request(
            connection, f"portal:{payer_id}:{key}", wanted, language="es", at=utc_now()
        )


def test_a_request_is_added_and_found_by_its_payer_alone(database: Database) -> None:
    ((payment_id,),) = rows(database, "select payment_id from payment where external_key = 'b'")
    statement, receipt = add(database, 2, "a"), add(database, 2, "b", receipt_of(payment_id))
    with database.transaction() as connection, payer_scope(connection, 2):
        newest, oldest = payer_requests.own_requests(connection, limit=9)
        (older,) = payer_requests.own_requests(connection, limit=9, before_id=receipt)
        assert payer_requests.find_own_request(connection, "portal:2:a") == statement
    assert (newest.document_request_id, oldest) == (receipt, older)
    assert (oldest.wanted, oldest.state, oldest.documents) == (STATEMENT, RequestState.ASKED, ())
    assert newest.payment is not None
    assert newest.payment.amount_minor == PART_MINOR
    with database.transaction() as connection, payer_scope(connection, 1):
        assert payer_requests.own_requests(connection, limit=9) == []
        assert payer_requests.find_own_request(connection, "portal:2:a") is None
    kept = rows(database, "select language, channel, asked_by from document_request")
    assert set(kept) == {("es", "download", "K2")}


def test_a_key_is_one_request_and_of_its_payer(database: Database) -> None:
    add(database, 1, "a")
    with pytest.raises(DBAPIError, match="document_request_company_id_request_key_key"):
        add(database, 1, "a")
    with (
        pytest.raises(DBAPIError, match="row-level security"),
        database.transaction() as connection,
        payer_scope(connection, 1),
    ):
        payer_requests.add_own_request(connection, "portal:2:x", STATEMENT, language="en", at=utc_now())


def test_what_is_named_has_to_be_the_payers_and_left(database: Database) -> None:
    ((payment_id,),) = rows(database, "select payment_id from payment where external_key = 'b'")
    one, two = BILLS["K2"]
    with database.transaction() as connection, payer_scope(connection, 2):
        for wanted in (STATEMENT, receipt_of(payment_id), copy_of(one), copy_of(one, two)):
            assert payer_requests.is_own(connection, wanted)
        assert not payer_requests.is_own(connection, copy_of(one, BILLS["K1"][0]))
        assert payer_requests.own_currencies(connection) == ["EUR"]
    with database.transaction() as connection, payer_scope(connection, 1):
        assert not payer_requests.is_own(connection, receipt_of(payment_id))
        assert not payer_requests.is_own(connection, copy_of(one))


def test_what_is_new_or_not_answered_counts(database: Database) -> None:
    first, second = add(database, 1, "a"), add(database, 1, "b")
    add(database, 2, "a")
    hour_ago, soon = utc_now() - timedelta(hours=1), utc_now() + timedelta(hours=1)

    def counts() -> list[int]:
        with database.transaction() as connection, payer_scope(connection, 1):
            return [payer_requests.count_open_or_new(connection, since) for since in (hour_ago, soon)]

    assert counts() == [2, 2]
    with database.transaction() as connection:
        connection.exec_driver_sql(
            f"update document_request set state = 'refused', reason_code = 'by_person' "
            f"where document_request_id in ({first}, {second})"
        )
    assert counts() == [2, 0]


def test_an_answer_is_found_by_its_payer_alone(database: Database) -> None:
    number = add(database, 1, "a", copy_of(BILLS["K1"][0]))
    with database.transaction() as connection:
        connection.exec_driver_sql(
            f"""insert into answered_document (company_id, document_request_id, place, document_number,
                invoice_id, pdf_sha256)
            select 1, {number}, 1, 'INV-00000001', invoice_id, sha256('x') from invoice
            where invoice_number = 1"""
        )
    for payer_id, is_there in ((1, True), (2, False)):
        with database.transaction() as connection, payer_scope(connection, payer_id):
            found = payer_requests.own_answer(connection, number, 1)
            assert (found is not None) == is_there
            assert payer_requests.own_answer(connection, number, 2) is None
    with database.transaction() as connection, payer_scope(connection, 1):
        (request,) = payer_requests.own_requests(connection, limit=9)
    assert [(each.place, each.document_number) for each in request.documents] == [(1, "INV-00000001")]


def test_two_transactions_of_one_payer_ask_one_after_the_other(database: Database) -> None:
    counted: list[int] = []

    def count() -> None:
        with database.transaction() as connection, payer_scope(connection, 1):
            payer_requests.wait_for_own(connection)
            counted.append(payer_requests.count_open_or_new(connection, utc_now()))

    second = Thread(target=count)
    with database.transaction() as connection, payer_scope(connection, 1):
        payer_requests.wait_for_own(connection)
        second.start()
        second.join(0.3)
        assert counted == []
        payer_requests.add_own_request(connection, "portal:1:a", STATEMENT, language="en", at=utc_now())
    second.join(10)
    assert counted == [1]
