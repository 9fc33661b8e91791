"""A shard counts the terms that it read by where they stand on the date, and those of them that are due."""

from datetime import date

import polars as pl

from billing_assets.frames.columns import TERM_SCHEMA
from billing_assets.frames.term_counts import term_counts
from billing_assets_tests.frames.rows import term, terms

DAY = date(2024, 2, 1)


def charges(*rows: tuple[int, str]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={"policy_term_id": pl.Int64, "outcome": pl.String}, orient="row")


def test_a_term_is_ended_on_the_day_after_its_last_and_in_force_on_its_first() -> None:
    found = terms(
        term("2023-02-01", "2024-02-01", 100, policy_term_id=1),
        term("2024-02-01", "2025-02-01", 200, policy_term_id=2),
        term("2024-02-02", "2025-02-02", 400, policy_term_id=3),
    )
    counts = term_counts(found, charges(), DAY)
    assert counts.select("phase", "premium_minor", "term_id_sum", "due_term_count").rows() == [
        ("ended", 100, 1, 0),
        ("in_force", 200, 2, 0),
        ("not_begun", 400, 3, 0),
    ]


def test_a_term_with_several_charges_is_due_once_and_one_that_is_given_back_is_not() -> None:
    found = terms(*(term("2024-01-01", "2025-01-01", 100, policy_term_id=number) for number in (1, 2, 3)))
    counts = term_counts(found, charges((1, "invoiced"), (1, "held"), (2, "credited")), DAY)
    assert counts.select("term_count", "due_term_count").rows() == [(3, 1)]


def test_sums_beyond_64_bits_are_exact() -> None:
    many = terms(*(term("2024-01-01", "2025-01-01", 10**15, policy_term_id=1) for _ in range(10)))
    huge = pl.concat([many] * 1_000)
    assert term_counts(huge, charges(), DAY)["premium_minor"].item() == 10**19


def test_a_shard_without_terms_has_no_counts() -> None:
    assert term_counts(pl.DataFrame(schema=TERM_SCHEMA), charges(), DAY).is_empty()
