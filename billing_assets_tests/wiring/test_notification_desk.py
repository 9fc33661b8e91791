"""Notifications over real receivers: a mail server and a web server that refuse, hang and recover."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from billing_assets.channels.mailbox import MailboxServer
from billing_assets.domain.deliveries import DeliveryState
from billing_assets.domain.errors import BillingError
from billing_assets.domain.notification_rules import ChannelKind, Rule
from billing_assets.domain.notifications import Severity
from billing_assets.store.audit_log import AuditFilter, list_acts
from billing_assets.store.connection import Database
from billing_assets.store.notification_listings import MessageFilter
from billing_assets.wiring.build import Billing, utc_now
from billing_assets.wiring.notification_desk import NotificationDesk
from billing_assets_tests.books import COMPANY, billing_over, fill_book
from billing_assets_tests.hooks import HookServer, hook_server
from billing_assets_tests.notified import add_run

FEBRUARY = date(2024, 2, 1)


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[MailboxServer]:
    with MailboxServer(tmp_path / "mails") as server:
        yield server


@pytest.fixture
def hook() -> Iterator[HookServer]:
    with hook_server() as server:
        yield server


Open = Callable[..., NotificationDesk]


@pytest.fixture
def desk_with(database: Database, tmp_path: Path, mailbox: MailboxServer) -> Iterator[Open]:
    """Open notifications over a book of one policy, by settings of the test's own."""
    fill_book(database, 1)
    with ExitStack() as stack:

        def make(**settings: object) -> NotificationDesk:
            values = {"smtp_port": mailbox.port, "notification_timeout_seconds": 2, **settings}
            return NotificationDesk(billing_over(database, tmp_path, stack, **values))

        yield make


@pytest.fixture
def desk(desk_with: Open) -> NotificationDesk:
    return desk_with()


def told(desk: NotificationDesk, kind: ChannelKind, target: str) -> None:
    """A channel, a rule for everything, and something that happened."""
    desk.add_channel("team", kind, target, "es", "ana")
    desk.add_rule(Rule(rule_name="ops", channel_name="team", minimum_severity=Severity.INFO), "ana")
    add_run(desk.database, FEBRUARY, at=utc_now())
    desk.collect()


def make_due(desk: NotificationDesk) -> None:
    with desk.database.transaction() as connection:
        connection.execute(text("update notification_message set next_attempt_at = :at"), {"at": utc_now()})


def states(desk: NotificationDesk) -> list[tuple[str, str, int]]:
    rows = desk.messages(MessageFilter())
    return [(row.state, row.reason_code, row.attempt_count) for row in rows]


def test_a_message_by_mail_has_both_forms_in_the_language_of_its_channel(
    desk: NotificationDesk, mailbox: MailboxServer
) -> None:
    told(desk, ChannelKind.EMAIL, "ops@example.com")
    assert desk.due_count() == 1
    assert desk.send().facts["sent_count"] == 1
    assert desk.due_count() == 0
    (path,) = mailbox.messages()
    mail = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert (mail["To"], mail["Content-Language"]) == ("ops@example.com", "es")
    assert "es definitiva" in mail["Subject"]
    forms = [part.get_content_type() for part in mail.walk() if not part.is_multipart()]
    assert forms == ["text/plain", "text/html"]


def test_mail_waits_while_the_server_is_away_and_goes_once_it_is_back(
    desk: NotificationDesk, mailbox: MailboxServer
) -> None:
    told(desk, ChannelKind.EMAIL, "ops@example.com")
    mailbox.stop()
    assert desk.send().facts["waiting_count"] == 1
    assert states(desk) == [("queued", "connect_failed", 1)]
    mailbox.start()
    assert desk.send().facts["sent_count"] == 0
    make_due(desk)
    assert desk.send().facts["sent_count"] == 1
    assert len(mailbox.messages()) == 1


@pytest.mark.long
def test_a_webhook_that_refuses_gets_the_same_message_again_and_then_no_more(
    desk: NotificationDesk, hook: HookServer
) -> None:
    told(desk, ChannelKind.APPRISE, hook.url)
    hook.answers = [503, 200]
    assert desk.send().facts["waiting_count"] == 1
    make_due(desk)
    assert desk.send().facts["sent_count"] == 1
    make_due(desk)
    desk.send()
    assert states(desk) == [("sent", "accepted", 2)]
    first, second = hook.bodies
    assert first["title"] == second["title"]


@pytest.mark.long
def test_a_webhook_that_hangs_leaves_the_message_to_a_person(
    desk: NotificationDesk, hook: HookServer
) -> None:
    told(desk, ChannelKind.APPRISE, hook.url)
    hook.answers = [0, 200]
    assert desk.send().facts["unknown_count"] == 1
    make_due(desk)
    desk.send()
    assert len(hook.bodies) == 1
    (row,) = desk.messages(MessageFilter(state="unknown"))
    desk.send_again([row.message_id], "ana")
    assert desk.send().facts["sent_count"] == 1
    assert desk.message(row.message_id).message.retried_by == "ana"
    assert desk.message_counts() == {"sent": 1}


@pytest.mark.long
def test_nothing_that_is_kept_or_shown_holds_the_secret_of_a_url_but_the_sealed_target(
    desk_with: Open, hook: HookServer, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    desk = desk_with(notification_key="k" * 32)
    told(desk, ChannelKind.APPRISE, hook.url)
    hook.answers = [503]
    desk.send()
    shown = [
        repr(desk.channels()),
        repr(desk.messages(MessageFilter())),
        repr(desk.message(1)),
        repr(desk.rules()),
    ]
    with desk.database.transaction() as connection:
        for table in ("channel", "message", "attempt", "event", "rule"):
            shown += connection.execute(
                text(f"select row_to_json(t)::text from notification_{table} t")
            ).scalars()
    said = capfd.readouterr()
    assert "secret-token" not in "".join([*shown, said.out, said.err, caplog.text])


def test_a_channel_that_cannot_be_used_is_refused_when_it_is_added(desk_with: Open, hook: HookServer) -> None:
    with pytest.raises(BillingError, match="Apprise cannot read this URL"):
        desk_with().add_channel("team", ChannelKind.APPRISE, "slack://x", "en", "ana")
    with pytest.raises(BillingError, match="'json' is not among the services"):
        desk_with(notification_schemes="slack").add_channel("a", ChannelKind.APPRISE, hook.url, "en", "ana")


@pytest.mark.long
def test_a_test_says_what_happened_and_stands_in_no_list(
    desk: NotificationDesk, hook: HookServer, mailbox: MailboxServer
) -> None:
    desk.add_channel("mail", ChannelKind.EMAIL, "ops@example.com", "en", "ana")
    desk.add_channel("hook", ChannelKind.APPRISE, hook.url, "en", "ana")
    assert desk.try_channel("mail").state is DeliveryState.SENT
    assert desk.try_channel("mail").state is DeliveryState.SENT
    assert len(mailbox.messages()) == 2
    hook.answers = [500]
    assert desk.try_channel("hook").reply_code == 500
    assert desk.messages(MessageFilter()) == []
    desk.remove_channel("hook", "ana")
    with pytest.raises(BillingError, match="no channel 'hook'"):
        desk.try_channel("hook")


def test_a_mail_needs_an_address_to_come_from(database: Database, tmp_path: Path) -> None:
    with ExitStack() as stack:
        desk = NotificationDesk(billing_over(database, tmp_path, stack))
        desk.add_channel("mail", ChannelKind.EMAIL, "ops@example.com", "en", "ana")
        with pytest.raises(BillingError, match="neither a company nor an address"):
            desk.try_channel("mail")


def test_a_rule_of_a_company_that_is_not_there_is_refused(desk: NotificationDesk, hook: HookServer) -> None:
    desk.add_channel("team", ChannelKind.APPRISE, hook.url, "en", "ana")
    with pytest.raises(BillingError, match="no company 'other'"):
        desk.add_rule(Rule(rule_name="ops", channel_name="team", company_code="other"), "ana")
    desk.add_rule(Rule(rule_name="ops", channel_name="team", company_code="alondra"), "ana")
    desk.remove_rule("ops", "ana")
    assert desk.rules() == []


def test_late_dates_and_stuck_messages_can_be_asked_for(desk_with: Open) -> None:
    assert desk_with().late_runs() == {}
    today = utc_now().astimezone(ZoneInfo(COMPANY.time_zone)).date()
    add_run(desk_with().database, today - timedelta(days=2))
    late = desk_with(run_deadline="00:00").late_runs()["alondra"]
    assert [row.state for row in late] == ["not_begun", "not_begun"]
    assert desk_with().stuck_deliveries() == {"alondra": []}


@pytest.mark.long
def test_an_audit_that_fails_is_told_once_and_its_end_too(
    desk: NotificationDesk, database: Database, tmp_path: Path, hook: HookServer
) -> None:
    desk.add_channel("team", ChannelKind.APPRISE, hook.url, "en", "ana")
    desk.add_rule(Rule(rule_name="ops", channel_name="team", minimum_severity=Severity.INFO), "ana")
    guard = "alter table notification_rule {} trigger refuse_change"
    with ExitStack() as stack:
        program = billing_over(database, tmp_path, stack)
        for act in ("disable", "disable", "enable", "enable"):
            _as_owner(database, guard.format(act))
            _audit_guards(program)
            desk.collect()
            desk.send()
    titles = [body["title"].split(",")[0] for body in hook.bodies if "I22" in body["title"]]
    assert titles == ["[the whole store] check I22 fails", "[the whole store] check I22 holds again"]


def _audit_guards(program: Billing) -> None:
    program.audit()


def _as_owner(database: Database, statement: str) -> None:
    with database.transaction() as connection:
        connection.execute(text("reset role"))
        connection.execute(text(statement))


def test_channels_and_rules_stand_in_the_audit_log_without_what_is_secret(
    desk: NotificationDesk, database: Database
) -> None:
    desk.add_channel("team", ChannelKind.APPRISE, "slack://T1/B2/c3secret", "en", "ana")
    desk.add_rule(Rule(rule_name="ops", channel_name="team", minimum_severity=Severity.INFO), "bea")
    desk.remove_rule("ops", "bea")
    desk.remove_channel("team", "ana")
    with database.transaction() as connection:
        rows = list_acts(connection, 1, AuditFilter())[:4]
    found = [(row.act, row.subject_kind, row.subject_id, row.signed_by) for row in rows[::-1]]
    assert found == [
        ("set_channel", "channel", "team", "ana"),
        ("set_rule", "rule", "ops", "bea"),
        ("remove_rule", "rule", "ops", "bea"),
        ("remove_channel", "channel", "team", "ana"),
    ]
    assert (rows[3].after or {})["target"] == "slack://***"
    assert (rows[2].after or {})["minimum_severity"] == "info"
    assert "secret" not in str(rows)
