"""Whoever dies while telling people: a message that may have left waits for a person, and for nobody else."""

import signal
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text

from billing_assets.channels.mailbox import MailboxServer
from billing_assets.domain.notification_rules import ChannelKind, Rule
from billing_assets.domain.notifications import Severity
from billing_assets.store.connection import Database
from billing_assets.store.notification_listings import MessageFilter
from billing_assets.wiring.build import utc_now
from billing_assets.wiring.notification_desk import NotificationDesk
from billing_assets_tests.books import billing_over, fill_book
from billing_assets_tests.faults.notifier import AFTER_SENDING, BEFORE_SENDING, NEVER, notify
from billing_assets_tests.faults.programs import run_until_dead, url_behind
from billing_assets_tests.hooks import hook_server
from billing_assets_tests.notified import add_run


def run_notifier(database: Database, home: Path, port: int, place: str) -> int:
    """Collect and send in a process of its own; return its exit status (negative: killed by that signal)."""
    return run_until_dead(notify, url_behind(database), home, port, place)


def told_desk(database: Database, home: Path, stack: ExitStack, target: str) -> NotificationDesk:
    fill_book(database, 1)
    desk = NotificationDesk(billing_over(database, home, stack))
    kind = ChannelKind.APPRISE if "://" in target else ChannelKind.EMAIL
    desk.add_channel("team", kind, target, "en", "ana")
    desk.add_rule(Rule(rule_name="ops", channel_name="team", minimum_severity=Severity.INFO), "ana")
    add_run(database, date(2024, 2, 1), at=utc_now())
    return desk


def only_state(desk: NotificationDesk) -> tuple[int, str, str]:
    with desk.database.transaction() as connection:
        query = "select message_id, state, reason_code from notification_message order by message_id limit 1"
        row = connection.execute(text(query)).one()
    return row.message_id, row.state, row.reason_code


@pytest.mark.long
@pytest.mark.parametrize(("place", "arrived"), [(BEFORE_SENDING, 0), (AFTER_SENDING, 1)])
@pytest.mark.parametrize("kind", ["mail", "hook"])
def test_a_sender_killed_beside_its_sending_leaves_one_unknown_message_that_only_a_person_sends_again(
    database: Database, tmp_path: Path, place: str, arrived: int, kind: str
) -> None:
    with (
        ExitStack() as stack,
        MailboxServer(tmp_path / "mails") as mailbox,
        hook_server() as hook,
    ):

        def count() -> int:
            return len(mailbox.messages()) if kind == "mail" else len(hook.bodies)

        desk = told_desk(database, tmp_path, stack, "ops@example.com" if kind == "mail" else hook.url)
        assert run_notifier(database, tmp_path, mailbox.port, place) == -signal.SIGKILL
        assert (only_state(desk)[1], count()) == ("sending", arrived)
        for _ in range(2):
            assert run_notifier(database, tmp_path, mailbox.port, NEVER) == 0
            assert only_state(desk)[1:] == ("unknown", "sender_died")
        assert count() == arrived
        (shown,) = desk.messages(MessageFilter(state="unknown"))
        desk.send_again([shown.message_id], "ana")
        assert run_notifier(database, tmp_path, mailbox.port, NEVER) == 0
        assert only_state(desk)[1:] == ("sent", "accepted")
        assert count() == arrived + 1
