"""The desk of a payer makes nothing of what is not theirs, whatever it is asked for."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from billing_assets.domain.document_links import DocumentLink
from billing_assets.domain.errors import BillingError
from billing_assets.domain.portal_access import SignedInPayer
from billing_assets.store.connection import Database
from billing_assets.wiring.build import utc_now
from billing_assets.wiring.desk import Desk
from billing_assets.wiring.payer_desk import PayerDesk, desk_of_link
from billing_assets_tests.books import billing_over
from billing_assets_tests.paid_books import open_of
from billing_assets_tests.payers import BILLS
from billing_assets_tests.payers import prepare_payers as prepare  # noqa: F401 - the database fixture asks


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Iterator[Desk]:
    with ExitStack() as stack:
        yield Desk(billing_over(database, tmp_path, stack))


def of(desk: Desk, payer_id: int) -> PayerDesk:
    return PayerDesk(desk, SignedInPayer(company_id=1, payer_id=payer_id, payer_key=f"K{payer_id}"))


def test_what_is_another_payers_is_not_there_by_any_way(desk: Desk) -> None:
    own, number = of(desk, 1), BILLS["K2"][0]
    for ask in (own.invoice, own.pdf, lambda name: own.explain(name, "en")):
        with pytest.raises(BillingError) as caught:
            ask(number)
        assert caught.value.code == "not_yours"


def test_the_account_is_what_is_open_of_the_payer(desk: Desk, database: Database) -> None:
    account = of(desk, 2).account()
    assert [balance.open_minor for balance in account.balances] == [sum(open_of(database, 2))]
    assert [row.document_number for row in account.open_documents] == [*BILLS["K2"]]
    assert account.name == "Payer 2"


def test_one_document_is_whole_and_agrees_with_where_it_stands(desk: Desk) -> None:
    found = of(desk, 1).invoice(BILLS["K1"][0])
    settlement = found.detail.settlement
    assert settlement is not None
    assert (found.document.open_minor, found.document.paid_minor) == (
        settlement.open_minor,
        settlement.paid_minor,
    )


def test_a_link_opens_the_desk_of_its_payer_and_of_no_other(desk: Desk) -> None:
    invoice_id = desk.invoice(BILLS["K1"][0]).invoice.invoice_id
    ahead = utc_now() + timedelta(days=1)
    link = DocumentLink(company_id=1, payer_id=1, invoice_id=invoice_id, expires_at=ahead)
    own, number = desk_of_link(desk, link)
    assert (own.payer.payer_id, number) == (1, BILLS["K1"][0])
    foreign = DocumentLink(company_id=1, payer_id=2, invoice_id=invoice_id, expires_at=ahead)
    with pytest.raises(BillingError) as caught:
        desk_of_link(desk, foreign)
    assert caught.value.code == "not_yours"
