"""What was refused for now is tried again in time, what is final never."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_assets.domain.decisions import GIVEN_UP_REASON
from billing_assets.domain.deliveries import CHANNEL_FAULTS, HELD, MAX_ATTEMPTS, DeliveryState, SendResult
from billing_assets.domain.delivery_waits import (
    CHANNEL_WAIT,
    WAIT_MINUTES,
    NextStep,
    Patience,
    next_step,
    waits_of,
)

NOON = datetime(2025, 1, 31, 9, tzinfo=UTC)


def result(state: DeliveryState, reason: str = "refused_for_now") -> SendResult:
    return SendResult(state=state, reply_code=450, reason_code=reason, reply_text="")


@pytest.mark.parametrize("state", [each for each in DeliveryState if each is not DeliveryState.QUEUED])
def test_only_what_waits_is_tried_again(state: DeliveryState) -> None:
    assert Patience().next_attempt_at(result(state), 0, NOON) is None


def test_the_first_attempts_fall_on_the_same_day() -> None:
    at, instants = NOON, []
    for count in range(4):
        following = Patience().next_attempt_at(result(DeliveryState.QUEUED), count, at)
        assert following is not None
        instants.append(at := following)
    assert [each.strftime("%H:%M") for each in instants] == ["09:15", "10:15", "13:15", "16:15"]
    assert {each.date() for each in instants} == {NOON.date()}


@pytest.mark.parametrize("reason", sorted(CHANNEL_FAULTS))
def test_a_fault_of_the_channel_costs_a_message_no_wait_of_its_own(reason: str) -> None:
    for count in (0, 5):
        assert (
            Patience().next_attempt_at(result(DeliveryState.QUEUED, reason), count, NOON)
            == NOON + CHANNEL_WAIT
        )


@given(
    st.sampled_from(["greylisted", "mailbox_full", "refused_for_now"]),
    st.integers(min_value=0, max_value=MAX_ATTEMPTS * 3),
)
def test_waits_never_grow_shorter_and_never_end(reason: str, count: int) -> None:
    first = Patience().next_attempt_at(result(DeliveryState.QUEUED, reason), count, NOON)
    second = Patience().next_attempt_at(result(DeliveryState.QUEUED, reason), count + 1, NOON)
    assert first is not None
    assert second is not None
    assert NOON < first <= second <= NOON + timedelta(days=1)


def test_the_waits_of_the_settings_are_those_of_reasons_without_their_own() -> None:
    own = Patience(waits=waits_of("7"))
    assert own.next_attempt_at(result(DeliveryState.QUEUED), 3, NOON) == NOON + timedelta(minutes=7)
    assert Patience().next_attempt_at(
        result(DeliveryState.QUEUED, "greylisted"), 0, NOON
    ) == NOON + timedelta(minutes=6)
    assert waits_of(WAIT_MINUTES)[0] == timedelta(minutes=15)


def test_who_asks_to_be_left_alone_for_longer_is() -> None:
    asked = replace(result(DeliveryState.QUEUED), retry_after_seconds=7200)
    assert Patience().next_attempt_at(asked, 0, NOON) == NOON + timedelta(hours=2)
    assert Patience().next_attempt_at(asked, 2, NOON) == NOON + timedelta(hours=3)


def test_a_fault_of_an_endpoint_is_that_of_its_receiver() -> None:
    down = result(DeliveryState.QUEUED, "connect_failed")
    assert Patience().next_attempt_at(down, 1, NOON, counts_faults=True) == NOON + timedelta(hours=1)


def test_every_state_has_a_next_step() -> None:
    assert next_step("queued", HELD, has_instant=False) is NextStep.ON_DAY
    assert next_step("queued", "", has_instant=False) is NextStep.AT_ONCE
    assert next_step("sending", "", has_instant=False) is NextStep.IN_HAND
    assert next_step("failed", "no_address", has_instant=False, is_untried=True) is NextStep.ADDRESS
    assert next_step("failed", "no_address", has_instant=False) is NextStep.PERSON
    assert next_step("unknown", "sender_died", has_instant=False) is NextStep.PERSON
    assert next_step("failed", GIVEN_UP_REASON, has_instant=False) is NextStep.NONE
    assert next_step("sent", "accepted", has_instant=False) is NextStep.NONE


def test_another_channel_has_another_next_step() -> None:
    assert next_step("failed", "mailbox_unavailable", has_instant=False, has_next_way=True) is (
        NextStep.NEXT_WAY
    )
    assert next_step("queued", "", has_instant=False, channel="print_post") is NextStep.POST
    assert next_step("queued", HELD, has_instant=False, channel="print_post") is NextStep.ON_DAY
    assert next_step("queued", "", has_instant=False, channel="api_push") is NextStep.AT_ONCE
