"""Which events are taken, which change nothing, and which are refused."""

import pytest

from billing_assets.domain.policy_events import EVENT_FIELDS, EventKind, OpenEvent
from billing_assets.domain.problems import PROBLEM_CODES

TOLD: dict[str, object] = {"policy_number": " P-1 ", "premium": "10.50"}


def event(**values: object) -> OpenEvent:
    given: dict[str, object] = {"event_id": 1, "event_kind": EventKind.POLICY, "version": 2, "fields": TOLD}
    return OpenEvent(**{**given, "original": "{}", **values})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("values", "settled_by", "fault"),
    [
        ({}, "", ""),
        ({"known_version": 1}, "", ""),
        ({"known_version": 3}, "stale", ""),
        ({"known_version": 2, "is_known": True}, "repeated", ""),
        ({"known_version": 2}, "", "event_version_reused"),
        ({"known_version": 3, "is_key_reused": True}, "", "event_key_reused"),
        ({"fields": {"policy_number": ["P-1"]}}, "", "event_malformed"),
        ({"fields": {"policy_number": True}}, "", "event_malformed"),
        ({"event_kind": EventKind.CHANGE, "fields": {"payer_name": "Ann"}}, "", "event_malformed"),
        ({"fields": {"policy_number": "\tP-1"}}, "", "event_malformed"),
        ({"fields": {"policy_number": "P-1\u00a0"}}, "", "event_malformed"),
        ({"fields": {"policy_number": "Po\u0301l-1"}}, "", "event_malformed"),
        (
            {"fields": {"policy_number": "P\u00f3l 1 ", "effective_date": "2024-02-01\n"}},
            "",
            "event_malformed",
        ),
        ({"fields": {"policy_number": "P\u00f3l 1 "}}, "", ""),
    ],
)
def test_an_event_is_taken_settled_or_refused(values: dict[str, object], settled_by: str, fault: str) -> None:
    found = event(**values)
    assert (found.settled_by, found.fault) == (settled_by, fault)
    assert not fault or fault in PROBLEM_CODES


def test_what_an_event_says_has_no_spaces_around_it_and_nothing_is_empty() -> None:
    assert event().text("policy_number") == "P-1"
    assert event(fields={"policy_number": None}).text("policy_number") == event().text("payer_name") == ""


def test_both_kinds_name_the_policy_and_its_term() -> None:
    assert all({"policy_number", "effective_date"} <= set(fields) for fields in EVENT_FIELDS.values())
