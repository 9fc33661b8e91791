"""Parquet files cut into rows of text.

Belongs here: typed columns written as the text that a mapping's formats read back, and a row shown as JSON.
Does not belong here: CSV (``records``), what a text means (``frames``).

Columns are taken by their position in the file, never by name in an expression: a column may be called ``*``.
"""

import io
from datetime import time

import polars as pl

from billing_assets.domain.book_mapping import DATE_FIELDS, BookFormat, BookMapping, cell_name
from billing_assets.domain.errors import BillingError
from billing_assets.feeds.headers import check_header


def parquet_rows(content: bytes, mapping: BookMapping, file_name: str) -> pl.DataFrame:
    """Return the rows as ``policy_files.read_policy_file`` gives them; the original row is JSON.

    Raises:
        BillingError: ``file_not_parquet``, ``header_doubled``, ``mapping_column_missing``,
            ``amount_is_float`` or ``column_not_flat``.
    """
    try:
        frame = pl.read_parquet(io.BytesIO(content))
    except (pl.exceptions.PolarsError, OSError) as error:
        raise BillingError(
            "file_not_parquet", f"{file_name} is not a whole Parquet file", "export the policy book again"
        ) from error
    check_header(file_name, frame.columns, mapping)
    names = mapping.source_columns()
    cells = [frame.get_column(name).alias(cell_name(name)) for name in names]
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
    """Return each row as a JSON object of all its columns."""
    return frame.to_struct("original_row").struct.json_encode()


def _check_type(file_name: str, column: str, kind: pl.DataType, mapping: BookMapping) -> None:
    if kind.is_nested() or kind in (pl.Binary, pl.Object):
        raise BillingError(
            "column_not_flat", f"{file_name}: column '{column}' is {kind}", "map a column of plain values"
        )
    if kind.is_float() and column in mapping.fields["premium"].columns:
        raise BillingError(
            "amount_is_float",
            f"{file_name}: the premium column '{column}' holds floating-point numbers",
            "write it as decimal, integer or text: a binary fraction is no exact amount",
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

    An instant with a time zone is the day that a clock on a wall of that zone shows.
    """
    if days.dtype == pl.Date:
        return days.dt.to_string(form)
    clock = days.dt.replace_time_zone(None)
    has_time = (clock.dt.time() != time(0)).fill_null(value=False)
    return clock.dt.to_string(form).zip_with(~has_time, clock.cast(pl.String))
