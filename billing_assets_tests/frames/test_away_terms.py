"""A row that changes a term of a detached month is refused, and one that repeats it is not."""

from datetime import date

import polars as pl

from billing_assets.frames.away_terms import with_away_terms
from billing_assets.frames.columns import STORED_TERM_SCHEMA

KEY = {"policy_number": "P1", "effective_date": date(2020, 2, 1)}
STORED = pl.DataFrame(
    [KEY | {"content_sha256": "aa", "away_months": "2020-02-01"}], schema=STORED_TERM_SCHEMA
)


def rows(*contents: str, status: str = "accepted", **key: object) -> pl.DataFrame:
    return pl.DataFrame(
        [KEY | key | {"content_sha256": each, "status": status} for each in contents]
    ).with_columns(problem_code=pl.lit(None, pl.String), field_name=pl.lit(None, pl.String))


def test_a_changed_row_and_its_copies_are_problems() -> None:
    found = with_away_terms(pl.concat([rows("bb"), rows("bb", status="duplicate")]), STORED)
    assert found["status"].to_list() == ["problem", "problem"]
    assert found["problem_code"].to_list() == ["month_away", "month_away"]


def test_a_row_that_says_what_the_store_has_is_as_good_as_any() -> None:
    assert with_away_terms(rows("aa"), STORED)["status"].to_list() == ["accepted"]


def test_other_terms_of_the_policy_and_rows_that_are_problems_already_stay_as_they_are() -> None:
    other = rows("bb", effective_date=date(2024, 2, 1))
    bad = rows("bb", status="problem")
    assert with_away_terms(pl.concat([other, bad]), STORED)["status"].to_list() == ["accepted", "problem"]


def test_a_store_without_detached_months_changes_nothing() -> None:
    found = rows("bb")
    assert with_away_terms(found, STORED.with_columns(away_months=pl.lit(""))).equals(found)
