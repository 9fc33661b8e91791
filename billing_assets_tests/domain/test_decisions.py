"""Which decision a state allows, and why another is refused."""

import pytest

from billing_assets.domain.decisions import (
    DECISIONS,
    GIVEN_UP_REASON,
    Decision,
    decision_refused,
    delivery_unknown,
    signed,
)
from billing_assets.domain.deliveries import DeliveryState
from billing_assets.domain.errors import BillingError


def test_no_decision_touches_what_was_sent_or_is_being_sent() -> None:
    for rule in DECISIONS.values():
        assert not rule.from_states & {DeliveryState.SENT, DeliveryState.SENDING}


def test_only_an_unknown_delivery_can_turn_out_delivered() -> None:
    assert DECISIONS[Decision.DELIVERED].from_states == {DeliveryState.UNKNOWN}


def test_each_decision_leaves_a_reason_of_its_own() -> None:
    assert len({rule.reason_code for rule in DECISIONS.values()}) == len(Decision)


@pytest.mark.parametrize(
    ("decision", "state", "reason", "code", "todo"),
    [
        (Decision.AGAIN, "sent", "accepted", "delivery_sent", "never sent again"),
        (Decision.DELIVERED, "sending", "", "delivery_sending", "marks the row unknown"),
        (Decision.AGAIN, "queued", "", "decision_refused", "billing deliver"),
        (Decision.DELIVERED, "failed", "mailbox_full", "decision_refused", "--as given-up"),
        (Decision.AGAIN, "failed", "no_address", "delivery_without_address", "import a policy book"),
        (Decision.AGAIN, "unknown", "sender_died", "delivery_without_address", "import a policy book"),
        (Decision.GIVEN_UP, "failed", GIVEN_UP_REASON, "delivery_given_up", "--as again"),
        (Decision.AGAIN, None, "", "delivery_unknown", "billing deliveries"),
    ],
)
def test_a_refusal_names_the_delivery_and_says_what_to_do(
    decision: Decision, state: str | None, reason: str, code: str, todo: str
) -> None:
    error = decision_refused(7, decision, state, reason)
    assert error.code == code
    assert "delivery 7" in error.found
    assert todo in error.todo
    assert delivery_unknown(7).code == "delivery_unknown"


@pytest.mark.parametrize(
    ("note", "name", "code"),
    [
        (" \n", "ana", "note_missing"),
        ("\x00", "ana", "note_missing"),
        ("n" * 1_001, "ana", "note_missing"),
        ("why", "", "name_missing"),
        ("why", "a" * 101, "name_missing"),
    ],
)
def test_a_decision_without_a_reason_or_a_name_is_refused(note: str, name: str, code: str) -> None:
    with pytest.raises(BillingError) as caught:
        signed(note, name)
    assert caught.value.code == code


def test_a_note_is_kept_on_one_line() -> None:
    assert signed(" it\r\n\tarrived\x00 ", " Ana  Ruiz") == ("it arrived", "Ana Ruiz")
