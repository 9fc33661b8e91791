"""The rounding law over columns.

Belongs here: exact division of integer columns, rounded; sums that cannot wrap.
Does not belong here: one amount at a time (``domain.money``).

Polars' Int64 wraps silently on overflow. Products are therefore taken in Int128, and a result that does
not fit into Int64 becomes null, which the callers turn into the outcome ``amount_out_of_range``.
"""

import polars as pl


def wide(value: pl.Expr) -> pl.Expr:
    """Return ``value`` as Int128, in which products of amounts, rates and day counts are exact.

    >>> pl.DataFrame({"a": [10**15]}).select(wide(pl.col("a")) * 366 * 366 * 1_000_000).item()
    133956000000000000000000000
    """
    return value.cast(pl.Int128)


def divide_half_up(numerator: pl.Expr, denominator: pl.Expr) -> pl.Expr:
    """Return numerator / denominator as Int64, halves away from zero; null where it does not fit.

    Both are integer expressions; multiply with :func:`wide` before. ``denominator`` must be above 0.
    Exact while twice the numerator and the denominator together fit into Int128.

    >>> frame = pl.DataFrame({"n": [5, -5, 7], "d": [2, 2, 3]})
    >>> frame.select(q=divide_half_up(pl.col("n"), pl.col("d")))["q"].to_list()
    [3, -3, 2]
    """
    top, bottom = wide(numerator), wide(denominator)
    magnitude = (2 * top.abs() + bottom) // (2 * bottom)
    return (magnitude * top.sign()).cast(pl.Int64, strict=False)


def divide_down(numerator: pl.Expr, denominator: pl.Expr) -> pl.Expr:
    """Return numerator / denominator as Int64, rounded down; for numerators of 0 and above.

    >>> pl.DataFrame({"n": [5, 7]}).select(q=divide_down(pl.col("n"), pl.lit(3)))["q"].to_list()
    [1, 2]
    """
    return (wide(numerator) // wide(denominator)).cast(pl.Int64, strict=False)


def exact_sum(value: pl.Expr) -> pl.Expr:
    """Return the sum of an amount column as Int128: a sum over millions of rows cannot wrap.

    >>> pl.DataFrame({"a": [2**62, 2**62]}).select(exact_sum(pl.col("a"))).item()
    9223372036854775808
    """
    return wide(value).sum()
