"""Rules of notification: who hears what, and when.

Belongs here: channels, rules, digests and quiet hours, whether a rule hears an event, when its message is
due. Does not belong here: what happened (``notifications``), the rows (``store.notification_rules``).
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Final
from zoneinfo import ZoneInfo

from billing_assets.domain.deliveries import is_deliverable_address
from billing_assets.domain.errors import BillingError
from billing_assets.domain.money import CURRENCIES
from billing_assets.domain.notifications import Event, EventKind, Severity
from billing_assets.domain.time_zones import instant_of, is_time_zone

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_CLOCK_TIME: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_LONGEST_DIGEST_DAYS: Final = 3
LANGUAGES: Final = ("en", "es")
"""Languages in which people can be told."""


class ChannelKind(StrEnum):
    """``email``: our own mail server. ``apprise``: whatever service the Apprise URL of the channel names."""

    EMAIL = "email"
    APPRISE = "apprise"


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A way to somebody. ``target`` is an e-mail address or an Apprise URL; its repr does not show it."""

    channel_id: int
    channel_name: str
    channel_kind: ChannelKind
    target: str
    language: str

    def __repr__(self) -> str:
        """Return the channel without its target."""
        shown = masked_target(self.channel_kind, self.target)
        return f"Channel({self.channel_name}, {self.channel_kind}, {shown})"


class Digest(StrEnum):
    """How often a rule tells: each thing at once, what there is every hour, or once a day."""

    AT_ONCE = "at-once"
    HOURLY = "hourly"
    DAILY = "daily"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Who hears what, and when.

    An empty ``company_code`` or ``event_kinds`` means each. The minimums apply to what has a count, or an
    amount in that currency; what has none is heard. ``digest_time`` is that of a daily digest. In quiet hours
    (``quiet_from`` to ``quiet_to``, over midnight where it ends before it begins; empty: none) a message is
    held until they end, but for events as grave as ``quiet_severity`` or graver. Times are clock times in
    ``time_zone``. ``hears_from`` is when the rule was made: what happened before is not told by it.
    """

    rule_name: str
    channel_name: str
    company_code: str = ""
    event_kinds: tuple[EventKind, ...] = ()
    minimum_severity: Severity = Severity.WARNING
    minimum_count: int = 0
    minimum_amount_minor: int = 0
    minimum_amount_currency: str = ""
    digest: Digest = Digest.AT_ONCE
    digest_time: str = "08:00"
    time_zone: str = "UTC"
    quiet_from: str = ""
    quiet_to: str = ""
    quiet_severity: Severity = Severity.CRITICAL


def checked_rule(rule: Rule) -> Rule:
    """Return the rule as it is, or raise what makes it one that cannot work.

    Raises:
        BillingError: ``rule_invalid``.

    >>> checked_rule(Rule(rule_name="ops", channel_name="team")).digest.value
    'at-once'
    """
    faults = [words for is_wrong, words in _faults(rule) if is_wrong]
    if faults:
        raise BillingError(
            "rule_invalid", faults[0], "correct it; 'billing notifications rules add --help' says how"
        )
    return rule


def _faults(rule: Rule) -> list[tuple[bool, str]]:
    times = (rule.digest_time, *filter(None, (rule.quiet_from, rule.quiet_to)))
    return [
        (not _NAME.fullmatch(rule.rule_name), f"'{rule.rule_name[:40]}' is no name for a rule: {NAME_RULE}"),
        (not is_time_zone(rule.time_zone), f"'{rule.time_zone[:40]}' is not an IANA time zone"),
        (not all(map(_CLOCK_TIME.fullmatch, times)), "a time is not written as 22:30"),
        (bool(rule.quiet_from) != bool(rule.quiet_to), "quiet hours need both their beginning and their end"),
        (bool(rule.quiet_from) and rule.quiet_from == rule.quiet_to, "quiet hours end when they begin"),
        (min(rule.minimum_count, rule.minimum_amount_minor) < 0, "a minimum is below zero"),
        (
            bool(rule.minimum_amount_minor) and rule.minimum_amount_currency not in CURRENCIES,
            f"'{rule.minimum_amount_currency[:10]}' is not a currency; a minimum amount needs one",
        ),
    ]


NAME_RULE = "at most 40 small letters, digits and hyphens, not a hyphen first"
"""What a name of a channel or a rule is made of."""


def checked_channel(channel: Channel) -> Channel:
    """Return the channel as it is, or raise what makes it one that cannot work.

    The message never shows the target. Whether a service takes an Apprise URL is the adapter's to say.

    Raises:
        BillingError: ``channel_invalid``.

    >>> channel = Channel(
    ...     channel_id=0,
    ...     channel_name="team",
    ...     channel_kind=ChannelKind.EMAIL,
    ...     target="ops@example.com",
    ...     language="en",
    ... )
    >>> checked_channel(channel)
    Channel(team, email, o***@example.com)
    """
    is_email = channel.channel_kind is ChannelKind.EMAIL
    found = ""
    if not _NAME.fullmatch(channel.channel_name):
        found = f"'{channel.channel_name[:40]}' is no name for a channel: {NAME_RULE}"
    elif channel.language not in LANGUAGES:
        found = f"there are no words in '{channel.language[:10]}'; the languages are {', '.join(LANGUAGES)}"
    elif is_email and not is_deliverable_address(channel.target):
        found = "the target is not one bare e-mail address, such as ops@example.com"
    elif not is_email and not scheme_of(channel.target):
        found = "the target is not an Apprise URL, such as slack://..., json://... or pagerduty://..."
    if found:
        raise BillingError("channel_invalid", found, "correct it and add the channel again")
    return channel


def scheme_of(url: str) -> str:
    """Return the scheme of an Apprise URL in small letters; empty where it has none.

    >>> scheme_of("Slack://T1/B2/c3"), scheme_of("nonsense")
    ('slack', '')
    """
    scheme, mark, rest = url.partition("://")
    return scheme.lower() if mark and rest and re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*", scheme) else ""


def masked_target(kind: ChannelKind, target: str) -> str:
    """Return what may be shown of a target: the scheme of a URL; first letter and domain of an address.

    >>> (
    ...     masked_target(ChannelKind.APPRISE, "slack://T1/B2/c3"),
    ...     masked_target(ChannelKind.EMAIL, "ops@example.com"),
    ... )
    ('slack://***', 'o***@example.com')
    """
    if kind is ChannelKind.APPRISE:
        return f"{scheme_of(target) or '?'}://***"
    local_part, _, domain = target.partition("@")
    return f"{local_part[:1]}***@{domain}"


def rule_record(rule: Rule) -> dict[str, Any]:
    """Return what a rule says as plain data, but for its name and channel.

    >>> rule_record(Rule(rule_name="ops", channel_name="team"))["minimum_severity"]
    'warning'
    """
    record = asdict(rule)
    del record["rule_name"], record["channel_name"]
    chosen = {name: record[name].value for name in ("minimum_severity", "quiet_severity", "digest")}
    return {**record, **chosen, "event_kinds": [kind.value for kind in rule.event_kinds]}


def rule_from(rule_name: str, channel_name: str, record: Mapping[str, Any]) -> Rule:
    """Return the rule that a record tells; the inverse of :func:`rule_record`.

    >>> rule = Rule(rule_name="ops", channel_name="team", event_kinds=(EventKind.RUN_LATE,))
    >>> rule_from("ops", "team", rule_record(rule)) == rule
    True
    """
    return Rule(
        **{
            **record,
            "rule_name": rule_name,
            "channel_name": channel_name,
            "event_kinds": tuple(EventKind(kind) for kind in record["event_kinds"]),
            "minimum_severity": Severity(record["minimum_severity"]),
            "quiet_severity": Severity(record["quiet_severity"]),
            "digest": Digest(record["digest"]),
        }
    )


def hears(rule: Rule, event: Event, company_code: str) -> bool:
    """Return whether a rule hears an event of a company; an empty code is that of the whole store.

    >>> from datetime import UTC
    >>> late = Event(
    ...     event_key="k",
    ...     event_kind=EventKind.RUN_LATE,
    ...     severity=Severity.ERROR,
    ...     company_id=1,
    ...     occurred_at=datetime(2025, 1, 31, tzinfo=UTC),
    ... )
    >>> rule = Rule(rule_name="ops", channel_name="team", company_code="demo")
    >>> hears(rule, late, "demo"), hears(rule, late, "other")
    (True, False)
    """
    amount_minor = event.amounts.get(rule.minimum_amount_currency)
    return (
        rule.company_code in {"", company_code}
        and (not rule.event_kinds or event.event_kind in rule.event_kinds)
        and event.severity.rank >= rule.minimum_severity.rank
        and (event.item_count is None or event.item_count >= rule.minimum_count)
        and (amount_minor is None or amount_minor >= rule.minimum_amount_minor)
    )


def due_at(rule: Rule, severity: Severity, now: datetime) -> datetime:
    """Return when a message of a rule about an event of that severity, which is found ``now``, is due.

    >>> from datetime import UTC
    >>> rule = Rule(rule_name="ops", channel_name="team", quiet_from="22:00", quiet_to="07:00")
    >>> night = datetime(2025, 1, 31, 23, 0, tzinfo=UTC)
    >>> due_at(rule, Severity.WARNING, night).strftime("%d %H:%M")
    '01 07:00'
    >>> due_at(rule, Severity.CRITICAL, night) == night
    True
    """
    due = _digest_end(rule, now)
    return due if severity.rank >= rule.quiet_severity.rank else _after_quiet_hours(rule, due)


def _digest_end(rule: Rule, now: datetime) -> datetime:
    zone = ZoneInfo(rule.time_zone)
    local = now.astimezone(zone)
    if rule.digest is Digest.AT_ONCE:
        return now
    if rule.digest is Digest.HOURLY:
        begun = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
        return now - begun + timedelta(hours=1)
    return _first_after(now, local.date(), rule.digest_time, rule.time_zone)


def _after_quiet_hours(rule: Rule, at: datetime) -> datetime:
    if not rule.quiet_from:
        return at
    zone = ZoneInfo(rule.time_zone)
    local = at.astimezone(zone)
    clock = local.strftime("%H:%M")
    is_over_midnight = rule.quiet_from > rule.quiet_to
    is_quiet = (
        clock >= rule.quiet_from or clock < rule.quiet_to
        if is_over_midnight
        else rule.quiet_from <= clock < rule.quiet_to
    )
    if not is_quiet:
        return at
    return _first_after(at, local.date(), rule.quiet_to, rule.time_zone)


def _first_after(at: datetime, day: date, clock_time: str, time_zone: str) -> datetime:
    """Return when a clock of the zone next shows a time, looked for from a day on."""
    days = (day + timedelta(days=number) for number in range(_LONGEST_DIGEST_DAYS))
    candidates = (instant_of(each, time.fromisoformat(clock_time), time_zone) for each in days)
    return next(instant for instant in candidates if instant > at)
