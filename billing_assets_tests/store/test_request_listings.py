"""Lists of requests: what a person has to do comes first, the oldest first."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from billing_assets.domain.document_requests import DocumentWish, RequestChannel, WantedDocument
from billing_assets.domain.errors import BillingError
from billing_assets.domain.notifications import EventKind
from billing_assets.steps.collect_notification_events import Patience, moments_of
from billing_assets.store.connection import Database
from billing_assets.store.notification_events import SqlEventStore
from billing_assets.store.request_listings import RequestFilter
from billing_assets.wiring.build import utc_now
from billing_assets.wiring.document_request_desk import DocumentRequestDesk
from billing_assets_tests.requested_books import asking, bill_and_pay, desk_over

prepare = bill_and_pay
COPY = WantedDocument(document_kind=DocumentWish.INVOICE_COPY, document_numbers=("INV-00000002",))


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Iterator[DocumentRequestDesk]:
    with ExitStack() as stack:
        yield desk_over(database, tmp_path, stack)


def test_what_there_is_to_do_is_listed_oldest_first(desk: DocumentRequestDesk) -> None:
    began_at = utc_now()
    by_post, _ = desk.ask(asking("post", COPY, "K2", channel=RequestChannel.POST))
    desk.ask(asking("download", COPY, "K2"))
    foreign, _ = desk.ask(asking("foreign", COPY, "K1"))
    desk.answer()
    assert desk.answered_since(began_at) == {"invoice_copy": 2}
    to_do = [row.document_request_id for row in desk.requests(RequestFilter(to_do=True))]
    assert to_do == [by_post, foreign]
    assert desk.counts() == {"asked_count": 0, "waiting_count": 1, "to_hand_over_count": 1}
    newest = [row.document_request_id for row in desk.requests(RequestFilter(limit=2))]
    assert newest == sorted(newest, reverse=True)
    assert [row.payer_key for row in desk.requests(RequestFilter(payer_key="K1"))] == ["K1"]
    assert len(desk.requests(RequestFilter(before_id=newest[-1]))) == 1


def test_that_something_waits_is_told_once_and_again_when_one_more_does(desk: DocumentRequestDesk) -> None:
    store = SqlEventStore(desk.database)
    (company,) = store.companies()

    def told() -> list[int | None]:
        events = store.new_events(company, moments_of(company, Patience(), utc_now()))
        found = [each for each in events if each.event_kind is EventKind.REQUESTS_WAITING]
        store.add_events(found, utc_now())
        return [each.item_count for each in found]

    assert told() == []
    for number in (1, 2):
        desk.ask(asking(f"foreign {number}", COPY, "K1"))
        desk.answer()
        assert told() == [number]
        assert told() == []
    desk.refuse(desk.requests(RequestFilter(to_do=True))[-1].document_request_id, note="no", by="ana")
    assert told() == []


def test_what_is_not_there_is_said(desk: DocumentRequestDesk) -> None:
    with pytest.raises(BillingError, match="no request 77"):
        desk.request(77)
    with pytest.raises(BillingError, match="no document 1"):
        desk.document(77)
