"""Statuses are told and sent: signed, in order for each policy, each with the id of its event."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.domain.status_subscriptions import StatusDecision, SubscriptionState
from billing_assets.domain.statuses import StatusKind, event_id, kinds_of
from billing_assets.store.connection import Database
from billing_assets.wiring import status_desk
from billing_assets.wiring.build import utc_now
from billing_assets.wiring.status_desk import StatusDesk
from billing_assets_tests.books import billing_over
from billing_assets_tests.channels.api_push.samples import NEW_SECRET, is_signed
from billing_assets_tests.channels.outbound.servers import Call, HttpLab, Script, answering, taking
from billing_assets_tests.paid_books import bill_monthly, rows

prepare = bill_monthly
ISSUED = 6


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Iterator[StatusDesk]:
    with ExitStack() as stack:
        billing = billing_over(database, tmp_path, stack)
        billing.settings = billing.settings.model_copy(
            update={"push_to_loopback": True, "push_timeout_seconds": 1, "delivery_max_attempts": 2}
        )
        yield StatusDesk(billing)


@pytest.fixture
def pass_hours(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Let the clock of sending go on."""
    hours = 0

    def go_on(count: int) -> None:
        nonlocal hours
        hours += count

    def clock() -> Any:
        return utc_now() + timedelta(hours=hours)

    monkeypatch.setattr(status_desk, "utc_now", clock)
    return go_on


def subscribe(desk: StatusDesk, lab: HttpLab, *kinds: str, code: str = "broker-paid") -> None:
    desk.endpoints.set("broker", lab.url(), [NEW_SECRET], "ana")
    if code not in {row.subscription_code for row in desk.listed(with_retired=True)}:
        desk.subscribe(code, "broker", kinds_of(kinds), after_number=0, by="ana")


def send(desk: StatusDesk, script: Script = taking, *kinds: str) -> tuple[HttpLab, dict[str, Any]]:
    with HttpLab(script) as lab:
        subscribe(desk, lab, *kinds)
        facts = dict(desk.send().facts)
    return lab, facts


def refusing(policy: str, status: str = "503 Busy") -> Script:
    """Refuse what is of one policy and take the rest."""

    def script(call: Call) -> None:
        call.hear()
        call.answer(status if policy.encode() in call.heard.body else "200 OK")

    return script


def said(lab: HttpLab) -> list[dict[str, Any]]:
    return [json.loads(heard.body) for heard in lab.heard]


def numbers(lab: HttpLab) -> list[int]:
    return [int(event["sequence"]) for event in said(lab)]


def test_events_are_signed_cloud_events_in_their_order(desk: StatusDesk) -> None:
    desk.tell()
    lab, facts = send(desk, taking, "issued")
    assert facts["sent_count"] == ISSUED
    assert numbers(lab) == sorted(numbers(lab))
    heard = lab.heard[0]
    assert heard.headers["content-type"] == "application/cloudevents+json"
    assert is_signed(heard.headers, heard.body, NEW_SECRET)
    (event,) = desk.feed(0, 1, tuple(StatusKind))
    assert heard.headers["webhook-id"] == said(lab)[0]["id"] == event_id("alondra", event)
    assert said(lab)[0]["data"]["policy_numbers"] == list(event.policy_numbers)
    assert b"Payer" not in heard.body
    assert send(desk)[1]["sent_count"] == 0
    assert not desk.has_news()


def test_a_refused_event_holds_back_its_policy_alone(
    desk: StatusDesk, pass_hours: Callable[[int], None]
) -> None:
    desk.tell()
    lab, facts = send(desk, refusing("POL-00000002"))
    assert (facts["refused_count"], facts["held_back_count"] > 0) == (1, True)
    others = facts["sent_count"]
    assert not desk.has_news()
    assert others + 1 + facts["held_back_count"] == desk.lag().last_number
    assert send(desk)[1]["sent_count"] == 0
    pass_hours(1)
    assert desk.has_news()
    again, facts = send(desk)
    assert facts["sent_count"] == 1 + desk.lag().last_number - others - 1
    refused = next(heard for heard in lab.heard if b"POL-00000002" in heard.body)
    assert again.heard[0].headers["webhook-id"] == refused.headers["webhook-id"]
    assert again.heard[0].body == refused.body
    assert numbers(again) == sorted(numbers(again))
    assert desk.waiting("broker-paid") == []


def test_after_the_last_attempt_a_person_decides(desk: StatusDesk, pass_hours: Callable[[int], None]) -> None:
    desk.tell()
    send(desk, refusing("POL-00000002"))
    pass_hours(1)
    assert send(desk, refusing("POL-00000002"))[1]["failed_count"] == 1
    failed, *behind = desk.waiting("broker-paid")
    assert (failed.state, failed.owner, failed.attempt_count) == ("failed", "billing operations", 2)
    pass_hours(1000)
    assert not desk.has_news()
    assert send(desk)[1]["sent_count"] == 0
    assert [(row.subscription_code, row.failed_count) for row in desk.stuck()] == [("broker-paid", 1)]
    desk.decide("broker-paid", failed.event_number, StatusDecision.SKIP, reason="they have it", by="ana")
    assert send(desk)[1]["sent_count"] == len(behind)
    with pytest.raises(BillingError, match="does not wait"):
        desk.decide("broker-paid", failed.event_number, StatusDecision.AGAIN, reason="once more", by="ana")


def test_what_is_refused_for_good_may_be_sent_again(desk: StatusDesk) -> None:
    desk.tell()
    lab, facts = send(desk, refusing("POL-00000003", "400 Bad Request"), "issued")
    assert facts["failed_count"] == 1
    failed = desk.waiting("broker-paid")[0]
    desk.decide("broker-paid", failed.event_number, StatusDecision.AGAIN, reason="mended", by="ana")
    again, facts = send(desk)
    assert facts["sent_count"] == 2
    assert {event["id"] for event in said(again)} & {event["id"] for event in said(lab)}


def test_an_answer_that_tells_nothing_is_asked_again_with_the_same_id(
    desk: StatusDesk, pass_hours: Callable[[int], None]
) -> None:
    desk.tell()

    def falling_silent(call: Call) -> None:
        call.hear()
        call.reset()

    lab, facts = send(desk, falling_silent, "issued")
    assert facts["refused_count"] == 3
    pass_hours(1)
    again, facts = send(desk)
    assert facts["sent_count"] == ISSUED
    assert {event["id"] for event in said(lab)} < {event["id"] for event in said(again)}


def test_an_endpoint_that_is_down_is_left_alone_until_its_events_are_due(
    desk: StatusDesk, pass_hours: Callable[[int], None]
) -> None:
    desk.tell()
    lab, _ = send(desk, answering("503 Busy"))
    assert len(lab.heard) == 3
    assert send(desk, answering("503 Busy"))[0].heard == []
    assert not desk.has_news()
    pass_hours(1)
    assert len(numbers(send(desk)[0])) == desk.lag().last_number


def test_a_replay_sends_everything_from_a_point_with_the_same_ids(desk: StatusDesk) -> None:
    desk.tell()
    first = said(send(desk, taking, "issued")[0])
    desk.replay("broker-paid", int(first[2]["sequence"]), reason="their queue was lost", by="ana")
    assert said(send(desk)[0]) == first[2:]
    assert rows(desk.database, "select count(*) from audit_entry where act = 'replay_statuses'") == [(1,)]


def test_a_paused_subscription_waits_and_a_retired_one_ends(desk: StatusDesk) -> None:
    desk.tell()
    with HttpLab() as lab:
        subscribe(desk, lab, "issued")
        desk.set_state("broker-paid", SubscriptionState.PAUSED, reason="they move", by="ana")
        assert desk.send().facts["sent_count"] == 0
        assert not desk.has_news()
        assert desk.listed()[0].behind_count == desk.lag().last_number
        desk.set_state("broker-paid", SubscriptionState.ACTIVE, reason="they are back", by="ana")
        assert desk.send().facts["sent_count"] == ISSUED
        desk.set_state("broker-paid", SubscriptionState.RETIRED, reason="contract ended", by="ana")
        with pytest.raises(BillingError, match="no subscription"):
            desk.waiting("broker-paid")
        with pytest.raises(BillingError, match="there is or was"):
            desk.subscribe("broker-paid", "broker", kinds_of([]), by="ana")
    assert len(lab.heard) == ISSUED


def test_an_endpoint_that_was_removed_makes_no_attempts(desk: StatusDesk) -> None:
    desk.tell()
    send(desk, taking, "paid")
    desk.endpoints.remove("broker", "ana")
    assert desk.send().facts["unreachable_count"] == 1
    with pytest.raises(BillingError, match="no endpoint"):
        desk.subscribe("other", "broker", kinds_of([]), by="ana")
