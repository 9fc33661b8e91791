"""Who hears what, by all that a rule says; when, by digests and quiet hours, over clock changes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.domain.notification_rules import (
    Channel,
    ChannelKind,
    Digest,
    Rule,
    checked_channel,
    checked_rule,
    due_at,
    hears,
    masked_target,
    rule_from,
    rule_record,
    scheme_of,
)
from billing_assets.domain.notifications import Event, EventKind, Severity

RULE = Rule(rule_name="ops", channel_name="team", time_zone="Europe/Madrid")
EVENT = Event(
    event_key="k",
    event_kind=EventKind.RUN_FINALISED,
    severity=Severity.WARNING,
    company_id=1,
    occurred_at=datetime(2025, 1, 31, tzinfo=UTC),
    item_count=10,
    amounts={"EUR": 100_000},
)


@pytest.mark.parametrize(
    ("change", "is_heard"),
    [
        ({}, True),
        ({"company_code": "demo"}, True),
        ({"company_code": "other"}, False),
        ({"event_kinds": (EventKind.RUN_FINALISED, EventKind.RUN_LATE)}, True),
        ({"event_kinds": (EventKind.RUN_LATE,)}, False),
        ({"minimum_severity": Severity.ERROR}, False),
        ({"minimum_severity": Severity.INFO}, True),
        ({"minimum_count": 10}, True),
        ({"minimum_count": 11}, False),
        ({"minimum_amount_minor": 100_000, "minimum_amount_currency": "EUR"}, True),
        ({"minimum_amount_minor": 100_001, "minimum_amount_currency": "EUR"}, False),
    ],
)
def test_a_rule_hears_what_all_of_it_fits(change: dict[str, Any], is_heard: bool) -> None:
    assert hears(replace(RULE, **change), EVENT, "demo") is is_heard


def test_what_has_no_count_and_no_such_amount_is_never_left_out_by_a_minimum() -> None:
    rule = replace(RULE, minimum_count=5, minimum_amount_minor=1, minimum_amount_currency="USD")
    assert hears(rule, replace(EVENT, item_count=None), "demo")


def test_what_concerns_the_whole_store_is_heard_by_rules_of_every_company_alone() -> None:
    assert hears(RULE, EVENT, "")
    assert not hears(replace(RULE, company_code="demo"), EVENT, "")


def local(rule: Rule, severity: Severity, now: datetime) -> str:
    from zoneinfo import ZoneInfo

    return due_at(rule, severity, now).astimezone(ZoneInfo(rule.time_zone)).strftime("%d %H:%M")


NOON = datetime(2025, 1, 31, 11, 20, 30, tzinfo=UTC)
NIGHT = datetime(2025, 1, 31, 22, 15, tzinfo=UTC)
QUIET = replace(RULE, quiet_from="22:00", quiet_to="07:00")


def test_without_digest_and_quiet_hours_a_message_is_due_at_once() -> None:
    assert due_at(RULE, Severity.INFO, NOON) == NOON


def test_an_hourly_digest_is_due_at_the_next_full_hour() -> None:
    assert local(replace(RULE, digest=Digest.HOURLY), Severity.INFO, NOON) == "31 13:00"


def test_an_hourly_digest_of_a_zone_beside_the_hour_is_due_at_its_own_full_hour() -> None:
    rule = replace(RULE, digest=Digest.HOURLY, time_zone="Asia/Kolkata")
    assert local(rule, Severity.INFO, NOON) == "31 17:00"


@pytest.mark.parametrize(
    ("clock", "due"), [("12:21", "31 12:21"), ("12:20", "01 12:20"), ("08:00", "01 08:00")]
)
def test_a_daily_digest_is_due_at_the_next_such_time(clock: str, due: str) -> None:
    rule = replace(RULE, digest=Digest.DAILY, digest_time=clock)
    assert local(rule, Severity.INFO, NOON) == due


def test_what_is_found_in_quiet_hours_is_held_until_they_end() -> None:
    assert local(QUIET, Severity.ERROR, NIGHT) == "01 07:00"
    assert due_at(QUIET, Severity.ERROR, NOON) == NOON


def test_what_is_grave_enough_is_told_in_quiet_hours() -> None:
    assert due_at(QUIET, Severity.CRITICAL, NIGHT) == NIGHT
    assert due_at(replace(QUIET, quiet_severity=Severity.ERROR), Severity.ERROR, NIGHT) == NIGHT


def test_quiet_hours_within_a_day_end_the_same_day() -> None:
    rule = replace(RULE, quiet_from="12:00", quiet_to="14:00")
    assert local(rule, Severity.INFO, NOON) == "31 14:00"


def test_the_end_of_quiet_hours_is_not_quiet_and_their_beginning_is() -> None:
    begins = datetime(2025, 1, 31, 21, 0, tzinfo=UTC)
    ends = datetime(2025, 2, 1, 6, 0, tzinfo=UTC)
    assert local(QUIET, Severity.INFO, begins) == "01 07:00"
    assert due_at(QUIET, Severity.INFO, ends) == ends


def test_a_digest_that_falls_into_quiet_hours_is_held_until_they_end() -> None:
    rule = replace(QUIET, digest=Digest.DAILY, digest_time="23:00")
    assert local(rule, Severity.INFO, NOON) == "01 07:00"


def test_daily_digests_over_both_clock_changes_are_one_a_day_at_their_time() -> None:
    rule = replace(RULE, digest=Digest.DAILY, digest_time="02:30")
    now, dues = datetime(2025, 1, 1, tzinfo=UTC), []
    while now.year == 2025:
        now = due_at(rule, Severity.INFO, now)
        dues.append(now)
    hours = {(later - earlier) // timedelta(hours=1) for earlier, later in pairwise(dues)}
    assert len(dues) == 366
    assert hours <= {23, 24, 25}


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"rule_name": "Ops"}, "no name for a rule"),
        ({"rule_name": "-x"}, "no name for a rule"),
        ({"time_zone": "Europe/Madird"}, "not an IANA time zone"),
        ({"digest_time": "8:00"}, "not written as 22:30"),
        ({"quiet_from": "25:00", "quiet_to": "07:00"}, "not written as 22:30"),
        ({"quiet_from": "22:00"}, "both their beginning and their end"),
        ({"quiet_from": "22:00", "quiet_to": "22:00"}, "end when they begin"),
        ({"minimum_count": -1}, "below zero"),
        ({"minimum_amount_minor": 1}, "is not a currency"),
    ],
)
def test_a_rule_that_cannot_work_is_refused_with_what_is_wrong(change: dict[str, Any], found: str) -> None:
    with pytest.raises(BillingError, match=found) as refused:
        checked_rule(replace(RULE, **change))
    assert refused.value.code == "rule_invalid"


def test_a_rule_comes_back_from_its_record_as_it_was() -> None:
    rule = replace(QUIET, event_kinds=(EventKind.RUN_LATE,), digest=Digest.DAILY, minimum_count=3)
    assert rule_from("ops", "team", rule_record(rule)) == rule


CHANNEL = Channel(
    channel_id=1, channel_name="team", channel_kind=ChannelKind.APPRISE, target="slack://T/B/c", language="en"
)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"channel_name": "a b"}, "no name for a channel"),
        ({"language": "fr"}, "no words in 'fr'"),
        ({"target": "no url"}, "not an Apprise URL"),
        (
            {"channel_kind": ChannelKind.EMAIL, "target": "Ops <ops@example.com>"},
            "not one bare e-mail address",
        ),
    ],
)
def test_a_channel_that_cannot_work_is_refused_without_its_target(change: dict[str, Any], found: str) -> None:
    channel = replace(CHANNEL, **change)
    with pytest.raises(BillingError, match=found) as refused:
        checked_channel(channel)
    assert channel.target not in str(refused.value)


def test_nothing_that_shows_a_channel_shows_its_secret() -> None:
    channel = replace(CHANNEL, target="json://user:password@host/token?x=1")
    shown = (repr(channel), f"{channel}", masked_target(channel.channel_kind, channel.target))
    assert all("json://***" in each and "password" not in each and "token" not in each for each in shown)


def test_only_a_scheme_of_letters_is_one() -> None:
    assert [scheme_of(url) for url in ("JSONS://h", "://h", "js on://h", "json://")] == ["jsons", "", "", ""]
