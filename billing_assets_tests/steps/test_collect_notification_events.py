"""From when on something is worth telling, and which rule hears it."""

from datetime import UTC, date, datetime, timedelta

import pytest

from billing_assets.domain.notification_rules import Rule
from billing_assets.domain.notifications import Event, EventKind, Severity
from billing_assets.steps.collect_notification_events import LATE_DAYS, Patience, matches, moments_of
from billing_assets.steps.notification_ports import StoredRule, ToldCompany
from billing_assets.store.connection import Database
from billing_assets_tests.books import COMPANY, fill_book
from billing_assets_tests.notified import NOON, Office, add_channel, add_run, hear, keep_check

MADRID = ToldCompany(
    company_id=1, company_code="demo", name="Demo", email="a@example.com", time_zone="Europe/Madrid"
)


@pytest.mark.parametrize(
    ("deadline", "last"), [("12:00", date(2025, 3, 12)), ("12:01", date(2025, 3, 11)), ("", None)]
)
def test_a_date_is_asked_about_from_its_deadline_on_by_the_companys_clock(
    deadline: str, last: date | None
) -> None:
    dates = moments_of(MADRID, Patience(run_deadline=deadline), NOON).late_dates
    assert (dates and dates[1]) == last
    assert dates is None or dates[1] - dates[0] == timedelta(days=LATE_DAYS - 1)


def test_the_day_is_that_of_the_company_not_of_the_machine() -> None:
    evening = datetime(2025, 3, 12, 23, 30, tzinfo=UTC)
    assert moments_of(MADRID, Patience(), evening).today == date(2025, 3, 13)


def stored(**said: object) -> StoredRule:
    rule = Rule(rule_name="ops", channel_name="team", **said)  # type: ignore[arg-type]
    return StoredRule(rule_id=1, channel_id=1, hears_from=NOON, rule=rule)


def event(kind: EventKind = EventKind.RUN_LATE, at: datetime = NOON, **facts: object) -> Event:
    return Event(
        event_key="k",
        event_kind=kind,
        severity=Severity.ERROR,
        company_id=1,
        occurred_at=at,
        facts=facts,
    )


def test_a_rule_hears_what_happened_since_it_was_made() -> None:
    assert matches([stored()], event(), "demo", NOON) == [(stored(), NOON)]
    assert matches([stored()], event(at=NOON - timedelta(seconds=1)), "demo", NOON) == []


def test_that_a_message_did_not_get_through_is_told_by_other_channels_alone() -> None:
    failed = event(EventKind.NOTIFICATION_UNDELIVERABLE, channel_name="team")
    assert matches([stored()], failed, "demo", NOON) == []
    other = event(EventKind.NOTIFICATION_UNDELIVERABLE, channel_name="other")
    assert len(matches([stored()], other, "demo", NOON)) == 1


def test_everything_that_happened_is_collected_once_and_queued_for_each_rule_that_hears_it(
    database: Database,
) -> None:
    fill_book(database, 1)
    add_channel(database)
    hear(database, "all")
    hear(database, "grave", minimum_severity=Severity.CRITICAL, company_code=COMPANY.company_code)
    office = Office(database, patience=Patience(run_deadline="12:00"))
    add_run(database, date(2025, 3, 11))
    keep_check(database, 1, NOON)
    keep_check(database, 1, NOON, company_id=None)
    assert office.collect().facts == {"event_count": 4, "queued_count": 4}
    assert sorted(office.events()) == ["check_failed", "check_failed", "run_finalised", "run_late"]
    assert office.collect().facts == {"event_count": 0, "queued_count": 0}
    told = """
        select concat(rule_name, ' ', coalesce(company_id, 0), ' ', count(*))
        from notification_message join notification_rule using (rule_id)
        join notification_message_event using (message_id) group by rule_name, company_id order by 1
    """
    assert office.column(told) == ["all 0 1", "all 1 3", "grave 1 1"]
