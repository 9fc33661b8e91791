"""Statuses from facts: the running amount decides, invoice by invoice, in the order of the facts."""

from datetime import date
from typing import Any

import polars as pl

from billing_assets.frames.statuses import EVENT_COLUMNS, accounts_after, past_due_events, status_events

_PLAIN = {
    "fact_turn": 0,
    "invoice_number": "INV-1",
    "policy_numbers": "{MOT-1}",
    "related_number": "",
    "currency": "EUR",
    "total_minor": 100,
    "due_date": date(2025, 1, 31),
    "occurred_date": date(2025, 1, 15),
    "channel": "",
    "reason_code": "",
    "is_past_due": False,
    "told_open_minor": 100,
}


def fact(source: int, state: str, change: int, **more: Any) -> dict[str, Any]:
    kind = {"issued": "document", "credited": "document", "sent": "delivery", "failed": "delivery"}
    named = {"source_number": source, "fact_id": source, "fact_state": state, "change_minor": change}
    return {**_PLAIN, **named, "fact_kind": kind.get(state, "allocation"), "invoice_id": 1, **more}


def told(*facts: dict[str, Any]) -> list[tuple[Any, ...]]:
    events = status_events(pl.DataFrame(list(facts), infer_schema_length=None))
    assert events.columns == list(EVENT_COLUMNS)
    return events.select("event_kind", "amount_minor", "open_minor").rows()


def test_each_fact_has_its_kind_by_what_it_is_and_leaves_open() -> None:
    assert told(
        fact(1, "issued", 100, told_open_minor=None),
        fact(2, "sent", 0, told_open_minor=None),
        fact(3, "payment", -60, told_open_minor=None),
        fact(4, "payment", -40, told_open_minor=None),
        fact(5, "payment", 60, told_open_minor=None),
        fact(6, "credited", -50, told_open_minor=None),
        fact(7, "write_off", -10, told_open_minor=None),
        fact(8, "write_off", 10, told_open_minor=None),
        fact(9, "failed", 0, told_open_minor=None),
    ) == [
        ("issued", 100, 100),
        ("delivered", 100, 100),
        ("part_paid", 60, 40),
        ("paid", 40, 0),
        ("unpaid_again", 60, 60),
        ("credited", 50, 10),
        ("written_off", 10, 0),
        ("unpaid_again", 10, 10),
        ("undeliverable", 100, 10),
    ]


def test_invoices_do_not_mix_and_order_is_that_of_the_sources() -> None:
    rows = told(
        fact(2, "payment", -100, invoice_id=2),
        fact(1, "payment", -30, invoice_id=1),
        fact(3, "payment", -70, invoice_id=1),
    )
    assert rows == [("part_paid", 30, 70), ("paid", 100, 0), ("paid", 70, 0)]


def test_who_was_settled_in_between_is_past_due_no_more() -> None:
    facts = pl.DataFrame(
        [
            fact(1, "payment", -100, is_past_due=True),
            fact(2, "payment", 100, is_past_due=True),
            fact(3, "payment", -1, invoice_id=2, is_past_due=True),
        ]
    )
    accounts = accounts_after(status_events(facts), facts)
    assert accounts.select("invoice_id", "open_minor", "is_past_due").rows() == [
        (1, 100, False),
        (2, 99, True),
    ]


def test_the_oldest_due_is_past_due_first() -> None:
    named = {name: _PLAIN[name] for name in ("invoice_number", "policy_numbers", "currency", "total_minor")}
    accounts = [
        {**named, "invoice_id": 1, "told_open_minor": 5, "past_due_count": 1, "due_date": date(2025, 2, 1)},
        {**named, "invoice_id": 2, "told_open_minor": 7, "past_due_count": 0, "due_date": date(2025, 1, 1)},
    ]
    frame = pl.DataFrame(accounts).with_columns(occurred_date=date(2025, 3, 1))
    rows = past_due_events(frame).select("invoice_id", "fact_turn", "open_minor").rows()
    assert rows == [(2, 1, 7), (1, 2, 5)]
