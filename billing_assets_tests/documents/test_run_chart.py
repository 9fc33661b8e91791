"""The chart of a run shows every outcome, and every currency with its amount."""

from billing_assets.documents.run_chart import run_bars, run_chart
from billing_assets.documents.templates import default_templates_dir

REPORT = {
    "outcome_counts": {"invoiced": 1_200, "zero": 0, "held": 3, "failed": 1},
    "invoices": [
        {"currency": "EUR", "count": 1_000, "total_minor": 12_345_678},
        {"currency": "KWD", "count": 200, "total_minor": 5},
    ],
}


def test_outcomes_stand_in_one_group_with_failures_in_the_bad_tone() -> None:
    outcomes, _ = run_bars(REPORT)
    assert [(bar.label, bar.length, bar.tone) for bar in outcomes.bars] == [
        ("invoiced", 1_200, "good"),
        ("zero", 0, "quiet"),
        ("held", 3, "quiet"),
        ("failed", 1, "bad"),
    ]


def test_currencies_are_compared_by_count_and_say_their_amount() -> None:
    _, currencies = run_bars(REPORT)
    assert [bar.length for bar in currencies.bars] == [1_000, 200]
    assert [bar.figure for bar in currencies.bars] == ["1,000 · 123,456.78 EUR", "200 · 0.005 KWD"]


def test_it_is_a_png() -> None:
    assert run_chart(REPORT, default_templates_dir()).startswith(b"\x89PNG")
