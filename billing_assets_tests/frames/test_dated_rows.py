"""Rule rows hold from a day to a day, and two of one key never at once."""

from datetime import date, timedelta

import polars as pl
import pytest

from billing_assets.domain.errors import BillingError
from billing_assets.frames.dated_rows import is_valid_on, refuse_overlaps

FROM, TO = date(2024, 1, 1), date(2025, 1, 1)
ONE_DAY = timedelta(days=1)


def rows(*spans: tuple[str, date, date | None]) -> pl.DataFrame:
    schema = {"code": pl.String, "valid_from": pl.Date, "valid_to": pl.Date}
    return pl.DataFrame(list(spans), schema=schema, orient="row")


@pytest.mark.parametrize(
    ("day", "valid_to", "expected"),
    [
        (FROM - ONE_DAY, TO, False),
        (FROM, TO, True),
        (TO - ONE_DAY, TO, True),
        (TO, TO, False),
        (date(2199, 1, 1), None, True),
        (FROM - ONE_DAY, None, False),
    ],
)
def test_the_first_day_counts_and_the_last_does_not(
    day: date, valid_to: date | None, *, expected: bool
) -> None:
    assert rows(("a", FROM, valid_to)).select(is_valid_on(pl.lit(day))).item() is expected


@pytest.mark.parametrize(
    "spans",
    [
        (("a", FROM, TO), ("a", TO, None)),
        (("a", TO, None), ("a", FROM, TO)),
        (("a", FROM, TO), ("a", TO + ONE_DAY, None)),
        (("a", FROM, None), ("b", TO, None)),
        (),
    ],
)
def test_rows_that_follow_each_other_or_differ_in_key_pass(
    spans: tuple[tuple[str, date, date | None], ...],
) -> None:
    refuse_overlaps(rows(*spans), ["code"])


@pytest.mark.parametrize(
    "spans",
    [
        (("a", FROM, None), ("a", TO, None)),
        (("a", TO, None), ("a", FROM, None)),
        (("a", FROM, TO), ("a", TO - ONE_DAY, None)),
        (("a", FROM, TO), ("a", FROM, TO)),
        (("b", FROM, None), ("a", FROM, TO), ("b", TO, None)),
    ],
)
def test_rows_of_one_key_that_share_a_day_are_refused(
    spans: tuple[tuple[str, date, date | None], ...],
) -> None:
    with pytest.raises(BillingError, match="rule_rows_overlap"):
        refuse_overlaps(rows(*spans), ["code"])


def test_rows_that_are_all_open_may_have_no_type_for_their_end() -> None:
    frame = pl.DataFrame({"code": ["a", "b"], "valid_from": [FROM, FROM], "valid_to": [None, None]})
    refuse_overlaps(frame, ["code"])
