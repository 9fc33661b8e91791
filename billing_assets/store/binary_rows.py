"""The rows of a frame in PostgreSQL's binary COPY format.

Belongs here: which columns of a frame have a binary form, and the bytes of their rows.
Does not belong here: connections and statements (``copy``), and anything that knows a table.

Rows whose values are equally long are one record repeated, so a block of them is a template, repeated by
memory copy, into which each byte that differs between rows is laid with a stride. Most bytes never differ: of
a bigint that counts to 60,000 the six high ones are zero in every row. Rows of other lengths (a null, a
longer word) are other layouts and follow one another; what has many layouts is left to CSV.
"""

import struct
from binascii import unhexlify
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

_SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END = struct.pack(">h", -1)
_SLICE_ROWS = 50_000
# Some blocks fit the processor's cache and are still long for a socket.
_BLOCK = 1 << 18
_SAMPLE_ROWS = 1_000
_MOST_LAYOUTS = 32
_NULL = -1

_BOOLEAN, _BYTEA, _DATE, _TIMESTAMPTZ = 16, 17, 1082, 1184
_INTEGER_WIDTHS = {21: 2, 23: 4, 20: 8}
_TEXTS = (25, 1042, 1043)
_WIDTHS = {**_INTEGER_WIDTHS, _BOOLEAN: 1, _DATE: 4, _TIMESTAMPTZ: 8}
# PostgreSQL counts from 2000-01-01, Polars from 1970-01-01. Years that four digits do not hold go as text.
_EPOCH_DAYS = (date(2000, 1, 1) - date(1970, 1, 1)).days
_FIRST_DAY = (date.min - date(2000, 1, 1)).days
_LAST_DAY = (date.max - date(2000, 1, 1)).days
_DAY_MICROSECONDS = 86_400_000_000
_ORIGINS = {_DATE: _EPOCH_DAYS, _TIMESTAMPTZ: _EPOCH_DAYS * _DAY_MICROSECONDS}
_INTEGERS = (pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32)


@dataclass(frozen=True, slots=True)
class BinaryColumn:
    """A column as it goes over the wire, and what holds for all of its rows.

    ``low`` and ``high`` bound the values of a number as PostgreSQL counts them, and the bytes of a text or
    hash. ``constant`` is the value of a text that is the same in every row.
    """

    name: str
    type_oid: int
    low: int = 0
    high: int = 0
    null_count: int = 0
    constant: bytes | None = None

    @property
    def is_text(self) -> bool:
        """Whether the bytes of a value are counted rather than given by the type."""
        return self.type_oid not in _WIDTHS

    @property
    def origin(self) -> int:
        """What Polars counts at the point from which PostgreSQL counts."""
        return _ORIGINS.get(self.type_oid, 0)

    def number(self) -> pl.Expr:
        """Return the value of a number, date or instant as the integer that PostgreSQL stores."""
        value = pl.col(self.name).to_physical().cast(pl.Int64)
        return value - self.origin if self.origin else value

    def width(self) -> pl.Expr:
        """Return how many bytes each row's value has; -1 for null, as on the wire."""
        value = pl.col(self.name)
        if not self.is_text:
            return pl.when(value.is_null()).then(_NULL).otherwise(_WIDTHS[self.type_oid])
        count = value.str.len_bytes().cast(pl.Int64)
        return (count // 2 if self.type_oid == _BYTEA else count).fill_null(_NULL)

    def fits(self) -> bool:
        """Tell whether every value has a binary form of this type that means the same as its text."""
        if self.is_text:
            return True
        if self.type_oid in (_DATE, _TIMESTAMPTZ):
            unit = 1 if self.type_oid == _DATE else _DAY_MICROSECONDS
            return _FIRST_DAY * unit <= self.low and self.high < (_LAST_DAY + 1) * unit
        limit = 1 << 8 * _WIDTHS[self.type_oid] - 1
        return -limit <= self.low and self.high < limit

    def uniform_width(self, row_count: int) -> int | None:
        """Return the width that all of ``row_count`` rows share; None where they do not."""
        if self.null_count == row_count:
            return _NULL
        if self.null_count:
            return None
        if not self.is_text:
            return _WIDTHS[self.type_oid]
        return self.low if self.low == self.high else None


def binary_columns(frame: pl.DataFrame, type_oids: Mapping[str, int]) -> tuple[BinaryColumn, ...] | None:
    """Return how ``frame`` goes into columns of those types; None where CSV is to take it.

    ``type_oids`` are PostgreSQL's, by column name. CSV takes columns of types that are not known here, values
    that the type cannot hold (so that the server refuses them in its own words), hashes that are not
    hexadecimal, and frames whose rows have more than 32 layouts.

    >>> frame = pl.DataFrame({"line_number": [1, 70_000]})
    >>> binary_columns(frame, {"line_number": 21}) is None
    True
    >>> binary_columns(frame, {"line_number": 23})[0].high
    70000
    """
    known = [_known(name, dtype, type_oids.get(name)) for name, dtype in frame.schema.items()]
    columns = [column for column in known if column is not None]
    if len(columns) < len(known) or frame.is_empty():
        return None
    measured = _measured(frame, columns)
    if not all(column.fits() for column in measured):
        return None
    varied = [column for column in measured if column.uniform_width(frame.height) is None]
    if _has_many_layouts(frame, varied) or not all(_is_hexadecimal(frame, column) for column in measured):
        return None
    return measured


def binary_blocks(frame: pl.DataFrame, columns: tuple[BinaryColumn, ...]) -> Iterator[bytes | bytearray]:
    """Yield all bytes of a binary COPY of ``frame``, whose ``columns`` come from ``binary_columns``.

    Rows of the same layout stay in order; the layouts of a slice follow one another.

    >>> frame = pl.DataFrame({"line_number": [1, 2]})
    >>> blocks = list(binary_blocks(frame, binary_columns(frame, {"line_number": 21})))
    >>> blocks[1].hex(" ", 2)
    '0001 0000 0002 0001 0001 0000 0002 0002'
    """
    yield _SIGNATURE
    widths = {column.name: column.uniform_width(frame.height) for column in columns}
    varied = [column for column in columns if widths[column.name] is None]
    fixed = {name: width for name, width in widths.items() if width is not None}
    for rows in frame.iter_slices(_SLICE_ROWS):
        for layout, part in _layouts(rows, varied):
            yield from _records(part, columns, {**fixed, **layout})
    yield _END


def _known(name: str, dtype: pl.DataType, type_oid: int | None) -> BinaryColumn | None:
    """Return a column that has a binary form, not yet measured; None for any other."""
    is_hash = name.endswith("_sha256")
    is_known = (
        (dtype in _INTEGERS and type_oid in _INTEGER_WIDTHS)
        or (dtype == pl.String and not is_hash and type_oid in _TEXTS)
        or (dtype == pl.String and is_hash and type_oid == _BYTEA)
        or (dtype == pl.Date and type_oid == _DATE)
        or (dtype == pl.Boolean and type_oid == _BOOLEAN)
        or (isinstance(dtype, pl.Datetime) and _is_instant(dtype) and type_oid == _TIMESTAMPTZ)
    )
    return BinaryColumn(name, type_oid) if is_known and type_oid is not None else None


def _is_instant(dtype: pl.Datetime) -> bool:
    return dtype.time_unit == "us" and dtype.time_zone is not None


def _measured(frame: pl.DataFrame, columns: list[BinaryColumn]) -> tuple[BinaryColumn, ...]:
    """Return the columns with what holds for all of their rows."""
    found = frame.select(
        each for number, column in enumerate(columns) for each in _measures(number, column)
    ).row(0, named=True)
    return tuple(_with_measures(column, number, found) for number, column in enumerate(columns))


def _measures(number: int, column: BinaryColumn) -> Iterator[pl.Expr]:
    value = pl.col(column.name)
    size = value.str.len_bytes() if column.is_text else value
    yield value.null_count().alias(f"null_count_{number}")
    yield size.min().to_physical().cast(pl.Int64).alias(f"low_{number}")
    yield size.max().to_physical().cast(pl.Int64).alias(f"high_{number}")
    if column.type_oid in _TEXTS:
        first = value.first()
        yield pl.when((value == first).all()).then(first).alias(f"constant_{number}")


def _with_measures(column: BinaryColumn, number: int, found: Mapping[str, Any]) -> BinaryColumn:
    low, high = found[f"low_{number}"], found[f"high_{number}"]
    constant = found.get(f"constant_{number}")
    bytes_each = 2 if column.type_oid == _BYTEA else 1
    return BinaryColumn(
        name=column.name,
        type_oid=column.type_oid,
        low=0 if low is None else low // bytes_each - column.origin,
        high=0 if high is None else high // bytes_each - column.origin,
        null_count=found[f"null_count_{number}"],
        constant=None if constant is None else constant.encode(),
    )


def _is_hexadecimal(frame: pl.DataFrame, column: BinaryColumn) -> bool:
    """Tell whether the column's hashes are whole bytes in hexadecimal; True for any other column."""
    if column.type_oid != _BYTEA or column.null_count == frame.height:
        return True
    values = frame[column.name]
    if (values.str.len_bytes() % 2 == 1).any():
        return False
    try:
        _joined(values, column)
    except ValueError:
        return False
    return True


def _has_many_layouts(frame: pl.DataFrame, varied: list[BinaryColumn]) -> bool:
    """Tell whether rows have more layouts than pay; most frames that have show it in their first rows."""
    widths = [column.width().alias(column.name) for column in varied]
    return any(
        rows.select(widths).n_unique() > _MOST_LAYOUTS for rows in (frame.head(_SAMPLE_ROWS), frame) if widths
    )


def _layouts(rows: pl.DataFrame, varied: list[BinaryColumn]) -> Iterator[tuple[dict[str, int], pl.DataFrame]]:
    """Yield the rows of each layout with the widths of the columns that vary."""
    if not varied:
        yield {}, rows
        return
    names = [column.name for column in varied]
    keys = [f"width of {name}" for name in names]
    keyed = rows.with_columns(column.width().alias(key) for column, key in zip(varied, keys, strict=True))
    parts = keyed.partition_by(keys, include_key=False, as_dict=True, maintain_order=True)
    for widths, part in parts.items():
        yield dict(zip(names, widths, strict=True)), part


def _records(
    rows: pl.DataFrame, columns: tuple[BinaryColumn, ...], widths: Mapping[str, int]
) -> Iterator[bytearray]:
    """Yield rows of one layout, in blocks.

    A place is an offset in the record with the byte that each row has there.
    """
    record = bytearray(struct.pack(">h", len(columns)))
    places: list[tuple[int, bytes]] = []
    offsets: list[int] = []
    numbers: list[pl.Expr] = []
    for column in columns:
        width = widths[column.name]
        record += struct.pack(">i", width)
        start = len(record)
        if width <= 0:
            continue
        if not column.is_text:
            record += column.low.to_bytes(width, "big", signed=True)
            for place, low_byte in enumerate(_low_bytes(column, width)):
                offsets.append(start + width - 1 - place)
                numbers.append(low_byte.alias(str(len(numbers))))
        elif column.constant is not None:
            record += column.constant
        else:
            record += bytes(width)
            joined = _joined(rows[column.name], column)
            places.extend((start + place, joined[place::width]) for place in range(width))
    if numbers:
        places.extend(zip(offsets, rows.select(numbers).row(0), strict=True))
    step = max(1, _BLOCK // len(record))
    for first in range(0, rows.height, step):
        block = record * min(step, rows.height - first)
        for offset, column_bytes in places:
            block[offset :: len(record)] = column_bytes[first : first + step]
        yield block


def _low_bytes(column: BinaryColumn, width: int) -> Iterator[pl.Expr]:
    """Yield the bytes of a number that differ between rows, lowest first, each as one value.

    Numbers between two bounds share the leading bytes that the bounds share.
    """
    differing = (column.low ^ column.high) & ((1 << 8 * width) - 1)
    for place in range((differing.bit_length() + 7) // 8):
        shifted = column.number() if place == 0 else column.number() // (1 << 8 * place)
        yield shifted.cast(pl.UInt8, wrap_numerical=True).implode().cast(pl.Binary)


def _joined(values: pl.Series, column: BinaryColumn) -> bytes:
    joined: str = values.str.join("").item()
    return unhexlify(joined) if column.type_oid == _BYTEA else joined.encode()
