"""The report of a run as plain data and as Markdown."""

import json
from datetime import UTC, date, datetime
from typing import Any

from billing_assets.domain.exchange_rates import checked_rate, reported
from billing_assets.domain.runs import Outcome, RunKind
from billing_assets.reports.run_report import (
    RunFacts,
    build_run_report,
    issue_date_words,
    run_report_markdown,
)

AT = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
VALUES: dict[str, Any] = {
    "run_id": 7,
    "company_code": "demo",
    "billing_date": date(2024, 1, 2),
    "sequence_number": 1,
    "issuing_date": date(2024, 1, 2),
    "issue_dates": (date(2024, 1, 2), date(2024, 1, 2)),
    "due_count": 1_234,
    "book_batch_id": 3,
    "planned_at": AT,
    "finalised_at": AT,
    "charges": [
        (Outcome.INVOICED, "", "EUR", 1_000, 100_000_00),
        (Outcome.INVOICED, "", "JPY", 200, 5_000),
        (Outcome.ZERO, "no_cover", "EUR", 30, 0),
        (Outcome.FAILED, "no_tax_rule", "EUR", 4, 4_00),
    ],
    "invoices": [("EUR", 990, 100_000_00, 8_000_00, 108_000_00), ("JPY", 200, 5_000, 0, 5_000)],
    "numbers": [("INV-", 1, 1_190)],
    "seconds": {"plan": 0.12345, "write": 2.0},
}
REPORT = build_run_report(RunFacts(**VALUES))


def test_the_report_is_plain_data_that_json_keeps() -> None:
    assert json.loads(json.dumps(REPORT)) == REPORT


def test_charges_are_counted_per_outcome_with_every_outcome_named() -> None:
    assert REPORT["outcome_counts"] == {"invoiced": 1_200, "zero": 30, "held": 0, "failed": 4, "credited": 0}
    assert sum(REPORT["outcome_counts"].values()) == REPORT["due_count"]


def test_amounts_stay_minor_units_and_numbers_are_as_printed() -> None:
    assert REPORT["invoices"][1] == {
        "currency": "JPY",
        "count": 200,
        "net_minor": 5_000,
        "tax_minor": 0,
        "total_minor": 5_000,
    }
    assert REPORT["numbers"] == [{"first": "INV-00000001", "last": "INV-00001190"}]
    assert REPORT["seconds"] == {"plan": "0.123", "write": "2.000"}
    assert REPORT["planned_at"] == "2024-01-02T03:04:05+00:00"


def test_the_markdown_shows_counts_amounts_in_their_currency_and_reasons_in_words() -> None:
    text = run_report_markdown(REPORT)
    assert text.startswith(
        "**Billing date 2024-01-02** · company demo · 1,234 charges due\n\nIssued on 2024-01-02\n\n| outcome"
    )
    assert "| invoiced | 1,200 |" in text
    assert "| EUR | 990 | 100000.00 | 8000.00 | 108000.00 |" in text
    assert "| JPY | 200 | 5000 | 0 | 5000 |" in text
    assert "Numbers: INV-00000001 to INV-00001190" in text
    assert "| failed | no tax rule covers the place" in text
    assert text.endswith("Seconds: plan 0.123, write 2.000")


def test_the_dates_on_the_invoices_are_told_and_where_the_series_moved_them() -> None:
    moved = {"issue_dates": (date(2024, 1, 2), date(2024, 1, 5))}
    report = build_run_report(RunFacts(**{**VALUES, **moved}))
    assert report["issue_dates"] == {"first": "2024-01-02", "last": "2024-01-05"}
    words = "2024-01-02 to 2024-01-05, moved forward from 2024-01-02 to the last date of the number series"
    assert issue_date_words(report) == f"issued on {words}"
    assert f"\n\nIssued on {words}\n\n" in run_report_markdown(report)
    assert issue_date_words(REPORT) == "issued on 2024-01-02"
    assert issue_date_words(build_run_report(RunFacts(**{**VALUES, "issue_dates": None}))) == ""


def test_a_reason_that_has_no_words_shows_its_code() -> None:
    charges = [(Outcome.HELD, "a_new_hold", "EUR", 1, 5)]
    report = build_run_report(RunFacts(**{**VALUES, "charges": charges}))
    assert "| held | a_new_hold | 1 |" in run_report_markdown(report)


def test_a_run_without_invoices_has_neither_an_amount_nor_a_number_to_show() -> None:
    report = build_run_report(
        RunFacts(**{**VALUES, "invoices": [], "issue_dates": None, "numbers": [], "seconds": {}})
    )
    text = run_report_markdown(report)
    assert "Numbers:" not in text
    assert "| currency" not in text
    assert "Seconds:" not in text


def test_a_run_of_nothing_says_so_in_one_line() -> None:
    report = build_run_report(RunFacts(**{**VALUES, "due_count": 0, "charges": [], "invoices": []}))
    assert run_report_markdown(report).endswith("0 charges due\n\nNothing was due.")


EURO = checked_rate("USD", "EUR", date(2024, 1, 2), "0.9", "a test")
IN_DOLLARS = {
    **VALUES,
    "reporting_currency": "USD",
    "reported": reported([("EUR", 90_00, 9_00), ("USD", 1_00, 0)], "USD", {"EUR": EURO}),
}


def test_amounts_in_one_currency_carry_their_rates_and_a_sum() -> None:
    report = build_run_report(RunFacts(**IN_DOLLARS))
    assert json.loads(json.dumps(report)) == report
    assert report["reporting"]["total_minor"] == 111_00
    assert [row["total_minor"] for row in report["reporting"]["rows"]] == [110_00, 1_00]
    text = run_report_markdown(report)
    assert "| EUR | 110.00 | 1 USD = 0.9 EUR (2024-01-02) |" in text
    assert "Total: 111.00 USD" in text


def test_without_a_rate_there_is_no_sum() -> None:
    values = {**IN_DOLLARS, "reported": reported([("EUR", 90_00, 9_00), ("USD", 1_00, 0)], "USD", {})}
    report = build_run_report(RunFacts(**values))
    assert report["reporting"]["missing"] == ["EUR"]
    assert "total_minor" not in report["reporting"]
    assert "No total in USD: no rate for EUR" in run_report_markdown(report)
    assert REPORT["reporting"] is None


def test_a_correction_shows_its_credit_notes_and_not_that_nothing_was_due() -> None:
    given = {
        **VALUES,
        "due_count": 0,
        "charges": [],
        "invoices": [],
        "numbers": [("CRN-", 1, 2)],
        "credit_notes": [("EUR", 2, 50_00, 4_00, 54_00)],
        "run_kind": RunKind.CORRECTION,
    }
    report = build_run_report(RunFacts(**given))
    assert (report["run_kind"], report["invoices"]) == ("correction", [])
    told = run_report_markdown(report)
    assert "| EUR | 2 | 50.00 | 4.00 | 54.00 |" in told
    assert "CRN-00000001 to CRN-00000002" in told
    assert "Nothing was due" not in told


def test_what_was_rounded_stands_beside_the_amounts_and_not_in_them() -> None:
    rounded = build_run_report(RunFacts(**VALUES, rounded=[("CHF", 1_200, -37)]))
    assert rounded["rounding"] == [{"currency": "CHF", "count": 1_200, "cash_rounding_minor": -37}]
    assert rounded["invoices"] == REPORT["invoices"]
    assert "| CHF | 1,200 | -0.37 |" in run_report_markdown(rounded)
    assert REPORT["rounding"] == []
    assert "rounding" not in run_report_markdown(REPORT)
