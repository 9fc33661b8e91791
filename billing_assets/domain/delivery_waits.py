"""Waits: when a message that was refused for now is tried again by itself, and what happens next to others.

Belongs here: how long to wait, by the reason of the refusal and how often it was refused; the next step.
Does not belong here: which attempt is the last one (``deliveries``), when schedules look for what is due
(``activity_schedules``).

The first waits end on the same day: a bill that reaches its payer a day late has lost a day of its term.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from billing_assets.domain.decisions import GIVEN_UP_REASON
from billing_assets.domain.deliveries import (
    CHANNEL_FAULTS,
    HELD,
    MAX_ATTEMPTS,
    NO_ADDRESS,
    DeliveryState,
    SendResult,
)
from billing_assets.domain.delivery_channels import ONE_BY_ONE, DeliveryChannel

WAIT_MINUTES = "15,60,180,180,360,720,1440"
"""Minutes before each further attempt, unless the reason has waits of its own; the last one goes on."""

CHANNEL_WAIT = timedelta(minutes=5)
"""Wait after a fault of the channel, which says nothing about the message."""

_OWN_MINUTES: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {
        # A server that greylists takes the second knock, mostly from five minutes on (RFC 6647, section 5).
        "greylisted": (6, 15, 60, 180, 360, 720, 1440),
        # Nobody empties a mailbox in a quarter of an hour.
        "mailbox_full": (180, 360, 720, 1440),
    }
)
"""``reason_code`` -> minutes before each further attempt."""


def waits_of(minutes: str) -> tuple[timedelta, ...]:
    """Return the waits that a text says: whole minutes, apart by commas.

    >>> [str(wait) for wait in waits_of("15,60")]
    ['0:15:00', '1:00:00']
    """
    return tuple(timedelta(minutes=int(each)) for each in minutes.split(","))


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often a message is tried that is refused for now, and how long it is left alone in between."""

    max_attempts: int = MAX_ATTEMPTS
    waits: tuple[timedelta, ...] = waits_of(WAIT_MINUTES)

    def next_attempt_at(
        self, result: SendResult, refused_count: int, at: datetime, *, counts_faults: bool = False
    ) -> datetime | None:
        """Return when a message is tried again of which an attempt at ``at`` came to ``result``.

        ``refused_count`` temporary refusals came before it. None where it is not tried again by itself. Who
        asks to be left alone for longer is. A fault of the channel is that of all its messages and soon over,
        unless ``counts_faults``: an endpoint is one receiver's own.

        >>> refused = SendResult(
        ...     state=DeliveryState.QUEUED, reply_code=450, reason_code="refused_for_now", reply_text="later"
        ... )
        >>> noon = datetime(2025, 1, 31, 12)
        >>> [str(Patience().next_attempt_at(refused, count, noon).time()) for count in (0, 1, 2)]
        ['12:15:00', '13:00:00', '15:00:00']
        """
        if result.state is not DeliveryState.QUEUED:
            return None
        if result.reason_code in CHANNEL_FAULTS and not counts_faults:
            return at + CHANNEL_WAIT
        own = _OWN_MINUTES.get(result.reason_code)
        row = tuple(timedelta(minutes=each) for each in own) if own else self.waits
        asked = timedelta(seconds=result.retry_after_seconds or 0)
        return at + max(row[min(refused_count, len(row) - 1)], asked)


class NextStep(StrEnum):
    """What happens next to a message, without anybody asking.

    ``at_once``: it leaves with the next deliveries; ``later``: it is tried again at its instant; ``on_day``:
    it waits for an open day; ``in_hand``: a sender has it; ``address``: the next policy book with an address
    sends it; ``next_way``: it goes by the next channel of its payer; ``post``: the next folder for the print
    shop has it; ``fetch``: a partner fetches it, and from its instant on it goes by the next channel;
    ``person``: nothing, a person decides; ``none``: nothing any more.
    """

    AT_ONCE = "at_once"
    LATER = "later"
    ON_DAY = "on_day"
    IN_HAND = "in_hand"
    ADDRESS = "address"
    NEXT_WAY = "next_way"
    POST = "post"
    FETCH = "fetch"
    PERSON = "person"
    NONE = "none"


def next_step(
    state: str,
    reason_code: str,
    *,
    has_instant: bool,
    is_untried: bool = False,
    has_next_way: bool = False,
    channel: str = DeliveryChannel.EMAIL,
) -> NextStep:
    """Return what happens next to a message in that state.

    ``has_instant``: it has its next attempt; ``is_untried``: no channel was ever asked for it;
    ``has_next_way``: it falls back to another channel than its own.

    >>> next_step("queued", "greylisted", has_instant=True).value
    'later'
    >>> next_step("failed", "mailbox_unavailable", has_instant=False).value
    'person'
    """
    if has_next_way:
        return NextStep.NEXT_WAY
    if state == DeliveryState.QUEUED:
        return _next_of_queued(reason_code, channel, has_instant=has_instant)
    if state == DeliveryState.SENDING:
        return NextStep.IN_HAND
    if state == DeliveryState.SENT or reason_code == GIVEN_UP_REASON:
        return NextStep.NONE
    return NextStep.ADDRESS if reason_code == NO_ADDRESS and is_untried else NextStep.PERSON


def _next_of_queued(reason_code: str, channel: str, *, has_instant: bool) -> NextStep:
    if reason_code == HELD:
        return NextStep.ON_DAY
    if channel == DeliveryChannel.PULL:
        return NextStep.FETCH
    if channel not in ONE_BY_ONE:
        return NextStep.POST
    return NextStep.LATER if has_instant else NextStep.AT_ONCE
