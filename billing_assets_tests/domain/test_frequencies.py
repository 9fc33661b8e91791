"""Each frequency is one row under its own code."""

from billing_assets.domain.frequencies import FREQUENCIES, PeriodUnit


def test_steps_by_hand() -> None:
    steps = {code: (row.unit, row.step) for code, row in FREQUENCIES.items()}
    assert steps == {
        "daily": (PeriodUnit.DAY, 1),
        "weekly": (PeriodUnit.DAY, 7),
        "monthly": (PeriodUnit.MONTH, 1),
        "quarterly": (PeriodUnit.MONTH, 3),
        "half_yearly": (PeriodUnit.MONTH, 6),
        "yearly": (PeriodUnit.MONTH, 12),
    }


def test_each_row_stands_under_its_own_code_and_says_what_it_is() -> None:
    assert all(code == row.frequency_code and row.meaning for code, row in FREQUENCIES.items())
