"""Events have one key each, every kind has a severity, and a refused message waits ever longer."""

from datetime import UTC, datetime, timedelta

from billing_assets.domain.notifications import (
    SEVERITIES,
    EventKind,
    Severity,
    event_key,
    next_attempt_at,
    run_severity,
)

AT = datetime(2025, 1, 31, 9, 0, tzinfo=UTC)


def test_every_kind_has_a_severity() -> None:
    assert set(SEVERITIES) == set(EventKind)


def test_severities_are_ordered_from_information_to_critical() -> None:
    assert [each.rank for each in Severity] == [0, 1, 2, 3]


def test_what_belongs_to_no_company_has_a_key_too() -> None:
    assert event_key(EventKind.CHECK_FAILED, "I08", None, None, 2) == "check_failed:I08:-:-:2"


def test_a_run_with_failed_or_held_charges_is_a_warning() -> None:
    assert run_severity({"invoiced": 5, "failed": 0, "held": 0}) is Severity.INFO
    assert run_severity({"failed": 1}) is run_severity({"held": 1}) is Severity.WARNING


def test_a_message_is_tried_twelve_times_within_a_working_day() -> None:
    waits = [next_attempt_at(AT, count) - AT for count in range(1, 13)]
    assert waits == sorted(waits)
    assert max(waits) == timedelta(hours=1)
    assert timedelta(hours=5) < sum(waits[:-1], timedelta()) < timedelta(hours=8)


def test_any_number_of_refusals_has_a_next_attempt() -> None:
    assert next_attempt_at(AT, 1_000) == AT + timedelta(hours=1)
