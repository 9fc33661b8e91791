"""Amounts written as text, read exactly into minor units, a column at a time.

Belongs here: the column twin of ``domain.money.parse_minor``, and percentages, which are read alike.
Does not belong here: rounding, checks of a premium or a share.
"""

import re

import polars as pl

from billing_assets.domain.money import CURRENCIES, MAX_AMOUNT_MINOR

_LONGEST_TEXT = 40
_MOST_DIGITS = len(str(MAX_AMOUNT_MINOR))
_MOST_MINOR_DIGITS = max(CURRENCIES.values())
_PERCENT_DIGITS = 4


def with_amounts(
    rows: pl.LazyFrame, text: str, currency: str, decimal_mark: str, name: str, *, thousands: str = ""
) -> pl.LazyFrame:
    """Return ``rows`` with ``{name}_minor`` (Int64) and ``{name}_fault`` (a problem code).

    Where the amount cannot be read, the first is null and the second says why; where the currency is
    unknown, both are null. Nothing is rounded, and no grouping mark is read but ``thousands``, in threes;
    digits stay text until they are an integer.

    >>> rows = pl.LazyFrame({"premium": ["902.0", "1.234,56", "0.005"], "currency": ["EUR", "EUR", "KWD"]})
    >>> with_amounts(rows, "premium", "currency", ".", "premium").select(
    ...     "premium_minor", "premium_fault"
    ... ).collect().rows()
    [(90200, None), (None, 'amount_not_a_number'), (5, None)]
    """
    plain = _plain(pl.col(text).str.strip_chars(), decimal_mark, thousands)
    digits = pl.col(currency).replace_strict(dict(CURRENCIES), default=None, return_dtype=pl.Int64)
    return _with_integers(rows, plain, digits, name)


def with_percents(rows: pl.LazyFrame, text: str, decimal_mark: str, name: str) -> pl.LazyFrame:
    """Return ``rows`` with ``{name}_minor``, parts per million of a percentage, and ``{name}_fault``.

    A percentage has at most four decimals, which is just what parts per million are; a percent sign may stand
    behind it; one that stands alone is no percentage. As amounts are, it is read exactly.

    >>> rows = pl.LazyFrame({"share": ["40", "33.3333 %", "0.00001", "%"]})
    >>> with_percents(rows, "share", ".", "share").select("share_minor", "share_fault").collect().rows()
    [(400000, None), (333333, None), (None, 'amount_too_fine'), (None, 'amount_not_a_number')]
    """
    written = pl.col(text).str.strip_chars().str.replace(r"([^\s%])\s*%$", "$1")
    return _with_integers(rows, _plain(written, decimal_mark, ""), pl.lit(_PERCENT_DIGITS, pl.Int64), name)


def _with_integers(rows: pl.LazyFrame, plain: pl.Expr, digits: pl.Expr, name: str) -> pl.LazyFrame:
    """Return what ``with_amounts`` does, of plain numbers with so many digits behind their point."""
    split = rows.with_columns(_plain=plain, _digits=digits).with_columns(
        _whole=pl.col("_plain").str.extract(r"^-?0*([0-9]*)").fill_null(""),
        _fraction=pl.col("_plain").str.extract(r"\.([0-9]+)$").fill_null(""),
    )
    zeros = pl.lit("0" * max(_MOST_MINOR_DIGITS, _PERCENT_DIGITS))
    kept = pl.concat_str("_fraction", zeros).str.slice(0, pl.col("_digits"))
    whole = split.with_columns(_amount=pl.concat_str("_whole", kept).str.strip_chars_start("0"))
    magnitude = (
        pl.when(pl.col("_amount").str.len_bytes() <= _MOST_DIGITS)
        .then(pl.when(pl.col("_amount") == "").then(pl.lit("0")).otherwise("_amount"))
        .cast(pl.Int64, strict=False)
    )
    sign = pl.when(pl.col("_plain").str.starts_with("-")).then(-1).otherwise(1)
    faulty = whole.with_columns(_minor=magnitude * sign).with_columns(_fault().alias(f"{name}_fault"))
    is_readable = pl.col(f"{name}_fault").is_null() & pl.col("_digits").is_not_null()
    minor = pl.when(is_readable).then("_minor").alias(f"{name}_minor")
    return faulty.with_columns(minor).drop(r"_plain", "_digits", "_whole", "_fraction", "_amount", "_minor")


def _plain(written: pl.Expr, decimal_mark: str, thousands: str) -> pl.Expr:
    """Return amounts with a point and without grouping marks; what is out of place becomes ``?``."""
    if thousands:
        grouped = f"^-?[0-9]{{1,3}}({re.escape(thousands)}[0-9]{{3}})+({re.escape(decimal_mark)}[0-9]+)?$"
        is_grouped = (written.str.len_chars() <= _LONGEST_TEXT) & written.str.contains(grouped)
        bare = written.str.replace_all(thousands, "", literal=True)
        written = pl.when(is_grouped).then(bare).otherwise(written)
    if decimal_mark == ".":
        return written
    return written.str.replace_all(".", "?", literal=True).str.replace_all(decimal_mark, ".", literal=True)


def _fault() -> pl.Expr:
    plain = pl.col("_plain")
    is_number = (plain.str.len_chars() <= _LONGEST_TEXT) & plain.str.contains(r"^-?[0-9]+(\.[0-9]+)?$")
    too_fine = pl.col("_fraction").str.slice(pl.col("_digits")).str.strip_chars("0") != ""
    out_of_range = pl.col("_minor").is_null() | (pl.col("_minor").abs() > MAX_AMOUNT_MINOR)
    return (
        pl.when(plain == "")
        .then(pl.lit("amount_empty"))
        .when(~is_number)
        .then(pl.lit("amount_not_a_number"))
        .when(pl.col("_digits").is_null())
        .then(pl.lit(None, pl.String))
        .when(too_fine)
        .then(pl.lit("amount_too_fine"))
        .when(out_of_range)
        .then(pl.lit("amount_out_of_range"))
    )
