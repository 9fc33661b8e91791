"""A preview counts what is late by month, and the invoices that all that is due would make."""

from datetime import date

import polars as pl

from billing_assets.frames.catch_up import caught_up, invoice_counts

TODAY = date(2024, 3, 15)


def charge(billing_date: date, **values: object) -> dict[str, object]:
    return {
        "policy_term_id": 1,
        "billing_date": billing_date,
        "due_date": billing_date,
        "outcome": "invoiced",
        "currency": "EUR",
        "net_minor": 100,
        "payer_number": 0,
        **values,
    }


def test_what_is_due_today_is_not_caught_up() -> None:
    due = pl.DataFrame([charge(TODAY), charge(date(2024, 3, 14)), charge(date(2024, 2, 1), currency="USD")])
    assert caught_up(due, TODAY).rows() == [
        (date(2024, 2, 1), "invoiced", "USD", 1, 100),
        (date(2024, 3, 1), "invoiced", "EUR", 1, 100),
    ]


def test_only_what_is_invoiced_makes_an_invoice() -> None:
    due = pl.DataFrame(
        [charge(TODAY), charge(date(2024, 2, 1)), charge(TODAY, policy_term_id=2, outcome="held")]
    )
    assert invoice_counts(due) == (2, 1)
    assert invoice_counts(due.clear()) == (0, 0)


def test_a_sum_over_many_charges_does_not_wrap() -> None:
    due = pl.DataFrame([charge(date(2024, 2, 1), net_minor=2**62)] * 2)
    assert caught_up(due, TODAY)["net_minor"].item() == 2**63
