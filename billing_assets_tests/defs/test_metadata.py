"""Metadata says counts as numbers and amounts as text with their currency."""

from typing import Any

from billing_assets.defs.metadata import reports_metadata, step_metadata, totals_metadata
from billing_assets.domain.runs import CurrencyTotal, Outcome
from billing_assets.steps.result import StepResult

REPORT: dict[str, Any] = {
    "run_id": 7,
    "billing_date": "2024-02-01",
    "company_code": "alondra",
    "due_count": 3,
    "outcome_counts": {"invoiced": 2, "held": 1},
    "charges": [
        {
            "outcome": "held",
            "reason_code": "changed_after_billing",
            "currency": "JPY",
            "count": 1,
            "net_minor": 5,
        }
    ],
    "invoices": [
        {"currency": "EUR", "count": 2, "net_minor": 100_000, "tax_minor": 8_150, "total_minor": 108_150}
    ],
    "numbers": [{"first": "INV-00000001", "last": "INV-00000002"}],
    "seconds": {"write": "0.100"},
}


def test_counts_are_numbers_and_seconds_are_added_up() -> None:
    result = StepResult(step="x", facts={"sent_count": 3}, seconds={"a": 1.0, "b": 0.5})
    assert step_metadata(result) == {"sent_count": 3, "seconds": 1.5}


def test_totals_stand_beside_their_currency_with_its_digits() -> None:
    totals = [
        CurrencyTotal(outcome=Outcome.INVOICED, currency="EUR", charge_count=2, net_minor=123_456),
        CurrencyTotal(outcome=Outcome.HELD, currency="JPY", charge_count=1, net_minor=1_050),
    ]
    facts = totals_metadata(totals)
    assert facts["net_invoiced_eur"] == "1,234.56 EUR"
    assert facts["net_held_jpy"] == "1,050 JPY"
    assert [record.data["charges"] for record in facts["charges_by_outcome"].records] == [2, 1]


def test_without_totals_there_is_no_table() -> None:
    assert totals_metadata([]) == {}


def test_the_runs_of_a_date_are_added_up() -> None:
    later = {**REPORT, "run_id": 8, "numbers": [{"first": "INV-00000009", "last": "INV-00000010"}]}
    facts = reports_metadata([REPORT, later], lambda report: str(report["run_id"]).encode())
    assert facts["run_count"] == 2
    assert facts["invoice_count"] == 4
    assert facts["held_count"] == 2
    assert facts["total_eur"] == "2,163.00 EUR"
    assert facts["numbers"] == "INV-00000001 to INV-00000002, INV-00000009 to INV-00000010"


def test_the_chart_is_of_the_last_run_that_had_something_due() -> None:
    nothing = {**REPORT, "run_id": 9, "due_count": 0}
    drawn: list[int] = []

    def chart(report: Any) -> bytes:
        drawn.append(report["run_id"])
        return b"png"

    facts = reports_metadata([REPORT, nothing], chart)
    assert drawn == [7]
    assert "![outcomes and amounts of run 7](data:image/png;base64,cG5n)" in facts["run_report"].value


def test_a_date_is_complete_when_each_of_its_runs_is() -> None:
    said = {"run": {"run_id": 7}, "is_complete": True, "outcomes": {"terms": {"invoiced": 2}}, "ties": []}
    certified = {**REPORT, "certificate": said, "certificate_sha256": "ab12"}
    facts = reports_metadata([certified], lambda _report: b"")
    assert (facts["is_complete"], facts["certificate_sha256"]) == (True, "ab12")
    assert "**Run 7 is complete** · certificate ab12" in facts["completeness_certificate"].value
    short = {**certified, "certificate": {**said, "is_complete": False}}
    assert reports_metadata([certified, short], lambda _report: b"")["is_complete"] is False
    assert reports_metadata([certified, REPORT], lambda _report: b"")["is_complete"] is False
    assert "is_complete" not in reports_metadata([REPORT], lambda _report: b"")
