"""Each frequency is one row under its own code."""

from billing_assets.domain.frequencies import FREQUENCIES, PeriodUnit


def test_steps_by_hand() -> None:
    steps = {code: (row.unit, row.step) for code, row in FREQUENCIES.items() if not row.pattern}
    assert steps == {
        "daily": (PeriodUnit.DAY, 1),
        "weekly": (PeriodUnit.DAY, 7),
        "two_weekly": (PeriodUnit.DAY, 14),
        "monthly": (PeriodUnit.MONTH, 1),
        "two_monthly": (PeriodUnit.MONTH, 2),
        "quarterly": (PeriodUnit.MONTH, 3),
        "four_monthly": (PeriodUnit.MONTH, 4),
        "half_yearly": (PeriodUnit.MONTH, 6),
        "yearly": (PeriodUnit.MONTH, 12),
        "one_off": (PeriodUnit.ONCE, 1),
    }


def test_only_rules_and_lists_have_a_pattern() -> None:
    patterned = {PeriodUnit.RULE, PeriodUnit.DATES}
    assert all(bool(row.pattern) == (row.unit in patterned) for row in FREQUENCIES.values())


def test_each_row_stands_under_its_own_code_and_says_what_it_is() -> None:
    assert all(code == row.frequency_code and row.meaning for code, row in FREQUENCIES.items())
