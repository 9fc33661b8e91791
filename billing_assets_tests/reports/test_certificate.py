"""The certificate as Markdown says what became of each due term, and names a tie that does not hold."""

from typing import Any

from billing_assets.reports.certificate import certificate_markdown

RECORD: dict[str, Any] = {
    "run": {"run_id": 7},
    "is_complete": True,
    "outcomes": {"terms": {"zero": 0, "invoiced": 1_200, "held": 3, "failed": 1}},
    "ties": [
        {"tie": "net_planned", "currency": "EUR", "expected": 123_456, "found": 123_456, "is_equal": True}
    ],
}


def test_a_complete_run_is_said_to_be_complete_with_its_hash() -> None:
    text = certificate_markdown(RECORD, "ab12")
    assert text.startswith("**Run 7 is complete** · certificate ab12")
    assert "| invoiced | 1,200 |" in text
    assert (
        "| net of the plan | 1,234.56 EUR | net of the charges with an outcome | 1,234.56 EUR | yes |" in text
    )


def test_a_run_that_is_not_complete_stands_out() -> None:
    tie = {**RECORD["ties"][0], "found": 123_455, "is_equal": False}
    text = certificate_markdown({**RECORD, "is_complete": False, "ties": [tie]}, "ab12")
    assert "is NOT complete" in text
    assert "| 1,234.55 EUR | NO |" in text


def test_a_run_of_a_selection_says_which_policies_it_is_of() -> None:
    run = {"run_id": 7, "selection": {"place_codes": ["ES"]}}
    text = certificate_markdown({**RECORD, "run": run}, "ab12")
    assert text.startswith("**Run 7 is complete** · only place ES · certificate ab12")
