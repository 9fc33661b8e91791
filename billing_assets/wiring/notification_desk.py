"""Notifications, put together: collecting, sending, channels, rules, and what can be asked about them.

Belongs here: the steps with their adapters, over the store of ``build``; they are of all companies of it.
Does not belong here: the order of work (``steps``), SQL (``store``), how anything is shown (``cli``).
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from uuid import uuid4

from billing_assets.channels.apprise import AppriseChannel
from billing_assets.channels.email import EmailChannel
from billing_assets.domain.deliveries import EmailMessageParts, SendResult
from billing_assets.domain.errors import BillingError
from billing_assets.domain.notification_rules import (
    Channel,
    ChannelKind,
    Rule,
    checked_channel,
    checked_rule,
)
from billing_assets.reports.notification import compose_test
from billing_assets.steps.collect_notification_events import (
    Patience,
    collect_notification_events,
    moments_of,
)
from billing_assets.steps.notification_ports import Letter
from billing_assets.steps.result import StepResult
from billing_assets.steps.run_ports import Progress, silent
from billing_assets.steps.send_notifications import Told, letter_of, send_notifications
from billing_assets.store import notification_channels, notification_listings, notification_rules
from billing_assets.store.check_results import KeptResult, list_check_results
from billing_assets.store.late_runs import LateRun, list_late_runs
from billing_assets.store.notification_events import SqlEventStore
from billing_assets.store.notifications import SqlMessageStore
from billing_assets.store.sealed_texts import Sealer
from billing_assets.store.stuck_deliveries import StuckDeliveries, list_stuck_deliveries
from billing_assets.wiring.build import Billing, utc_now
from billing_assets.wiring.mail import smtp_of
from billing_assets.wiring.settings import Settings


class ChannelMessenger:
    """Sends a letter by the kind of its channel: a ``steps.notification_ports.Messenger``."""

    def __init__(self, email: EmailChannel, apprise: AppriseChannel) -> None:
        """Use one connection to the mail server, and Apprise for everything else."""
        self._email = email
        self._apprise = apprise

    def send(self, letter: Letter) -> SendResult:
        """Try once; never raises for what the other side does."""
        channel, notice = letter.channel, letter.notice
        if channel.channel_kind is ChannelKind.APPRISE:
            return self._apprise.send(channel.target, notice.subject, notice.text)
        return self._email.send(
            EmailMessageParts(
                message_id=letter.message_id,
                dated_at=letter.dated_at,
                from_name=letter.from_name,
                from_email=letter.from_email,
                to_email=channel.target,
                subject=notice.subject,
                text=notice.text,
                html=notice.html,
                language=channel.language,
                attachments=(),
            )
        )


class NotificationDesk:
    """Everything about notifications, ready to call."""

    def __init__(self, billing: Billing) -> None:
        """Use the store and the settings of ``billing``."""
        self.settings: Settings = billing.settings
        self.database = billing.database
        self.sealer = Sealer(self.settings.sealing_keys)
        self.events = SqlEventStore(self.database)
        self.outbox = SqlMessageStore(self.database, self.sealer, utc_now)

    @property
    def patience(self) -> Patience:
        """How long the settings wait before they let somebody be told."""
        return Patience(
            run_deadline=self.settings.run_deadline,
            stuck_minutes=self.settings.stuck_delivery_minutes,
            approval_minutes=self.settings.approval_minutes,
        )

    @property
    def apprise(self) -> AppriseChannel:
        """Apprise, with the schemes that are allowed."""
        schemes = [scheme.strip().lower() for scheme in self.settings.notification_schemes.split(",")]
        return AppriseChannel(list(filter(None, schemes)), self.settings.notification_timeout_seconds)

    @contextmanager
    def messenger(self) -> Iterator[ChannelMessenger]:
        """Yield the way out; its connection to the mail server ends with the block."""
        with EmailChannel(smtp_of(self.settings)) as email:
            yield ChannelMessenger(email, self.apprise)

    def collect(self) -> StepResult:
        """Add what happened since last time; see :func:`collect_notification_events`."""
        return collect_notification_events(store=self.events, patience=self.patience, clock=utc_now)

    def send(
        self, *, progress: Progress = silent, report: Callable[[Told], None] = lambda _told: None
    ) -> StepResult:
        """Send what is due; see :func:`send_notifications`."""
        with self.messenger() as messenger:
            return send_notifications(
                store=self.outbox,
                messenger=messenger,
                from_email=self.settings.notification_from_email,
                clock=utc_now,
                max_attempts=self.settings.notification_max_attempts,
                progress=progress,
                report=report,
            )

    def due_count(self) -> int:
        """Return how many messages are to be sent now."""
        return self.outbox.due_count(utc_now())

    def late_runs(self) -> dict[str, list[LateRun]]:
        """Return company code -> billing dates that are past the deadline of the settings and not final."""
        found = {}
        for company in self.events.companies():
            late_dates = moments_of(company, self.patience, utc_now()).late_dates
            if late_dates is not None:
                with self.database.transaction() as connection:
                    found[company.company_code] = list_late_runs(connection, company.company_id, *late_dates)
        return found

    def stuck_deliveries(self) -> dict[str, list[StuckDeliveries]]:
        """Return company code -> messages to payers that wait for longer than the settings bear."""
        found = {}
        for company in self.events.companies():
            moments = moments_of(company, self.patience, utc_now())
            with self.database.transaction() as connection:
                found[company.company_code] = list_stuck_deliveries(
                    connection, company.company_id, moments.stuck_before, moments.today
                )
        return found

    def check_results(self, *, with_holding: bool = True) -> list[KeptResult]:
        """Return the last result of each check, of every company."""
        with self.database.transaction() as connection:
            return list_check_results(connection, with_holding=with_holding)

    def add_channel(self, name: str, kind: ChannelKind, target: str, language: str, by: str) -> Channel:
        """Keep a channel, in the place of one with its name; raises ``channel_invalid``."""
        given = Channel(
            channel_id=0, channel_name=name, channel_kind=kind, target=target.strip(), language=language
        )
        channel = checked_channel(given)
        if kind is ChannelKind.APPRISE:
            self.apprise.require_usable(channel.target)
        with self.database.transaction() as connection:
            notification_channels.save_channel(connection, channel, self.sealer, by, utc_now())
        return channel

    def remove_channel(self, name: str, by: str) -> None:
        """Remove a channel and its target; raises ``channel_unknown``, ``channel_in_use``."""
        with self.database.transaction() as connection:
            notification_channels.remove_channel(connection, name, by, utc_now())

    def channels(self) -> list[notification_channels.ChannelRow]:
        """Return the channels, without their targets."""
        with self.database.transaction() as connection:
            return notification_channels.list_channels(connection, self.sealer)

    def try_channel(self, name: str) -> SendResult:
        """Send a test message and return what came of it; it stands in no list.

        Raises ``channel_unknown``, ``secret_unreadable``, ``sender_missing``.
        """
        with self.database.transaction() as connection:
            channel = notification_channels.find_channel(connection, name, self.sealer)
        company = next(iter(self.events.companies()), None)
        from_email = self.settings.notification_from_email
        if channel.channel_kind is ChannelKind.EMAIL and not from_email and company is None:
            raise BillingError(
                "sender_missing",
                "there is neither a company nor an address that notifications come from",
                "set BILLING_NOTIFICATION_FROM_EMAIL, or record a company: 'billing company set FILE'",
            )
        notice = compose_test(name, channel.language)
        letter = letter_of(channel, company, from_email, f"test {uuid4()}", utc_now(), notice)
        with self.messenger() as messenger:
            return messenger.send(letter)

    def add_rule(self, rule: Rule, by: str) -> int:
        """Add a rule, or its next version; return that. Raises ``rule_invalid``, ``channel_unknown``."""
        checked = checked_rule(rule)
        if checked.company_code and checked.company_code not in self._company_codes():
            raise BillingError(
                "rule_invalid",
                f"there is no company '{checked.company_code[:40]}'",
                "'billing company list' shows what there is; without --company a rule hears of each",
            )
        with self.database.transaction() as connection:
            return notification_rules.add_rule(connection, checked, by, utc_now())

    def _company_codes(self) -> list[str]:
        return [company.company_code for company in self.events.companies()]

    def remove_rule(self, name: str, by: str) -> None:
        """Remove a rule; raises ``rule_unknown``."""
        with self.database.transaction() as connection:
            notification_rules.remove_rule(connection, name, by, utc_now())

    def rules(self) -> list[notification_rules.RuleRow]:
        """Return the rules as they are now."""
        with self.database.transaction() as connection:
            return notification_rules.list_rule_rows(connection)

    def messages(self, wanted: notification_listings.MessageFilter) -> list[notification_listings.MessageRow]:
        """Return messages, newest first."""
        with self.database.transaction() as connection:
            return notification_listings.list_messages(connection, wanted)

    def message_counts(self) -> dict[str, int]:
        """Return state -> messages."""
        with self.database.transaction() as connection:
            return notification_listings.count_messages(connection)

    def message(self, message_id: int) -> notification_listings.MessageDetail:
        """Return one message with what it tells, or raise ``notification_unknown``."""
        with self.database.transaction() as connection:
            return notification_listings.show_message(connection, message_id)

    def send_again(self, message_ids: Sequence[int] | None, by: str) -> list[int]:
        """Queue again what a person names, or every failed message; raises ``notification_not_failed``."""
        return self.outbox.send_again(message_ids, by)
