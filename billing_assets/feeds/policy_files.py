"""Policy files: CSV and Parquet into one frame of raw text.

Belongs here: everything that is about the file and nothing that is about its meaning. Does not belong here:
encodings (``encodings``), how CSV text is cut into records (``records``), Parquet (``parquet_rows``), what a
value means (``frames``).

A fault of the file refuses it whole; a fault of one record is a ``row_fault`` beside the other rows.
"""

import io
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import polars as pl

from billing_assets.domain.book_mapping import BookFormat, BookMapping, cell_name
from billing_assets.domain.errors import BillingError
from billing_assets.feeds.encodings import decoded, has_utf8_sequences, hides_utf8, wrong_encoding
from billing_assets.feeds.headers import check_header
from billing_assets.feeds.parquet_rows import parquet_rows
from billing_assets.feeds.records import Records, cut_records, fields_of
from billing_assets.steps.intake_ports import PolicyFile, RawBook

_PARQUET_MAGIC = b"PAR1"
_WORKBOOK_MAGICS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""How workbooks of Excel begin, and other office documents: new ones and old ones."""
_BAD_ENCODING_PER_CENT = 1
_SLICE_ROWS = 50_000
_ENCODING_INVALID = "encoding_invalid"


class PolicyFiles:
    """The reader of policy files that the step asks for."""

    def open(self, path: Path) -> PolicyFile:
        """Return the bytes of the file and their hash."""
        return open_policy_file(path)

    def read(self, file: PolicyFile, mapping: BookMapping) -> RawBook:
        """Return the rows of the file, or raise where the file cannot be taken at all."""
        return read_policy_file(file, mapping)


def open_policy_file(path: Path) -> PolicyFile:
    """Return the file's name, bytes and SHA-256 (hex).

    Raises:
        BillingError: ``file_unreadable``, ``file_empty`` or ``file_is_workbook``.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BillingError(
            "file_unreadable", f"{path.name}: {error.strerror}", "name a policy book that can be read"
        ) from error
    if not content.strip():
        raise BillingError("file_empty", f"{path.name} is empty", "export the policy book again")
    if content.startswith(_WORKBOOK_MAGICS):
        found = f"{path.name} is an Excel workbook, or another packed file, and no text"
        raise BillingError("file_is_workbook", found, "save it as CSV")
    return PolicyFile(name=path.name, content=content, content_sha256=sha256(content).hexdigest())


def read_policy_file(file: PolicyFile, mapping: BookMapping) -> RawBook:
    """Return the rows of ``file`` as raw text, with the columns that ``mapping`` names.

    The frame has ``row_number`` (1 is the first row below the header), ``original_row`` (the row as it
    stands in the file; of Parquet as JSON), ``row_fault`` (null, or a problem code) and one text column per
    mapped column, named by ``book_mapping.cell_name`` and null only where the row could not be cut.

    Raises:
        BillingError: the file cannot be taken at all: ``file_has_no_rows``, ``file_truncated``,
            ``file_encoding_wrong``, ``file_not_parquet``, ``header_doubled``, ``mapping_column_missing``,
            ``amount_is_float``, ``column_is_float``, ``column_not_flat``.
    """
    is_parquet = file.content.startswith(_PARQUET_MAGIC) or file.name.lower().endswith(".parquet")
    try:
        frame = parquet_rows(file.content, mapping, file.name) if is_parquet else _read_csv(file, mapping)
    except pl.exceptions.PanicException as error:
        # A panic is no Exception to Python: nobody who guards a run or a request would catch it.
        raise RuntimeError("the reader of policy files broke down") from error
    if frame.is_empty():
        raise BillingError(
            "file_has_no_rows", f"{file.name} has a header and no rows", "export the book again"
        )
    return RawBook(frame=frame)


def _read_csv(file: PolicyFile, mapping: BookMapping) -> pl.DataFrame:
    text, escaped = decoded(file.content, mapping.format.encoding, file.name)
    records = cut_records(text, mapping.format, file.name)
    check_header(file.name, records.header, mapping)
    frame = _fields(records, mapping)
    # A row may have another fault beside its bytes; where no row has them they stand in the header.
    has_bad_bytes = frame["original_row"].str.contains("\ufffd", literal=True).any()
    if escaped is not None:
        frame = _with_undecodable(frame, cut_records(escaped, mapping.format, file.name))
    frame = _with_hidden_utf8(frame, mapping.format.encoding)
    bad_count = (frame["row_fault"] == _ENCODING_INVALID).sum()
    if bad_count * 100 > frame.height * _BAD_ENCODING_PER_CENT or (escaped is not None and not has_bad_bytes):
        found = f"{bad_count} of {frame.height} rows are not valid in it"
        raise wrong_encoding(file.name, mapping.format.encoding, found)
    return frame


def _with_undecodable(frame: pl.DataFrame, escaped: Records) -> pl.DataFrame:
    r"""Mark rows with undecodable bytes, and let their original row show those bytes as ``\xNN``."""
    is_bad = frame["original_row"].str.contains("\ufffd", literal=True)
    originals = escaped.rows["original_row"]
    return _marked(frame, is_bad, originals if len(originals) == frame.height else frame["original_row"])


def _with_hidden_utf8(frame: pl.DataFrame, encoding: str) -> pl.DataFrame:
    r"""Mark rows that are UTF-8 under an encoding of single bytes; their original row shows ``\xNN``."""
    pattern = has_utf8_sequences(encoding)
    if not pattern:
        return frame
    rows = frame["original_row"]
    suspects = rows.str.contains(pattern).arg_true()
    bad = [number for number in suspects if hides_utf8(rows[number], encoding)]
    if not bad:
        return frame
    shown = [rows[number].encode(encoding).decode("ascii", "backslashreplace") for number in bad]
    is_bad = pl.repeat(value=False, n=frame.height, dtype=pl.Boolean, eager=True).scatter(bad, values=True)
    return _marked(frame, is_bad, rows.scatter(bad, shown))


def _marked(frame: pl.DataFrame, is_bad: pl.Series, originals: pl.Series) -> pl.DataFrame:
    fault = pl.when(pl.col("row_fault").is_null() & is_bad).then(pl.lit(_ENCODING_INVALID))
    return frame.with_columns(
        row_fault=fault.otherwise("row_fault"),
        original_row=frame["original_row"].zip_with(~is_bad, originals),
    )


def _fields(records: Records, mapping: BookMapping) -> pl.DataFrame:
    """Return the records with the mapped columns cut out."""
    columns = mapping.source_columns()
    names = [cell_name(column) for column in columns]
    positions = [records.header.index(column) for column in columns]
    rows = records.rows.with_row_index("position")
    is_whole = pl.col("row_fault").is_null()
    plain, folded = (
        rows.filter(is_whole, pl.col("is_multi_line") == is_folded) for is_folded in (False, True)
    )
    # A slice at a time: as a whole the text would be there twice more.
    parts = [
        (part["position"], _cells(part["original_row"], positions, names, mapping.format))
        for part in plain.iter_slices(_SLICE_ROWS)
    ]
    if folded.height:
        cells = _cells_one_by_one(folded["original_row"], positions, names, mapping.format)
        parts.append((folded["position"], cells))
    kept = rows.select(
        "position", "original_row", "row_fault", row_number=pl.col("position").cast(pl.Int64) + 1
    ).select("position", "row_number", "original_row", "row_fault")
    if parts and plain.height == rows.height:
        return pl.concat(
            [kept.drop("position"), pl.concat([cells for _place, cells in parts])], how="horizontal"
        )
    empty = pl.DataFrame(schema={"position": rows.schema["position"], **dict.fromkeys(names, pl.String)})
    placed = [cells.insert_column(0, place) for place, cells in parts]
    joined = kept.join(pl.concat([empty, *placed]), on="position", how="left", maintain_order="left")
    return joined.drop("position")


def _cells(
    lines: pl.Series, positions: Sequence[int], names: Sequence[str], form: BookFormat
) -> pl.DataFrame:
    """Cut single-line records at once; they are known to be well formed, so Polars cannot misread them."""
    if lines.is_empty():
        return pl.DataFrame(schema=dict.fromkeys(names, pl.String))
    buffer = io.BytesIO()
    # A header to skip, because Polars drops a byte order mark at the very beginning, even of a cell.
    lines.to_frame().write_csv(buffer, include_header=True, quote_style="never")
    frame = pl.read_csv(
        buffer.getvalue(),
        has_header=False,
        skip_rows=1,
        separator=form.delimiter,
        quote_char=form.quote or None,
        columns=sorted(positions),
        infer_schema=False,
        empty_string_is_null=False,
    )
    if frame.height != len(lines):
        return _cells_one_by_one(lines, positions, names, form)
    order = {position: place for place, position in enumerate(sorted(positions))}
    return frame.select(
        pl.nth(order[position]).fill_null("").alias(name)
        for position, name in zip(positions, names, strict=True)
    )


def _cells_one_by_one(
    lines: pl.Series, positions: Sequence[int], names: Sequence[str], form: BookFormat
) -> pl.DataFrame:
    """Cut records that hold line breaks: few, and one at a time."""
    records = [fields_of(line, form) for line in lines]
    columns = {
        name: [record[position] for record in records]
        for position, name in zip(positions, names, strict=True)
    }
    return pl.DataFrame(columns, schema=dict.fromkeys(names, pl.String))
