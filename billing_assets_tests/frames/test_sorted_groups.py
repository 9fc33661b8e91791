"""Numbers and sums within groups that lie together."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from billing_assets.frames.sorted_groups import (
    group_number,
    group_sums,
    number_within,
    running_sum_within,
)

ROWS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(-(2**62), 2**62)), min_size=1, max_size=40
)


@given(ROWS)
def test_they_are_what_windows_over_sorted_rows_say(rows: list[tuple[int, int, int]]) -> None:
    frame = pl.DataFrame(rows, schema={"a": pl.Int64, "b": pl.Int64, "net_minor": pl.Int64}, orient="row")
    grouped = frame.sort("a", "b").with_columns(group=group_number("a", "b"))
    found = grouped.with_columns(number=number_within("group"), sum=running_sum_within("net_minor", "group"))
    last: tuple[int, int] | None = None
    group, number, total = -1, 0, 0
    for row in found.iter_rows(named=True):
        if (row["a"], row["b"]) != last:
            last, group, number, total = (row["a"], row["b"]), group + 1, 0, 0
        number, total = number + 1, total + row["net_minor"]
        assert (row["group"], row["number"], row["sum"]) == (group, number, total)


@given(ROWS)
def test_sums_of_groups_are_what_a_grouping_says(rows: list[tuple[int, int, int]]) -> None:
    frame = pl.DataFrame(rows, schema={"a": pl.Int64, "b": pl.Int64, "net_minor": pl.Int64}, orient="row")
    grouped = frame.sort("a", "b").with_columns(group=group_number("a", "b"))
    sums: dict[tuple[int, int], int] = {}
    for a, b, net_minor in rows:
        sums[a, b] = sums.get((a, b), 0) + net_minor
    found = group_sums(grouped, "group", "net_minor").select("a", "b", "net_minor").rows()
    assert found == [(*key, total) for key, total in sorted(sums.items())]


def test_a_sum_beyond_64_bits_does_not_wrap() -> None:
    rows = pl.DataFrame({"g": [0, 0, 0], "net_minor": [2**62] * 3})
    assert rows.select(running_sum_within("net_minor", "g")).to_series().to_list()[-1] == 3 * 2**62


def test_an_empty_frame_stays_empty() -> None:
    rows = pl.DataFrame(schema={"g": pl.Int64, "net_minor": pl.Int64})
    assert rows.select(number_within("g"), running_sum_within("net_minor", "g")).is_empty()
