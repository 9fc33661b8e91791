"""Handing out: what is fetched is the first rendering, and who has not fetched it cannot say so."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import text

from billing_assets.domain.errors import BillingError
from billing_assets.steps.hand_out_documents import HandOut
from billing_assets.store.connection import Database
from billing_assets.wiring.build import Billing, utc_now
from billing_assets.wiring.key_desk import KeyDesk
from billing_assets_tests.books import billing_over, change_channels
from billing_assets_tests.databases import Prepare
from billing_assets_tests.paid_books import rows
from billing_assets_tests.steps.outbox import bill_february


def prepare(database: Database, home: Path) -> None:
    """Bill February; a payer has a broker that fetches, and the document waits."""
    bill_february(database, home)
    change_channels(database, 1, "pull", "broker")
    with ExitStack() as stack:
        billing = billing_over(database, home, stack)
        KeyDesk(database, 1, billing.settings).add("broker", ["documents:pull"], partner_code="broker")
        billing.documents.queue(1, None, "alondra.example.com")


@pytest.fixture
def preparation() -> Prepare:
    return prepare


@pytest.fixture
def billing(database: Database, tmp_path: Path) -> Iterator[Billing]:
    with ExitStack() as stack:
        yield billing_over(database, tmp_path, stack)


def hand_out(billing: Billing, today: date = date(2030, 1, 1)) -> HandOut:
    return HandOut(1, "broker", today, store=billing.documents, press=billing.press)


def test_it_is_the_first_rendering_each_time_and_is_kept(billing: Billing) -> None:
    (waiting,) = hand_out(billing).waiting(0, 10)
    _, first = hand_out(billing).fetched(waiting.delivery_id)
    _, second = hand_out(billing).fetched(waiting.delivery_id)
    assert first == second
    kept = rows(
        billing.database, "select encode(pdf_sha256, 'hex') from document where pdf_sha256 is not null"
    )
    assert (sha256(first).hexdigest(),) in kept


def test_what_prints_differently_than_at_first_is_not_handed_out(billing: Billing) -> None:
    (waiting,) = hand_out(billing).waiting(0, 10)
    other = """
        update document set pdf_sha256 = sha256('x'), pdf_size = 1, rendered_at = now()
        where document_id = :id
    """
    with billing.database.transaction() as connection:
        connection.execute(text(other), {"id": waiting.job.document_id})
    with pytest.raises(BillingError) as refused:
        hand_out(billing).fetched(waiting.delivery_id)
    assert refused.value.code == "rendering_changed"


def test_who_never_fetched_cannot_acknowledge(billing: Billing) -> None:
    (waiting,) = hand_out(billing).waiting(0, 10)
    number = waiting.delivery_id
    with pytest.raises(BillingError) as refused:
        hand_out(billing).acknowledge(number, sha256(b"").hexdigest(), utc_now)
    assert refused.value.code == "content_differs"
    _, pdf = hand_out(billing).fetched(number)
    hand_out(billing).acknowledge(number, sha256(pdf).hexdigest().upper(), utc_now)
    with pytest.raises(BillingError, match="no delivery"):
        hand_out(billing).fetched(number)
