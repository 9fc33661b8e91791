"""Letting payers in without a page: limits come before any look-up, and faults of mail tell nobody."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.domain.portal_access import LINKS_OF_ADDRESS, LINKS_OF_CLIENT
from billing_assets.store.connection import Database
from billing_assets.wiring.payer_access import PayerAccess
from billing_assets_tests.books import billing_over
from billing_assets_tests.payers import EMAILS, link_of
from billing_assets_tests.payers import prepare_payers as prepare  # noqa: F401 - the database fixture asks


@pytest.fixture
def access(database: Database, tmp_path: Path) -> Iterator[PayerAccess]:
    """Nobody listens on port 9 of this machine: no mail goes out."""
    with ExitStack() as stack:
        billing = billing_over(
            database, tmp_path, stack, portal_url="http://127.0.0.1:8000", smtp_host="127.0.0.1", smtp_port=9
        )
        yield PayerAccess(billing, 1)


def test_known_and_other_addresses_are_counted_alike_and_clients_over_all_of_them(
    access: PayerAccess,
) -> None:
    for email in (EMAILS["K1"], "nobody@example.com"):
        allowed = [access.may_ask(email, "192.0.2.1") for _ in range(LINKS_OF_ADDRESS + 1)]
        assert allowed == [True] * LINKS_OF_ADDRESS + [False]
    asked = 2 * (LINKS_OF_ADDRESS + 1)
    for number in range(LINKS_OF_CLIENT - asked):
        assert access.may_ask(f"{number}@example.com", "192.0.2.1")
    with pytest.raises(BillingError) as caught:
        access.may_ask("another@example.com", "192.0.2.1")
    assert caught.value.code == "portal_throttled"
    assert access.may_ask("another@example.com", "192.0.2.2")


def test_a_mail_that_cannot_be_sent_is_logged_without_its_address(
    access: PayerAccess, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        access.mail_links(EMAILS["K1"], "en")
        access.mail_links("nobody@example.com", "en")
    assert [record.getMessage() for record in caplog.records] == [
        "links to the portal could not be mailed: connect_failed"
    ]


def test_a_fault_of_ours_reaches_nobody_and_leaves_no_address_in_the_log(
    access: PayerAccess, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> None:
        raise RuntimeError(EMAILS["K1"])

    monkeypatch.setattr(access, "_mail_links", fail)
    with caplog.at_level(logging.WARNING):
        access.mail_links(EMAILS["K1"], "en")
    assert EMAILS["K1"] not in caplog.text
    assert "RuntimeError" in caplog.text


def test_a_session_is_of_one_payer_and_ends(access: PayerAccess, database: Database) -> None:
    token = access.use_link(link_of(database, 2))
    payer = access.signed_in(token)
    assert payer is not None
    assert (payer.payer_id, payer.payer_key) == (2, "K2")
    access.sign_out(token, payer)
    assert access.signed_in(token) is None
    with pytest.raises(BillingError) as caught:
        access.use_link("made up")
    assert caught.value.code == "payer_link_over"
