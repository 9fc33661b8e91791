"""Every channel keeps the contract, whatever the other side does."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from billing_assets.domain.deliveries import DeliveryState
from billing_assets.store.connection import Database
from billing_assets_tests.books import COMPANY, billing_over, change_channels
from billing_assets_tests.channels import contract
from billing_assets_tests.channels.contract import COMES_TO, KEPT, PERSON, Fault, Rig
from billing_assets_tests.channels.portal_inbox.rig import PortalRig
from billing_assets_tests.steps.outbox import FEBRUARY, bill_february

INBOXES = PortalRig()
RIGS: Mapping[str, Rig] = {**contract.RIGS, "portal": INBOXES}

pytestmark = pytest.mark.parametrize("channel", RIGS)

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "channels.md"


def prepare(database: Database, home: Path) -> None:
    """Let two documents wait for inboxes."""
    bill_february(database, home)
    for payer in (1, 2):
        change_channels(database, payer, "portal")
    with ExitStack() as stack:
        billing_over(database, home, stack).documents.queue(1, FEBRUARY, COMPANY.message_domain)


@pytest.fixture(autouse=True)
def inboxes(channel: str, request: pytest.FixtureRequest) -> None:
    """Give the inboxes their store; other channels need none."""
    if channel == "portal":
        INBOXES.store = request.getfixturevalue("database")


def test_the_page_on_channels_has_every_reason(channel: str) -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert not [reason for reason in RIGS[channel].reasons if f"`{reason}`" not in text]


@pytest.mark.parametrize("fault", Fault)
def test_each_fault_comes_to_the_same_state_on_every_channel_and_never_raises(
    channel: str, fault: Fault, tmp_path: Path
) -> None:
    with RIGS[channel].serve(fault, tmp_path) as served:
        result = served.send(1)
        assert result.state is COMES_TO[fault]
        assert result.reason_code in RIGS[channel].reasons
        if result.state is not DeliveryState.QUEUED:
            assert result.retry_after_seconds is None
    assert len(served.kept_ids()) == (fault in KEPT)


@pytest.mark.parametrize("fault", [fault for fault in Fault if fault is not Fault.TAKES])
def test_sent_is_said_on_an_explicit_yes_alone(channel: str, fault: Fault, tmp_path: Path) -> None:
    with RIGS[channel].serve(fault, tmp_path) as served:
        assert served.send(1).state is not DeliveryState.SENT


@pytest.mark.parametrize("fault", [fault for fault, state in COMES_TO.items() if state == "unknown"])
def test_what_is_unknown_was_asked_once_and_not_again(channel: str, fault: Fault, tmp_path: Path) -> None:
    with RIGS[channel].serve(fault, tmp_path) as served:
        assert served.send(1).state is DeliveryState.UNKNOWN
        assert served.connection_count() == 1
    assert len(served.kept_ids()) <= 1


@pytest.mark.parametrize("fault", [Fault.REFUSES_FOR_GOOD, Fault.REFUSES_FOR_NOW])
def test_no_address_of_a_person_is_kept_of_an_answer(channel: str, fault: Fault, tmp_path: Path) -> None:
    with RIGS[channel].serve(fault, tmp_path) as served:
        result = served.send(1)
    assert PERSON not in result.reply_text
    assert PERSON.partition("@")[0] not in result.reply_text
    assert len(result.reply_text) <= 500


def test_a_person_who_sends_again_sends_the_same_id_and_another_message_has_another(
    channel: str, tmp_path: Path
) -> None:
    with RIGS[channel].serve(Fault.KEEPS_AND_DROPS, tmp_path) as served:
        for number in (1, 1, 2):
            served.send(number)
    first, again, other = served.kept_ids()
    assert first == again != other
