"""The message of a notification: subject, plain text and HTML from the events that it tells.

Belongs here: which facts of an event are told, in which order, and the two forms.
Does not belong here: the words (``domain.notification_words``), who is told (``domain.notification_rules``).

It holds counts, amounts, codes and our own numbers; nothing of a policyholder.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, TypeAlias

from billing_assets.domain.notification_words import (
    bound_words,
    check_statement,
    count_text,
    delivery_reason,
    headline,
    label,
    money_text,
    outcome_reason,
    problem_meaning,
)
from billing_assets.domain.notifications import Event, EventKind
from billing_assets.domain.selections import selection_of

TOP_REASONS = 5
"""So many reasons are named; all are counted."""

TOLD_EVENTS = 40
"""So many events stand in one message; the others are counted by kind."""

_SUBJECT_LIMIT = 160

Row: TypeAlias = tuple[str, str]
Facts: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A message as it goes out."""

    subject: str
    text: str
    html: str


def compose_notice(events: Sequence[Event], company_name: str, language: str) -> Notice:
    """Return the message that tells the events, the gravest first, of one company or the whole store."""
    who = company_name or label(language, "whole_store")
    ranked = sorted(events, key=lambda event: (-event.severity.rank, event.occurred_at))
    first = _headline(ranked[0], language)
    told = first
    if len(ranked) > 1:
        told = label(language, "notices", count=count_text(language, len(ranked)), headline=first)
    blocks = [(_headline(event, language), _rows(event, language)) for event in ranked[:TOLD_EVENTS]]
    rest = Counter(event.event_kind.value for event in ranked[TOLD_EVENTS:])
    if rest:
        kinds = ", ".join(f"{kind} {count}" for kind, count in rest.most_common())
        blocks.append((label(language, "more_events", count=rest.total(), kinds=kinds), []))
    return _notice(f"[{who}] {told}", blocks, language)


def compose_test(channel_name: str, language: str) -> Notice:
    """Return the message that tries a channel."""
    told = headline(language, "test", channel_name=channel_name)
    return _notice(f"[billing] {told}", [(label(language, "test_body"), [])], language)


def _notice(subject: str, blocks: Sequence[tuple[str, Sequence[Row]]], language: str) -> Notice:
    footer = label(language, "footer")
    texts = ["\n".join([head, *(f"  {name}: {value}" for name, value in rows)]) for head, rows in blocks]
    pages = [_html_block(head, rows) for head, rows in blocks]
    html = (
        f'<!DOCTYPE html><html lang="{language}"><head><meta charset="utf-8"><title>{escape(subject)}</title>'
        f'</head><body style="font-family:sans-serif">{"".join(pages)}<p><small>{escape(footer)}</small></p>'
        "</body></html>"
    )
    plain = "\n\n".join([*texts, f"-- \n{footer}"])
    return Notice(subject=" ".join(subject.split())[:_SUBJECT_LIMIT], text=f"{plain}\n", html=html)


def _html_block(head: str, rows: Sequence[Row]) -> str:
    cells = "".join(
        f'<tr><th align="left" valign="top" style="padding-right:1em">{escape(name)}</th>'
        f"<td>{escape(value)}</td></tr>"
        for name, value in rows
    )
    return f'<h2 style="font-size:1.1em">{escape(head)}</h2>{f"<table>{cells}</table>" if cells else ""}'


def _headline(event: Event, language: str) -> str:
    facts, count = event.facts, count_text(language, event.item_count or 0)
    counts = facts.get("outcome_counts", {})
    processed = sum(counts.get(name, 0) for name in ("invoiced", "zero", "credited"))
    values = {
        **{key: value for key, value in facts.items() if isinstance(value, str | int)},
        "run_id": event.run_id,
        "billing_date": event.billing_date,
        "count": count,
        "processed": count_text(language, processed),
        "held": count_text(language, counts.get("held", 0)),
        "failed": count_text(language, counts.get("failed", 0)),
    }
    return headline(language, event.event_kind.value, **values)


def _rows(event: Event, language: str) -> list[Row]:
    told = [(label(language, "severity"), label(language, event.severity.value))]
    told += list(_ROWS[event.event_kind](event, language))
    todo = _todo(event, language)
    return [*told, (label(language, "what_to_do"), todo)] if todo else told


def _todo(event: Event, language: str) -> str:
    options = selection_of(event.facts.get("selection")).options()
    values = {"run_id": event.run_id, "billing_date": event.billing_date, "options": options}
    if event.event_kind is EventKind.RUN_FINALISED:
        counts = event.facts["outcome_counts"]
        has_reason = counts.get("failed") or counts.get("held")
        return label(language, "do_charges", **values) if has_reason else ""
    key = _TODO.get(event.event_kind)
    return label(language, key, **values) if key else ""


def _reasons(rows: Sequence[tuple[str, str, int, str]], language: str) -> Iterator[Row]:
    """Yield the most frequent reasons: (outcome, words, count, amount or nothing)."""
    ranked = sorted(rows, key=lambda row: -row[2])
    told = [
        f"{' '.join(filter(None, [count_text(language, count), outcome or '×', amount]))}"
        f"{':' if outcome else ''} {words}"
        for outcome, words, count, amount in ranked[:TOP_REASONS]
    ]
    if len(ranked) > TOP_REASONS:
        told.append(label(language, "more_reasons", count=len(ranked) - TOP_REASONS))
    if told:
        yield label(language, "reasons"), "; ".join(told)


def _finalised(event: Event, language: str) -> Iterator[Row]:
    facts = event.facts
    yield from _selection(event, language)
    yield label(language, "due"), count_text(language, facts["due_count"])
    for outcome, count in facts["outcome_counts"].items():
        if count:
            yield label(language, outcome), count_text(language, count)
    for kind in ("invoices", "credit_notes"):
        for row in facts.get(kind, ()):
            total = money_text(language, row["total_minor"], row["currency"])
            yield label(language, kind), f"{count_text(language, row['count'])}, {total}"
    yield from _reasons(
        [
            (
                label(language, row["outcome"]),
                outcome_reason(language, row["reason_code"]),
                row["count"],
                money_text(language, row["net_minor"], row["currency"]),
            )
            for row in facts.get("reasons", ())
        ],
        language,
    )


def _selection(event: Event, language: str) -> Iterator[Row]:
    """Yield which policies a run is of, where it is not of all."""
    lists = event.facts.get("selection", {}).items()
    if lists:
        told = "; ".join(f"{label(language, name)} {', '.join(codes)}" for name, codes in lists)
        yield label(language, "only"), told


def _held(event: Event, language: str) -> Iterator[Row]:
    yield from _selection(event, language)
    if event.item_count is not None:
        yield label(language, "due"), count_text(language, event.item_count)
    for currency, amount_minor in event.amounts.items():
        yield label(language, "amount"), money_text(language, amount_minor, currency)
    if event.facts.get("bounds"):
        yield (
            label(language, "bounds"),
            "; ".join(bound_words(language, code) for code in event.facts["bounds"]),
        )


def _late(event: Event, language: str) -> Iterator[Row]:
    yield label(language, "state"), label(language, event.facts["state"])


def _stopped(event: Event, language: str) -> Iterator[Row]:
    yield from _selection(event, language)
    yield label(language, "due"), count_text(language, event.item_count or 0)
    yield label(language, "since"), event.facts["since"]


def _deliveries(event: Event, language: str) -> Iterator[Row]:
    rows = event.facts["reasons"]
    told = [
        (label(language, row["state"]), delivery_reason(language, row["reason_code"]), row["count"], "")
        for row in rows
    ]
    yield from _reasons(told, language)
    yield label(language, "since"), event.facts["since"]


def _problems(event: Event, language: str) -> Iterator[Row]:
    rows = event.facts["reasons"]
    told = [("", problem_meaning(language, row["problem_code"]), row["count"], "") for row in rows]
    yield from _reasons(told, language)


def _given_up(event: Event, language: str) -> Iterator[Row]:
    rows = event.facts["reasons"]
    told = [("", outcome_reason(language, row["reason_code"]), row["count"], "") for row in rows]
    yield from _reasons(told, language)


def _stuck(event: Event, language: str) -> Iterator[Row]:
    yield label(language, "failed"), count_text(language, event.facts["failed_count"])
    yield label(language, "since"), event.facts["since"]


def _requests(event: Event, language: str) -> Iterator[Row]:
    yield label(language, "since"), event.facts["since"]


def _check(event: Event, language: str) -> Iterator[Row]:
    yield label(language, "check"), check_statement(language, event.facts["check_id"])
    yield label(language, "scope"), str(event.billing_date or label(language, "everything"))
    if event.facts.get("examples"):
        yield label(language, "offenders"), "; ".join(event.facts["examples"])


def _undeliverable(event: Event, language: str) -> Iterator[Row]:
    facts = event.facts
    yield label(language, "state"), label(language, facts["state"])
    yield label(language, "reason"), delivery_reason(language, facts["reason_code"])
    yield label(language, "attempts"), count_text(language, facts["attempt_count"])


_ROWS: Mapping[EventKind, Callable[[Event, str], Iterator[Row]]] = {
    EventKind.RUN_FINALISED: _finalised,
    EventKind.RUN_HELD: _held,
    EventKind.APPROVAL_NEEDED: _held,
    EventKind.RUN_FAILED: _stopped,
    EventKind.RUN_LATE: _late,
    EventKind.DELIVERIES_STUCK: _deliveries,
    EventKind.DELIVERIES_UNDELIVERED: _deliveries,
    EventKind.PROBLEMS_OPENED: _problems,
    EventKind.RETRIES_GIVEN_UP: _given_up,
    EventKind.STATUSES_STUCK: _stuck,
    EventKind.REQUESTS_WAITING: _requests,
    EventKind.CHECK_FAILED: _check,
    EventKind.CHECK_RECOVERED: _check,
    EventKind.NOTIFICATION_UNDELIVERABLE: _undeliverable,
}
_TODO = {
    EventKind.RUN_HELD: "do_run_held",
    EventKind.APPROVAL_NEEDED: "do_run_held",
    EventKind.RUN_FAILED: "do_run",
    EventKind.RUN_LATE: "do_run",
    EventKind.DELIVERIES_STUCK: "do_deliver",
    EventKind.DELIVERIES_UNDELIVERED: "do_deliveries",
    EventKind.PROBLEMS_OPENED: "do_problems",
    EventKind.RETRIES_GIVEN_UP: "do_retries",
    EventKind.STATUSES_STUCK: "do_statuses",
    EventKind.REQUESTS_WAITING: "do_requests",
    EventKind.CHECK_FAILED: "do_audit",
    EventKind.NOTIFICATION_UNDELIVERABLE: "do_notifications",
}
