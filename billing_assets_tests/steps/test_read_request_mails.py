"""Mails become requests once, or go to a person, and nothing is answered to whoever merely claims a name."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.feeds.mail_folder import READ, TO_READ
from billing_assets.store.connection import Database
from billing_assets.store.request_listings import RequestFilter
from billing_assets.wiring.document_request_desk import DocumentRequestDesk
from billing_assets_tests.databases import Prepare
from billing_assets_tests.requested_books import bill_and_pay, desk_over

Drop = Callable[[str, str, str], None]


@pytest.fixture
def preparation() -> Prepare:
    return bill_and_pay


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Iterator[DocumentRequestDesk]:
    with ExitStack() as stack:
        found = desk_over(database, tmp_path, stack)
        folder = tmp_path / "mails"
        folder.mkdir()
        found.billing.settings = found.billing.settings.model_copy(update={"request_folder": folder})
        yield found


@pytest.fixture
def drop(tmp_path: Path) -> Drop:
    def put(name: str, sender: str, subject: str) -> None:
        (tmp_path / "mails" / name).write_text(f"From: Somebody <{sender}>\nSubject: {subject}\n\nhello\n")

    return put


def test_known_payers_ask_and_others_are_for_a_person(
    desk: DocumentRequestDesk, drop: Drop, tmp_path: Path
) -> None:
    drop("1.eml", "PAYER2@example.com", "Extracto, por favor")
    drop("2.eml", "payer2@example.com", "copy INV-00000002")
    drop("3.eml", "payer1@example.com", "About POL-00000001")
    drop("4.eml", "stranger@example.com", "Statement")
    drop("5.eml", "payer1@example.com", "I have moved")
    facts = desk.read_mails().facts
    assert (facts["asked_count"], facts["unclear_count"], facts["person_count"]) == (3, 1, 2)
    assert sorted(path.name for path in (tmp_path / "mails" / TO_READ).iterdir()) == [
        *("3.eml", "4.eml", "5.eml"),
    ]
    assert len(list((tmp_path / "mails" / READ).iterdir())) == 2
    assert desk.mail_count() == 0
    unclear = desk.requests(RequestFilter(state="waiting"))[0]
    assert (unclear.payer_key, unclear.reason_code) == ("K1", "unclear")
    assert desk.request(unclear.document_request_id).message_text == "About POL-00000001"
    assert desk.answer().facts["answered_count"] == 2
    answered = desk.requests(RequestFilter(state="answered"))
    assert {row.payer_key for row in answered} == {"K2"}
    # Whoever asked by mail has no other way to it: a person sends it.
    assert {row.document_request_id for row in answered} < {
        row.document_request_id for row in desk.requests(RequestFilter(to_do=True))
    }


def test_a_mail_that_comes_again_is_the_same_request(desk: DocumentRequestDesk, drop: Drop) -> None:
    drop("1.eml", "payer2@example.com", "Kontoauszug")
    desk.read_mails()
    drop("again.eml", "payer2@example.com", "Kontoauszug")
    facts = desk.read_mails().facts
    assert (facts["asked_count"], facts["repeated_count"]) == (0, 1)
    assert len(desk.requests(RequestFilter())) == 1


def test_an_address_of_two_payers_is_for_a_person(
    desk: DocumentRequestDesk, drop: Drop, database: Database
) -> None:
    with database.transaction() as connection:
        connection.exec_driver_sql(
            """insert into payer_version (payer_id, company_id, content, content_sha256, batch_id)
            select 4, 1, replace(content, 'Payer 2', 'Payer 4'), sha256(convert_to(
                replace(content, 'Payer 2', 'Payer 4'), 'UTF8')), batch_id
            from payer_version where payer_id = 2"""
        )
    drop("1.eml", "payer2@example.com", "Statement")
    drop("2.eml", "payer4@example.com", "Statement")
    assert desk.read_mails().facts["person_count"] == 2


def test_without_a_folder_nothing_is_read(desk: DocumentRequestDesk) -> None:
    desk.billing.settings = desk.billing.settings.model_copy(update={"request_folder": None})
    assert (desk.has_mailbox, desk.mail_count()) == (False, 0)
    with pytest.raises(BillingError, match="request_folder_unset"):
        desk.read_mails()
