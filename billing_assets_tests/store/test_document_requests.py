"""Requests in the store: one by its key, final once answered, and of whom an address is."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from billing_assets.domain.document_requests import RequestSource
from billing_assets.domain.errors import BillingError
from billing_assets.store.connection import Database
from billing_assets.store.document_requests import payers_of_addresses
from billing_assets.wiring.document_request_desk import DocumentRequestDesk, new_key
from billing_assets_tests.paid_books import rows
from billing_assets_tests.requested_books import asking, bill_and_pay, desk_over

prepare = bill_and_pay


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Iterator[DocumentRequestDesk]:
    with ExitStack() as stack:
        yield desk_over(database, tmp_path, stack)


def test_an_answered_request_and_a_letter_are_records(desk: DocumentRequestDesk) -> None:
    number, _ = desk.ask(asking("k", payer_key="K2"))
    desk.answer()
    for change in (
        f"update document_request set state = 'asked' where document_request_id = {number}",
        f"update document_request set note = 'x' where document_request_id = {number}",
        f"update letter set record = '' where document_request_id = {number}",
        f"delete from answered_document where document_request_id = {number}",
    ):
        with pytest.raises(Exception, match=r"permission denied|does not change"):
            rows(desk.database, change)
    with desk.database.session() as connection:
        connection.exec_driver_sql("reset role")
        for table in ("letter", "answered_document"):
            with pytest.raises(Exception, match=r"record|immutable|change"), connection.begin_nested():
                connection.exec_driver_sql(f"update billing.{table} set document_number = 'X'")
        connection.rollback()


def test_who_asks_is_known_by_key_or_policy(desk: DocumentRequestDesk) -> None:
    by_policy = asking(
        new_key("cli"), payer_key="", policy_number="POL-00000002", source_kind=RequestSource.CLI
    )
    number, _ = desk.ask(by_policy)
    assert desk.request(number).request.payer_key == "K2"
    for payer_key, policy in (("nobody", ""), ("", "none")):
        with pytest.raises(BillingError, match="no such payer or policy"):
            desk.ask(asking(new_key("cli"), payer_key=payer_key, policy_number=policy))
    for unsound in (asking("x", payer_key=""), asking(" "), asking("y", language="Spanish")):
        with pytest.raises(BillingError, match="cannot be taken"):
            desk.ask(unsound)


def test_an_address_is_the_newest_one_of_a_payer(database: Database) -> None:
    with database.transaction() as connection:
        connection.exec_driver_sql(
            """insert into payer_version (payer_id, company_id, content, content_sha256, batch_id)
            select payer_id, 1, replace(content, 'payer1@', 'ana@'), sha256(convert_to(
                replace(content, 'payer1@', 'ana@'), 'UTF8')), batch_id
            from payer_version where payer_id = 1"""
        )
        asked = ["payer1@example.com", "ANA@example.com", "payer2@example.com", "nobody@example.com", ""]
        found = payers_of_addresses(connection, 1, asked)
        assert found == {"ana@example.com": ["K1"], "payer2@example.com": ["K2"]}
        assert payers_of_addresses(connection, 2, asked) == {}
