"""``billing notify``: tell people what happened since last time.

Belongs here: the command, and the words for what became of a message. Does not belong here: what is told
(``steps``), channels and rules (``notification_channels``, ``notification_rules``).
"""

from typing import TYPE_CHECKING

import typer

from billing_assets.cli.arguments import Json, open_desk
from billing_assets.cli.failures import ExitCode
from billing_assets.cli.output import Screen, count_of, state_cell
from billing_assets.domain.notification_words import delivery_reason

if TYPE_CHECKING:
    from billing_assets.steps.send_notifications import Told

EPILOG = "billing notify"


def notify(as_json: Json = False) -> None:
    """Collect what happened since last time, and send the messages that are due.

    What is collected, and sent, is so once, however often the command runs. A message that is refused is
    tried again by a later call; one that may or may not have arrived waits for a person.
    """
    from billing_assets.wiring.notification_desk import NotificationDesk

    screen = Screen(as_json)
    told: list[Told] = []
    with open_desk(screen) as desk, screen.progress("notifying") as progress:
        notifications = NotificationDesk(desk.billing)
        collected = notifications.collect()
        sent = notifications.send(progress=progress, report=told.append)
    facts = {**collected.facts, **sent.facts}
    screen.document({**facts, "messages": [_record(each) for each in told]})
    screen.say(
        f"{count_of(int(facts['event_count']), 'new event')}, {count_of(len(told), 'message')} handed over"
    )
    if told:
        screen.table(
            [">message", "channel", "state", "what happened"],
            [
                [each.message_id, each.channel_name, state_cell(each.result.state.value), _answer(each)]
                for each in told
            ],
            wrap=["what happened"],
        )
    if any(facts[name] for name in ("failed_count", "waiting_count", "unknown_count", "interrupted_count")):
        screen.hint("which and why: billing notifications")
        raise typer.Exit(ExitCode.ATTENTION)


def reason_words(reason_code: str, reply_code: int) -> str:
    """Return why a message is in its state, with the code that the other side answered."""
    if reason_code == "accepted":
        return f"{reply_code or ''} accepted".strip()
    words = delivery_reason("en", reason_code)
    return f"{reply_code}: {words}" if reply_code else words


def _answer(told: "Told") -> str:
    return reason_words(told.result.reason_code, told.result.reply_code)


def _record(told: "Told") -> dict[str, object]:
    result = told.result
    return {
        "message_id": told.message_id,
        "channel_name": told.channel_name,
        "attempt_count": told.attempt_count,
        "state": result.state.value,
        "reason_code": result.reason_code,
        "reply_code": result.reply_code,
    }
