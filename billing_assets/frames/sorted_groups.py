"""Groups of rows that lie together: numbers within them, their first rows, running sums.

Belongs here: expressions over sorted frames that need no window, which costs a hundred times as much, and no
grouping, which costs three times as much.
Does not belong here: what is grouped and why (``invoices``, ``taxes``).
"""

import polars as pl

from billing_assets.frames.rounding import wide


def group_number(*key: str) -> pl.Expr:
    """Return the number of each row's group, from 0: a new one begins where any column of ``key`` changes.

    >>> rows = pl.DataFrame({"term": [7, 7, 8, 7]})
    >>> rows.select(group_number("term")).to_series().to_list()
    [0, 0, 1, 2]
    """
    return pl.struct(*key).rle_id().cast(pl.Int64).set_sorted()


def number_within(group: str) -> pl.Expr:
    """Return the number of each row within its group, from 1; rows of a group lie together.

    >>> pl.DataFrame({"g": [0, 0, 1]}).select(number_within("g")).to_series().to_list()
    [1, 2, 1]
    """
    row = pl.int_range(pl.len())
    return row - _at_group_start(group, row) + 1


def running_sum_within(value: str, group: str) -> pl.Expr:
    """Return the sum of ``value`` from the first row of the group to this one, as Int128.

    >>> rows = pl.DataFrame({"g": [0, 0, 1], "net_minor": [5, 6, 7]})
    >>> rows.select(running_sum_within("net_minor", "g")).to_series().to_list()
    [5, 11, 7]
    """
    amount = wide(pl.col(value))
    running = amount.cum_sum()
    return running - _at_group_start(group, running - amount)


def group_sums(rows: pl.DataFrame, group: str, *values: str) -> pl.DataFrame:
    """Return the last row of each group, with the sums of ``values`` over the group, as Int128.

    >>> rows = pl.DataFrame({"g": [0, 0, 1], "net_minor": [5, 6, 7]})
    >>> group_sums(rows, "g", "net_minor").rows()
    [(0, 11), (1, 7)]
    """
    is_end = (pl.col(group) != pl.col(group).shift(-1)).fill_null(value=True)
    running = [wide(pl.col(name).fill_null(0)).cum_sum().alias(name) for name in values]
    ends = rows.with_columns(*running).filter(is_end)
    return ends.with_columns(pl.col(name) - pl.col(name).shift(fill_value=0) for name in values)


def _at_group_start(group: str, value: pl.Expr) -> pl.Expr:
    """Return for each row what ``value`` is at the first row of its group."""
    is_start = (pl.col(group) != pl.col(group).shift()).fill_null(value=True)
    return pl.when(is_start).then(value).forward_fill()
