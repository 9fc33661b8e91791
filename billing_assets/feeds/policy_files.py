"""Policy files: CSV and Parquet into one frame of raw text.

Belongs here: everything that is about the file and nothing that is about its meaning: encoding, header,
columns. Does not belong here: how CSV text is cut into records (``records``), Parquet (``parquet_rows``),
what a value means (``frames``).

A fault of the file refuses it whole; a fault of one record is a ``row_fault`` beside the other rows.
"""

import io
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import polars as pl

from billing_assets.domain.book_mapping import BookFormat, BookMapping, cell_name
from billing_assets.domain.errors import BillingError
from billing_assets.feeds.headers import check_header
from billing_assets.feeds.parquet_rows import parquet_rows
from billing_assets.feeds.records import Records, cut_records, fields_of
from billing_assets.steps.intake_ports import PolicyFile, RawBook

_PARQUET_MAGIC = b"PAR1"
_BAD_ENCODING_PER_CENT = 1
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


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
        BillingError: ``file_unreadable`` or ``file_empty``.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BillingError(
            "file_unreadable", f"{path.name}: {error.strerror}", "name a policy book that can be read"
        ) from error
    if not content.strip():
        raise BillingError("file_empty", f"{path.name} is empty", "export the policy book again")
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
    text, escaped = _decoded(file, mapping.format)
    records = cut_records(text, mapping.format, file.name)
    check_header(file.name, records.header, mapping)
    frame = _fields(records, mapping)
    if escaped is not None:
        frame = _with_encoding_faults(frame, escaped, mapping.format, file.name)
    return frame


def _decoded(file: PolicyFile, form: BookFormat) -> tuple[bytes, bytes | None]:
    r"""Return the content as UTF-8; where bytes are wrong, also with those bytes written as ``\\xNN``."""
    content = file.content.removeprefix(b"\xef\xbb\xbf") if form.encoding == "utf-8" else file.content
    try:
        text = content.decode(form.encoding)
        return (content if form.encoding == "utf-8" else text.removeprefix("\ufeff").encode()), None
    except UnicodeDecodeError as error:
        if content.startswith(_UTF16) or form.encoding.startswith("utf-16"):
            raise _wrong_encoding(file.name, form, "it is UTF-16, or cut in half") from error
    text = content.decode(form.encoding, errors="replace")
    return text.encode(), content.decode(form.encoding, errors="backslashreplace").encode()


def _with_encoding_faults(frame: pl.DataFrame, escaped: bytes, form: BookFormat, name: str) -> pl.DataFrame:
    r"""Mark rows with undecodable bytes, and let their original row show those bytes as ``\\xNN``."""
    is_bad = pl.col("original_row").str.contains("\ufffd", literal=True)
    bad_count = frame.select(is_bad.sum()).item()
    if bad_count * 100 > frame.height * _BAD_ENCODING_PER_CENT or not bad_count:
        raise _wrong_encoding(name, form, f"{bad_count} of {frame.height} rows are not valid in it")
    originals = cut_records(escaped, form, name).rows["original_row"]
    if len(originals) != frame.height:
        originals = frame["original_row"]
    return frame.with_columns(
        row_fault=pl.when(pl.col("row_fault").is_null() & is_bad)
        .then(pl.lit("encoding_invalid"))
        .otherwise("row_fault"),
        original_row=pl.when(is_bad).then(originals).otherwise("original_row"),
    )


def _wrong_encoding(name: str, form: BookFormat, found: str) -> BillingError:
    return BillingError(
        "file_encoding_wrong",
        f"{name} is not in {form.encoding}: {found}",
        "correct 'format.encoding' in the mapping (cp1252, iso-8859-15), or export the file again",
    )


def _fields(records: Records, mapping: BookMapping) -> pl.DataFrame:
    """Return the records with the mapped columns cut out."""
    columns = mapping.source_columns()
    names = [cell_name(column) for column in columns]
    positions = [records.header.index(column) for column in columns]
    rows = records.rows.with_row_index("position").with_columns(
        row_number=pl.col("position").cast(pl.Int64) + 1
    )
    plain = rows.filter(pl.col("row_fault").is_null(), ~pl.col("is_multi_line"))
    folded = rows.filter(pl.col("row_fault").is_null(), pl.col("is_multi_line"))
    cells = [
        pl.concat([part.select("position"), values], how="horizontal")
        for part, values in (
            (plain, _cells(plain["original_row"], positions, names, mapping.format)),
            (folded, _cells_one_by_one(folded["original_row"], positions, names, mapping.format)),
        )
        if part.height
    ]
    empty = pl.DataFrame(schema={"position": rows.schema["position"], **dict.fromkeys(names, pl.String)})
    kept = rows.select("position", "row_number", "original_row", "row_fault")
    joined = kept.join(pl.concat([empty, *cells]), on="position", how="left", maintain_order="left")
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
