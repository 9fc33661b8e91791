"""The worklist of deliveries: what a person still has to deal with, and what became of each."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from billing_assets.domain.decisions import Decision
from billing_assets.domain.deliveries import DeliveryState, SendResult
from billing_assets.domain.errors import BillingError
from billing_assets.steps.delivery_ports import DecisionOrder, Finished
from billing_assets.store.connection import Database
from billing_assets.store.delivery_listings import (
    DeliveryDetail,
    DeliveryFilter,
    DeliveryRow,
    count_deliveries,
    count_given_up,
    count_reasons,
    deliveries_of,
    list_undelivered,
    list_waiting_dates,
    show_delivery,
)
from billing_assets.wiring.build import Billing
from billing_assets_tests.books import AT, billing_over, change_address, fill_book

JANUARY, FEBRUARY = date(2024, 1, 31), date(2024, 2, 1)
STRANGER = 2
WITHOUT_ADDRESS = 3
REFUSED = SendResult(
    state=DeliveryState.FAILED, reply_code=550, reason_code="mailbox_unavailable", reply_text="no"
)


def prepare(database: Database, home: Path) -> None:
    """Bill ten policies and queue nine messages; nobody has an address of the third payer."""
    fill_book(database, 10)
    with ExitStack() as stack:
        billing = billing_over(database, home, stack)
        billing.invoice(billing.order(JANUARY))
        billing.documents.make_documents(1, None)
        billing.documents.queue(1, None, "alondra.example.com")


@pytest.fixture
def billing(database: Database, tmp_path: Path) -> Iterator[Billing]:
    """The program over ten invoices of one run."""
    with ExitStack() as stack:
        yield billing_over(database, tmp_path, stack)


def listed(billing: Billing, company_id: int = 1, **wanted: object) -> list[DeliveryRow]:
    with billing.database.transaction() as connection:
        return list_undelivered(connection, company_id, DeliveryFilter(**wanted))  # type: ignore[arg-type]


def shown(billing: Billing, delivery_id: int) -> DeliveryDetail:
    with billing.database.transaction() as connection:
        return show_delivery(connection, 1, delivery_id)


def answer(billing: Billing, result: SendResult) -> int:
    row = billing.documents.next_deliveries(1, None, 0, 1)[0]
    billing.documents.hand_over(None, row)
    billing.documents.hand_over(Finished(row=row, result=result, ended_at=AT), None)
    return row.delivery_id


def give_up(billing: Billing, delivery_id: int) -> None:
    billing.resolve(
        DecisionOrder(
            delivery_ids=(delivery_id,), decision=Decision.GIVEN_UP, note="sent by post", decided_by="ana"
        )
    )


def test_undelivered_rows_say_why(billing: Billing) -> None:
    (failed,) = listed(billing, state="failed")
    assert (failed.reason_code, failed.has_newer_address) == ("no_address", False)
    assert len(listed(billing, limit=3)) == 3
    assert listed(billing, billing_date=date(2024, 1, 30)) == []


def test_states_are_counted(billing: Billing) -> None:
    with billing.database.transaction() as connection:
        assert count_deliveries(connection, 1) == {"queued": 9, "failed": 1}
        assert count_deliveries(connection, 1, run_id=1) == {"queued": 9, "failed": 1}


def test_why_deliveries_are_not_sent_is_counted_by_reason(billing: Billing) -> None:
    with billing.database.transaction() as connection:
        counted = [(row.state, row.reason_code, row.delivery_count) for row in count_reasons(connection, 1)]
    assert counted == [("queued", "", 9), ("failed", "no_address", 1)]
    give_up(billing, WITHOUT_ADDRESS)
    with billing.database.transaction() as connection:
        assert [row.state for row in count_reasons(connection, 1)] == ["queued"]
        assert len(count_reasons(connection, 1, with_given_up=True)) == 2


def test_what_is_given_up_leaves_the_worklist_and_is_still_counted(billing: Billing) -> None:
    give_up(billing, WITHOUT_ADDRESS)
    assert listed(billing, state="failed") == []
    assert [row.delivery_id for row in listed(billing, state="failed", with_given_up=True)] == [
        WITHOUT_ADDRESS
    ]
    with billing.database.transaction() as connection:
        assert count_deliveries(connection, 1)["failed"] == 1
        assert count_given_up(connection, 1) == 1
        assert count_given_up(connection, STRANGER) == 0


def test_a_newer_address_than_the_last_attempt_used_shows(billing: Billing) -> None:
    number = answer(billing, REFUSED)
    assert not shown(billing, number).delivery.has_newer_address
    change_address(billing.database, number, "new@example.com")
    assert shown(billing, number).delivery.has_newer_address
    change_address(billing.database, number, "")
    assert not shown(billing, number).delivery.has_newer_address


def test_a_newer_address_that_was_refused_too_is_not_newer_any_more(billing: Billing) -> None:
    change_address(billing.database, 1, "new@example.com")
    number = answer(billing, REFUSED)
    assert number == 1
    assert not shown(billing, number).delivery.has_newer_address
    change_address(billing.database, 1, "payer1@example.com")
    assert shown(billing, number).delivery.has_newer_address


def test_an_address_that_came_in_shows_before_any_attempt(billing: Billing) -> None:
    change_address(billing.database, WITHOUT_ADDRESS, "found@example.com")
    (failed,) = listed(billing, state="failed")
    assert failed.has_newer_address


def test_one_delivery_shows_its_attempts_and_decisions(billing: Billing) -> None:
    later = replace(REFUSED, state=DeliveryState.QUEUED, reply_code=450, reason_code="greylisted")
    number = answer(billing, later)
    assert answer(billing, REFUSED) == number
    give_up(billing, number)
    detail = shown(billing, number)
    assert [(row.attempt_number, row.state, row.reply_code) for row in detail.attempts] == [
        (1, "queued", 450),
        (2, "failed", 550),
    ]
    assert [(row.decision, row.note) for row in detail.decisions] == [("given-up", "sent by post")]
    assert "@" not in detail.delivery.reply_text


def test_another_company_sees_nothing(billing: Billing) -> None:
    assert listed(billing, STRANGER) == []
    with billing.database.transaction() as connection:
        assert len(deliveries_of(connection, 1, 1)) == 1
        assert deliveries_of(connection, STRANGER, 1) == []
        with pytest.raises(BillingError) as caught:
            show_delivery(connection, STRANGER, 1)
    assert caught.value.code == "delivery_unknown"


def waiting_dates(billing: Billing, today: date = JANUARY) -> list[date]:
    with billing.database.transaction() as connection:
        return list_waiting_dates(connection, 1, today, at=datetime.now(UTC))


def test_a_date_waits_while_a_message_of_it_can_be_sent(billing: Billing) -> None:
    assert waiting_dates(billing) == billing.waiting_dates() == [JANUARY]
    set_state(billing, "failed", "refused_too_often", "state = 'queued'")
    assert waiting_dates(billing) == []


def test_a_date_waits_again_once_an_address_that_was_missing_is_known(billing: Billing) -> None:
    set_state(billing, "sent", "", "state = 'queued'")
    assert waiting_dates(billing) == []
    change_address(billing.database, WITHOUT_ADDRESS, "new@example.com")
    assert waiting_dates(billing) == [JANUARY]


def test_a_date_whose_messages_are_all_held_waits_from_the_day_they_may_leave(billing: Billing) -> None:
    with billing.database.transaction() as connection:
        connection.execute(text("set local role none"))
        connection.execute(text("update billing.delivery set send_date = :day"), {"day": FEBRUARY})
    assert waiting_dates(billing) == []
    assert waiting_dates(billing, FEBRUARY) == [JANUARY]


def set_state(billing: Billing, state: str, reason_code: str, condition: str) -> None:
    with billing.database.transaction() as connection:
        connection.execute(
            text(f"update delivery set state = :state, reason_code = :reason where {condition}"),
            {"state": state, "reason": reason_code},
        )
