"""A message tells the gravest first, counts, reasons and amounts, in both languages and both forms."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from billing_assets.domain.notification_rules import LANGUAGES
from billing_assets.domain.notifications import SEVERITIES, Event, EventKind, Severity
from billing_assets.reports.notification import TOLD_EVENTS, compose_notice, compose_test

AT = datetime(2025, 3, 12, 11, 0, tzinfo=UTC)
FACTS: dict[EventKind, dict[str, object]] = {
    EventKind.RUN_FINALISED: {
        "due_count": 1013,
        "outcome_counts": {"invoiced": 1010, "held": 1, "failed": 2},
        "invoices": [{"currency": "EUR", "count": 1010, "total_minor": 123_456_789}],
        "reasons": [
            {
                "outcome": "failed",
                "reason_code": "no_plan_row",
                "currency": "EUR",
                "count": 2,
                "net_minor": 900,
            },
            {
                "outcome": "held",
                "reason_code": "row_is_problem",
                "currency": "EUR",
                "count": 1,
                "net_minor": 50,
            },
        ],
    },
    EventKind.RUN_HELD: {"bounds": ["problems"]},
    EventKind.APPROVAL_NEEDED: {"bounds": ["bill"]},
    EventKind.RUN_FAILED: {"done": 1, "shards": 4, "since": "2025-03-12 12:00"},
    EventKind.RUN_LATE: {"state": "not_begun", "deadline": "12:00"},
    EventKind.DELIVERIES_STUCK: {
        "reasons": [{"state": "queued", "reason_code": "connect_failed", "count": 10}],
        "since": "2025-03-12 08:00",
    },
    EventKind.DELIVERIES_UNDELIVERED: {
        "reasons": [{"state": "failed", "reason_code": "mailbox_full", "count": 10}],
        "since": "2025-03-12 08:00",
    },
    EventKind.PROBLEMS_OPENED: {
        "file_name": "book.csv",
        "reasons": [{"problem_code": "date_empty", "count": 10}],
    },
    EventKind.RETRIES_GIVEN_UP: {"reasons": [{"reason_code": "no_tax_rule", "count": 10}]},
    EventKind.REQUESTS_WAITING: {"since": "2025-01-31 09:00"},
    EventKind.STATUSES_STUCK: {
        "subscription_code": "broker-7",
        "failed_count": 2,
        "since": "2025-01-31 09:00",
    },
    EventKind.CHECK_FAILED: {"check_id": "I08", "examples": ["series 1"]},
    EventKind.CHECK_RECOVERED: {"check_id": "I08"},
    EventKind.NOTIFICATION_UNDELIVERABLE: {
        "message_id": 7,
        "channel_name": "team",
        "state": "unknown",
        "reason_code": "no_answer",
        "attempt_count": 3,
    },
}


def event(kind: EventKind, **change: object) -> Event:
    made = Event(
        event_key=kind.value,
        event_kind=kind,
        severity=SEVERITIES[kind],
        company_id=1,
        occurred_at=AT,
        billing_date=date(2025, 3, 12),
        run_id=5,
        item_count=10,
        amounts={"EUR": 123_456},
        facts=FACTS[kind],
    )
    return replace(made, **change)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", EventKind)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_is_told_in_both_languages_and_forms(kind: EventKind, language: str) -> None:
    notice = compose_notice([event(kind)], "Alondra & Co", language)
    assert notice.subject.startswith("[Alondra & Co] ")
    assert "{" not in notice.text
    headline = notice.text.splitlines()[0]
    assert headline in notice.subject
    assert headline in notice.html
    assert f'<html lang="{language}">' in notice.html
    assert "Alondra & Co" not in notice.html


def test_a_final_run_tells_processed_held_failed_reasons_and_amounts() -> None:
    text = compose_notice([event(EventKind.RUN_FINALISED)], "Alondra", "en").text
    assert "run 5 of 2025-03-12 is final; processed 1,010, held 1, failed 2" in text
    assert "invoices: 1,010, 1,234,567.89 EUR" in text
    assert "2 failed 9.00 EUR: no row of the payment plan" in text
    assert "billing runs charges 5" in text
    spanish = compose_notice([event(EventKind.RUN_FINALISED)], "Alondra", "es").text
    assert "facturas: 1.010, 1.234.567,89 EUR" in spanish
    assert "2 fallidos 9,00 EUR: ninguna fila del plan" in spanish


def test_a_run_with_nothing_to_look_at_says_nothing_to_do() -> None:
    facts = {**FACTS[EventKind.RUN_FINALISED], "outcome_counts": {"invoiced": 9, "held": 0}, "reasons": []}
    text = compose_notice([event(EventKind.RUN_FINALISED, facts=facts)], "Alondra", "en").text
    assert "what to do" not in text
    assert "held:" not in text


def test_the_gravest_comes_first_and_the_subject_counts() -> None:
    events = [event(kind) for kind in (EventKind.RUN_HELD, EventKind.CHECK_FAILED, EventKind.RUN_LATE)]
    notice = compose_notice(events, "", "en")
    assert notice.subject == "[the whole store] 3 notices, first: check I08 fails, offenders: 10"
    heads = [line for line in notice.text.splitlines() if line and not line.startswith((" ", "-", "Told"))]
    assert [head.split()[0] for head in heads] == ["check", "2025-03-12", "run"]


def test_a_flood_is_counted_by_kind() -> None:
    events = [event(EventKind.RUN_FINALISED, event_key=str(number)) for number in range(TOLD_EVENTS + 60)]
    text = compose_notice(events, "Alondra", "en").text
    assert text.count("is final") == TOLD_EVENTS
    assert "and 60 more, of these kinds: run_finalised 60" in text


def test_many_reasons_are_cut_to_the_most_frequent_and_the_rest_counted() -> None:
    reasons = [{"problem_code": f"new_{number}", "count": number} for number in range(1, 10)]
    facts = {"file_name": "book.csv", "reasons": reasons}
    text = compose_notice([event(EventKind.PROBLEMS_OPENED, facts=facts)], "Alondra", "en").text
    assert "9 × new_9; 8 × new_8" in text
    assert "and 4 more reasons" in text
    assert "new_4" not in text


def test_what_would_be_markup_is_text() -> None:
    facts = {"file_name": "<script>.csv", "reasons": []}
    notice = compose_notice([event(EventKind.PROBLEMS_OPENED, facts=facts)], "A\r\nB", "en")
    assert "<script>" not in notice.html
    assert "\r" not in notice.subject
    assert "\n" not in notice.subject


def test_a_test_names_its_channel() -> None:
    assert compose_test("team", "es").subject == "[billing] prueba del canal team"
    assert Severity.INFO.value not in compose_test("team", "en").text


@pytest.mark.parametrize(
    "kind", [EventKind.RUN_FINALISED, EventKind.RUN_HELD, EventKind.APPROVAL_NEEDED, EventKind.RUN_FAILED]
)
def test_a_run_of_a_selection_says_of_which_policies_it_is(kind: EventKind) -> None:
    selected = event(
        kind, facts={**FACTS[kind], "selection": {"product_codes": ["home", "motor"], "place_codes": ["ES"]}}
    )
    english, spanish = (compose_notice([selected], "Alondra", language).text for language in ("en", "es"))
    assert "only these policies: product home, motor; place ES" in english
    assert "solo estas pólizas: producto home, motor; lugar ES" in spanish
    assert "only these policies" not in compose_notice([event(kind)], "Alondra", "en").text


def test_a_stopped_run_of_a_selection_goes_on_by_its_own_command() -> None:
    facts = {**FACTS[EventKind.RUN_FAILED], "selection": {"plan_codes": ["monthly"]}}
    text = compose_notice([event(EventKind.RUN_FAILED, facts=facts)], "Alondra", "en").text
    assert "billing run 2025-03-12 --plan monthly" in text
