"""Parquet files cut into rows of text.

Belongs here: typed columns written as the text that a mapping's formats read back, and a row shown as JSON.
Does not belong here: CSV (``records``), what a text means (``frames``).

Columns are taken by their position in the file, never by name in an expression: a column may be called ``*``.
"""

import io
from collections.abc import Iterator
from datetime import time
from typing import cast
from unicodedata import normalize

import polars as pl

from billing_assets.domain.book_mapping import DATE_FIELDS, BookFormat, BookMapping, cell_name
from billing_assets.domain.errors import BillingError
from billing_assets.feeds.headers import check_header

_PLAIN = (pl.String, pl.Boolean, pl.Null, pl.Categorical, pl.Enum)
_FLAT = (*_PLAIN, pl.Date)
_DAY_SECONDS = 86_400
_PER_SECOND = {"ms": 10**3, "us": 10**6, "ns": 10**9}
# The years 0 to 10000, counted from 1970-01-01: beyond them Polars has no words for a day.
_FIRST_DAY, _LAST_DAY = -719_528, 2_933_261


def parquet_rows(content: bytes, mapping: BookMapping, file_name: str) -> pl.DataFrame:
    """Return the rows as ``policy_files.read_policy_file`` gives them; the original row is JSON.

    Raises:
        BillingError: ``file_not_parquet``, ``header_doubled``, ``mapping_column_missing``,
            ``amount_is_float``, ``column_is_float`` or ``column_not_flat``.
    """
    try:
        frame = pl.read_parquet(io.BytesIO(content))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise BillingError(
            "file_not_parquet", f"{file_name} is not a whole Parquet file", "export the policy book again"
        ) from error
    header = [normalize("NFC", name) for name in frame.columns]
    check_header(file_name, header, mapping)
    names = mapping.source_columns()
    cells = [frame.to_series(header.index(name)).alias(cell_name(name)) for name in names]
    for name, cell in zip(names, cells, strict=True):
        _check_type(file_name, name, cell.dtype, mapping)
    days = {
        name for field in DATE_FIELDS if field in mapping.fields for name in mapping.fields[field].columns
    }
    return pl.DataFrame(
        [
            pl.int_range(1, frame.height + 1, dtype=pl.Int64, eager=True).alias("row_number"),
            _original_row(frame),
            pl.repeat(None, frame.height, dtype=pl.String, eager=True).alias("row_fault"),
            *(_as_text(cell, name in days, mapping.format) for name, cell in zip(names, cells, strict=True)),
        ]
    )


def _original_row(frame: pl.DataFrame) -> pl.Series:
    """Return each row as a JSON object of the columns that JSON can show."""
    # Under numbers of their own, because Polars takes some names of columns for patterns.
    cells = [(name, _shown(cell.alias(str(place)))) for place, (name, cell) in enumerate(_named(frame))]
    shown = {name: cell for name, cell in cells if cell is not None}
    row = pl.DataFrame(list(shown.values())).to_struct("original_row")
    return row.struct.rename_fields(list(shown)).struct.json_encode()


def _named(frame: pl.DataFrame) -> Iterator[tuple[str, pl.Series]]:
    return zip(frame.columns, frame.get_columns(), strict=True)


def _shown(cell: pl.Series) -> pl.Series | None:
    """Return a column as JSON shows it, None for a nested one with leaves that JSON has no form for.

    Bytes are hexadecimal, times of day and durations the number that stands in the file.
    """
    kind = cell.dtype
    if kind == pl.Binary:
        return cell.bin.encode("hex")
    if kind in (pl.Time, pl.Duration):
        return cell.to_physical()
    if kind == pl.Date or isinstance(kind, pl.Datetime):
        return _day_texts(cell, "%Y-%m-%d")
    if kind.is_float():
        return cell.cast(pl.String)
    return cell if _is_plain(kind) else None


def _is_plain(kind: pl.DataType) -> bool:
    if isinstance(kind, pl.List | pl.Array):
        return _is_plain(cast("pl.DataType", kind.inner))
    if isinstance(kind, pl.Struct):
        return all(_is_plain(cast("pl.DataType", field.dtype)) for field in kind.fields)
    return kind.is_integer() or kind.is_decimal() or kind.is_float() or kind in _PLAIN


def _check_type(file_name: str, column: str, kind: pl.DataType, mapping: BookMapping) -> None:
    if not (kind.is_numeric() or kind in _FLAT or isinstance(kind, pl.Datetime)):
        raise BillingError(
            "column_not_flat", f"{file_name}: column '{column}' is {kind}", "map a column of plain values"
        )
    if kind.is_float():
        amounts = (*mapping.fields["premium"].columns, *(charge.column for charge in mapping.charges))
        is_premium = column in amounts
        raise BillingError(
            "amount_is_float" if is_premium else "column_is_float",
            f"{file_name}: column '{column}' holds floating-point numbers",
            "write it as decimal, integer or text: a binary fraction is neither an exact amount nor a key",
        )


def _as_text(cell: pl.Series, is_day: bool, form: BookFormat) -> pl.Series:
    """Write a typed column as the text that the mapping's formats read back."""
    if cell.dtype == pl.Date or isinstance(cell.dtype, pl.Datetime):
        text = _day_texts(cell, form.date_formats[0] if is_day else "%Y-%m-%d")
    else:
        text = cell.cast(pl.String)
    if isinstance(cell.dtype, pl.Decimal) and form.decimal_mark != ".":
        text = text.str.replace(".", form.decimal_mark, literal=True)
    return text.fill_null("")


def _day_texts(days: pl.Series, form: str) -> pl.Series:
    """Write each day in ``form``, one with a time other than midnight in full.

    An instant with a time zone is the day that a clock on a wall of that zone shows. What no calendar holds
    is written as the number that stands in the file.
    """
    number = days.to_physical().cast(pl.Int64)
    per_day = _DAY_SECONDS * _PER_SECOND[days.dtype.time_unit] if isinstance(days.dtype, pl.Datetime) else 1
    is_day = (number // per_day).is_between(_FIRST_DAY, _LAST_DAY).fill_null(value=True)
    known = days.set(~is_day, None)
    if isinstance(days.dtype, pl.Datetime):
        clock = known.dt.replace_time_zone(None)
        has_time = (clock.dt.time() != time(0)).fill_null(value=False)
        text = clock.dt.to_string(form).zip_with(~has_time, clock.cast(pl.String))
    else:
        text = known.dt.to_string(form)
    return text.zip_with(is_day, number.cast(pl.String))
