"""What did not reach its payer on one way goes on the next that the payer takes, once."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text

from billing_assets.domain.decisions import Decision
from billing_assets.domain.deliveries import PRINT_FAULTS, DeliveryState, SendResult, message_id
from billing_assets.domain.delivery_waits import NextStep
from billing_assets.domain.errors import BillingError
from billing_assets.domain.push_endpoints import PushEndpointRow
from billing_assets.steps.delivery_ports import DecisionOrder, Finished, Which
from billing_assets.store.connection import Database
from billing_assets.store.delivery_fallbacks import DECIDED_BY
from billing_assets.store.delivery_listings import find_deliveries
from billing_assets.store.push_endpoints import SqlEndpointStore
from billing_assets.store.sealed_texts import Sealer
from billing_assets.wiring.build import Billing
from billing_assets_tests.books import AT, COMPANY, billing_over, change_address, change_channels, fill_book
from billing_assets_tests.steps.outbox import broken_invariants

FEBRUARY = date(2024, 2, 1)
REFUSED = SendResult(
    state=DeliveryState.FAILED, reply_code=550, reason_code="mailbox_unavailable", reply_text="no"
)
POST = Which(channels=("print_post",))


def prepare(database: Database, home: Path) -> None:
    """Bill four policies and make their documents; the third payer has no e-mail address."""
    fill_book(database, 4)
    with ExitStack() as stack:
        billing = billing_over(database, home, stack)
        billing.invoice(billing.order(FEBRUARY))
        billing.documents.make_documents(1, FEBRUARY)
    change_address(database, 3, "")


@pytest.fixture
def billing(database: Database, tmp_path: Path) -> Iterator[Billing]:
    with ExitStack() as stack:
        yield billing_over(database, tmp_path, stack)


def broken(billing: Billing) -> list[str]:
    """Return what is wrong with deliveries; the later book of this test is none that was imported."""
    return [each for each in broken_invariants(billing) if each.startswith(("delivery", "document"))]


def queue(billing: Billing) -> int:
    return billing.documents.queue(1, FEBRUARY, COMPANY.message_domain).fallen_back_count


def outbox(billing: Billing, payer: int) -> list[tuple[str, str, str]]:
    query = text("""
        select v.channel, v.state, v.reason_code from delivery v join document using (document_id)
        join invoice i using (invoice_id) where i.payer_id = :payer order by v.delivery_id
    """)
    with billing.database.transaction() as connection:
        return [tuple(row) for row in connection.execute(query, {"payer": payer})]


def answer(billing: Billing, payer: int, result: SendResult) -> None:
    """Let the row of a payer that waits to be e-mailed come to this."""
    key = f"K{payer}"
    rows = billing.documents.next_deliveries(1, None, 0, 100)
    row = next(row for row in rows if row.job.invoice.payer.payer_key == key)
    billing.documents.hand_over(None, row)
    billing.documents.hand_over(Finished(row=row, result=result, ended_at=AT), None)


def endpoints(billing: Billing) -> SqlEndpointStore:
    return SqlEndpointStore(billing.database, lambda: AT, Sealer())


def test_the_first_channel_that_has_what_it_needs_is_taken(billing: Billing) -> None:
    change_channels(billing.database, 1, "print_post email")
    change_channels(billing.database, 3, "email print_post")
    change_channels(billing.database, 4, "api_push", "broker")
    assert queue(billing) == 0
    assert outbox(billing, 1) == [("print_post", "queued", "")]
    assert outbox(billing, 2) == [("email", "queued", "")]
    assert outbox(billing, 3) == [("print_post", "queued", "")]
    assert outbox(billing, 4) == [("api_push", "failed", "no_address")]
    assert broken(billing) == []


def test_an_endpoint_that_is_set_sends_what_waited_for_it_and_one_that_is_removed_stops_it(
    billing: Billing,
) -> None:
    change_channels(billing.database, 4, "api_push", "broker")
    queue(billing)
    endpoints(billing).set(1, "broker", "https://broker.example/in", ["whsec_x"], "ana")
    queue(billing)
    assert outbox(billing, 4) == [("api_push", "queued", "")]
    endpoints(billing).remove(1, "broker", "ana")
    queue(billing)
    assert outbox(billing, 4) == [("api_push", "failed", "no_address")]


def test_a_refusal_falls_back_once_with_its_decision(billing: Billing) -> None:
    change_channels(billing.database, 1, "email print_post")
    queue(billing)
    answer(billing, 1, REFUSED)
    assert billing.waiting_dates() == [FEBRUARY]
    assert (queue(billing), queue(billing)) == (1, 0)
    assert outbox(billing, 1) == [("email", "failed", "given_up"), ("print_post", "queued", "")]
    (letter,) = billing.documents.next_deliveries(1, None, 0, 10, which=POST)
    number = letter.job.invoice.invoice_number
    assert letter.message_id == message_id("alondra", number, "print_post", "issue", COMPANY.message_domain)
    with billing.database.transaction() as connection:
        query = "select decision, decided_by, note, reason_before from delivery_decision"
        assert [tuple(row) for row in connection.execute(text(query))] == [
            ("given-up", DECIDED_BY, "goes by print_post now", "mailbox_unavailable")
        ]
    assert broken(billing) == []


def test_without_another_channel_it_waits_for_a_person(billing: Billing) -> None:
    queue(billing)
    answer(billing, 1, REFUSED)
    assert queue(billing) == 0
    assert outbox(billing, 1) == [("email", "failed", "mailbox_unavailable")]


@pytest.mark.parametrize("reason", ["sender_died", *sorted(PRINT_FAULTS)])
def test_what_may_have_arrived_or_cannot_be_printed_stays(billing: Billing, reason: str) -> None:
    change_channels(billing.database, 1, "email print_post")
    queue(billing)
    state = DeliveryState.UNKNOWN if reason == "sender_died" else DeliveryState.FAILED
    answer(billing, 1, replace(REFUSED, state=state, reason_code=reason))
    assert queue(billing) == 0
    assert len(outbox(billing, 1)) == 1


def test_what_a_person_has_sent_again_stays_with_that_person(billing: Billing) -> None:
    change_channels(billing.database, 1, "email")
    queue(billing)
    answer(billing, 1, REFUSED)
    billing.resolve(
        DecisionOrder(delivery_ids=(1,), decision=Decision.AGAIN, note="it was mended", decided_by="ana")
    )
    change_channels(billing.database, 1, "email print_post")
    answer(billing, 1, REFUSED)
    assert queue(billing) == 0


def test_a_channel_that_a_later_book_brings_takes_what_had_failed(billing: Billing) -> None:
    queue(billing)
    answer(billing, 2, REFUSED)
    change_channels(billing.database, 2, "email print_post")
    assert queue(billing) == 1
    assert outbox(billing, 2)[1] == ("print_post", "queued", "")


def test_what_goes_by_post_is_handed_to_no_mail_server(billing: Billing) -> None:
    for payer in (1, 2, 3, 4):
        change_channels(billing.database, payer, "print_post")
    queue(billing)
    assert billing.documents.next_deliveries(1, None, 0, 10) == []
    assert billing.documents.queued_counts(1, None) == (0, 0)
    assert billing.documents.queued_counts(1, None, which=POST) == (4, 0)
    assert billing.waiting_dates() == []


def test_endpoints_are_listed_without_secrets_and_opened_with_them(billing: Billing) -> None:
    store = endpoints(billing)
    store.set(1, "broker", "https://broker.example/in?token=abc", ["whsec_new", "whsec_old"], "ana")
    (row,) = store.listed(1)
    assert row == PushEndpointRow(
        endpoint_code="broker", host="broker.example", secret_count=2, added_by="ana", added_at=AT
    )
    assert store.opened(1, "broker").secrets == ("whsec_new", "whsec_old")
    assert "whsec" not in repr(store.opened(1, "broker"))


def test_a_channel_that_the_payer_takes_no_more_is_not_used(billing: Billing) -> None:
    queue(billing)
    change_channels(billing.database, 1, "print_post")
    assert "K1" not in {
        row.job.invoice.payer.payer_key for row in billing.documents.next_deliveries(1, None, 0, 9)
    }
    assert queue(billing) == 1
    assert outbox(billing, 1) == [("email", "failed", "given_up"), ("print_post", "queued", "")]


def test_what_goes_another_way_is_not_sent_again_beside_it(billing: Billing) -> None:
    change_channels(billing.database, 1, "email print_post")
    queue(billing)
    answer(billing, 1, REFUSED)
    queue(billing)
    order = DecisionOrder(delivery_ids=(1,), decision=Decision.AGAIN, note="once more", decided_by="ana")
    with pytest.raises(BillingError) as caught:
        billing.resolve(order)
    assert caught.value.code == "delivery_goes_another_way"
    assert "print_post" in caught.value.found


def test_a_list_says_by_which_channel_a_failed_one_goes_next(billing: Billing) -> None:
    change_channels(billing.database, 1, "email print_post")
    queue(billing)
    answer(billing, 1, REFUSED)
    with billing.database.transaction() as connection:
        (row,) = find_deliveries(connection, 1, [1])
        assert (row.next_step, row.next_way) == (NextStep.NEXT_WAY, "print_post")
    queue(billing)
    with billing.database.transaction() as connection:
        rows = find_deliveries(connection, 1, range(1, 20))
    assert {row.channel: row.next_step for row in rows if row.other_way or row.channel == "print_post"} == {
        "email": NextStep.NONE,
        "print_post": NextStep.POST,
    }
