"""Send: every message that is due goes out once, or it is known why not.

Belongs here: the order of work that makes a message leave at most once, when it is tried again.
Does not belong here: what it says (``reports.notification``), the protocols (``channels``), the rows
(``store.notifications``).

A message is marked ``sending``, durably, before its channel sees it. What a sender that died left behind is
marked ``unknown`` by the next one: nobody can tell whether it arrived, and a person decides whether it goes
again.
"""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from billing_assets.domain.deliveries import (
    DeliveryState,
    SendResult,
    message_id,
    wire_address,
    within_attempts,
)
from billing_assets.domain.notification_rules import Channel
from billing_assets.domain.notifications import MAX_NOTIFICATION_ATTEMPTS, Event, next_attempt_at
from billing_assets.reports.notification import Notice, compose_notice
from billing_assets.steps.notification_ports import (
    DueMessage,
    Letter,
    MessageStore,
    Messenger,
    ToldCompany,
)
from billing_assets.steps.result import StepResult
from billing_assets.steps.run_ports import Progress, silent

_FROM_NAME = "billing"
_NO_ADDRESS = "nobody@billing.invalid"
_FALLBACK_LANGUAGE = "en"
_REPORTED = (DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What became of one message: which, to which channel, how often tried, and the answer."""

    message_id: int
    channel_name: str
    attempt_count: int
    result: SendResult


def send_notifications(
    *,
    store: MessageStore,
    messenger: Messenger,
    from_email: str,
    clock: Callable[[], datetime],
    max_attempts: int = MAX_NOTIFICATION_ATTEMPTS,
    progress: Progress = silent,
    report: Callable[[Told], None] = lambda _told: None,
) -> StepResult:
    """Send what is due, oldest first; what is refused is tried again later, ``max_attempts`` times in all.

    A channel that refuses a message, or does not answer, is not asked again in this call. Messages come from
    ``from_email``, or, where it is empty, from their company. ``report`` is given what became of each
    message. ``interrupted_count`` is what a sender that died left behind.
    """
    started = time.perf_counter()
    states: Counter[DeliveryState] = Counter()
    resting: set[int] = set()
    with store.lock_messages(progress):
        interrupted = store.settle_interrupted()
        due = store.due_messages(clock())
        for done, message in enumerate(due):
            progress("sending", done, len(due))
            if message.channel is not None and message.channel.channel_id in resting:
                continue
            told = _send_one(message, store, messenger, from_email, clock, max_attempts)
            if told is None:
                continue
            states[told.result.state] += 1
            report(told)
            if told.result.state is not DeliveryState.SENT and message.channel is not None:
                resting.add(message.channel.channel_id)
    return StepResult(
        step="send_notifications",
        facts={
            **{f"{state.value}_count": states[state] for state in _REPORTED},
            "waiting_count": states[DeliveryState.QUEUED],
            "interrupted_count": interrupted,
        },
        seconds={"send": time.perf_counter() - started},
    )


def letter_of(
    channel: Channel, company: ToldCompany | None, from_email: str, key: str, at: datetime, notice: Notice
) -> Letter:
    """Return a message with its sender; its Message-ID is a function of ``key``."""
    code = company.company_code if company else ""
    address = from_email or (company.email if company else "")
    domain = (wire_address(address) or _NO_ADDRESS).partition("@")[2]
    return Letter(
        message_id=message_id(code, key, channel.channel_kind.value, "notification", domain),
        dated_at=at,
        from_name=_FROM_NAME,
        from_email=address,
        channel=channel,
        notice=notice,
    )


def _send_one(
    message: DueMessage,
    store: MessageStore,
    messenger: Messenger,
    from_email: str,
    clock: Callable[[], datetime],
    max_attempts: int,
) -> Told | None:
    notice = store.begin(message, partial(_composed, message))
    if notice is None:
        return None
    if message.channel is None:
        result = SendResult(
            state=DeliveryState.FAILED, reply_code=0, reason_code=message.fault, reply_text=""
        )
    else:
        letter = letter_of(
            message.channel, message.sent_by, from_email, str(message.message_id), clock(), notice
        )
        result = within_attempts(
            messenger.send(letter), message.refused_count, max_attempts, spared=frozenset()
        )
    store.finish(message, result, next_attempt_at(clock(), message.refused_count + 1))
    return Told(
        message_id=message.message_id,
        channel_name=message.channel.channel_name if message.channel else "-",
        attempt_count=message.attempt_count + 1,
        result=result,
    )


def _composed(message: DueMessage, events: Sequence[Event]) -> Notice:
    language = message.channel.language if message.channel else _FALLBACK_LANGUAGE
    company_name = message.company.name if message.company else ""
    return compose_notice(events, company_name, language)
