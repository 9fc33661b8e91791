"""Cutting CSV text into records, soundly.

Belongs here: where a record begins and ends, and whether it has as many fields as the header.
Does not belong here: encodings, columns, values (``policy_files``).

Why not simply a CSV reader: a lenient one loses or pads rows without a word, a strict one refuses the whole
file for one of them. Here every line is kept. If the text as a whole follows RFC 4180, its records are
taken. If not, each line that is a whole record by itself is one, and what lies between is put together where
that gives a record; the rest are single lines with the fault ``row_shape``. So an unclosed quote costs its
own row, not its neighbours.
"""

import re
from dataclasses import dataclass
from io import BytesIO
from unicodedata import normalize

import polars as pl

from billing_assets.domain.book_mapping import BookFormat
from billing_assets.domain.errors import BillingError

_ROW_SHAPE = "row_shape"
_LONGEST_RECORD_LINES = 100


@dataclass(frozen=True, slots=True)
class Records:
    """The header's names, and ``rows`` with ``original_row``, ``row_fault`` and ``is_multi_line``."""

    header: list[str]
    rows: pl.DataFrame


def cut_records(text: bytes, form: BookFormat, file_name: str) -> Records:
    r"""Return the records of ``text`` (UTF-8); empty lines between records are no records.

    Lines end with LF or CR LF, or with CR alone where the text has no LF at all.

    Raises:
        BillingError: ``file_truncated`` where the text ends within a quote, or within a row;
            ``header_unreadable``; ``file_empty`` where nothing but white space stands in it.

    >>> cut = cut_records(b'no,name\n1,"a\nb"\n2\n', BookFormat(), "book.csv")
    >>> cut.rows.select("original_row", "row_fault").rows()
    [('1,"a\nb"', None), ('2', 'row_shape')]
    """
    if not text.strip():
        raise BillingError("file_empty", f"{file_name} has no header and no row", "export the book again")
    if b"\n" not in text:
        text = text.replace(b"\r", b"\n")
    lines = pl.read_lines(BytesIO(text))["line"]
    start = next((number for number, line in enumerate(lines.head(1000)) if line), 0)
    header, body = str(lines[start]), lines.slice(start + 1)
    width = _field_count(pl.Series([header]), form)[0]
    if width is None:
        raise BillingError("header_unreadable", f"{file_name}: the header row is broken", "close its quotes")
    rows = _rows(body, width, form, file_name)
    if rows.height and rows["row_fault"][-1] and not text.endswith((b"\n", b"\r")):
        last = _field_count(rows["original_row"].tail(1), form)[0]
        if last is None or last < width:
            raise _truncated(file_name)
    return Records(header=[normalize("NFC", name).strip() for name in fields_of(header, form)], rows=rows)


def _truncated(file_name: str) -> BillingError:
    return BillingError(
        "file_truncated", f"{file_name} ends in the middle of a row", "send or export the file again"
    )


def _rows(body: pl.Series, width: int, form: BookFormat, file_name: str) -> pl.DataFrame:
    counts = _field_count(body, form)
    if not form.quote or not body.str.contains(form.quote, literal=True).any():
        return _shaped(_table(body, counts, is_multi_line=False), width)
    quotes = body.str.count_matches(form.quote, literal=True).cast(pl.Int64)
    if (quotes % 2 == 0).all():
        return _shaped(_table(body, counts, is_multi_line=False), width)
    table = _by_quotes(body, quotes, form)
    whole = _shaped(table, width)
    if whole["row_fault"].is_null().all():
        return whole
    return _line_by_line(body, counts, width, form, file_name)


def _table(records: pl.Series, counts: pl.Series, *, is_multi_line: bool) -> pl.DataFrame:
    columns = {"original_row": records, "field_count": counts}
    return pl.DataFrame(columns).with_columns(is_multi_line=pl.lit(is_multi_line))


def _shaped(table: pl.DataFrame, width: int) -> pl.DataFrame:
    is_good = pl.col("field_count").eq_missing(width)
    return table.filter(pl.col("original_row") != "").select(
        "original_row",
        pl.when(is_good).then(None).otherwise(pl.lit(_ROW_SHAPE)).alias("row_fault"),
        "is_multi_line",
    )


def _by_quotes(body: pl.Series, quotes: pl.Series, form: BookFormat) -> pl.DataFrame:
    """Cut as RFC 4180 has it: a record ends with the first line after which no quote is open."""
    record = (quotes.cum_sum() - quotes) % 2 == 0
    grouped = (
        pl.DataFrame({"line": body, "record": record.cast(pl.Int64).cum_sum()})
        .group_by("record", maintain_order=True)
        .agg("line")
    )
    single = pl.col("line").list.len() == 1
    text = pl.when(single).then(pl.col("line").list.first()).otherwise(pl.col("line").list.join("\n"))
    joined = grouped.select(text.alias("original_row"), (~single).alias("is_multi_line"))
    return joined.with_columns(field_count=_field_count(joined["original_row"], form))


def _field_count(records: pl.Series, form: BookFormat) -> pl.Series:
    """Return the number of fields of each record, null where its quoting is broken."""
    counts = _delimiters(records, form) + 1
    if not form.quote:
        return counts
    is_quoted = records.str.contains(form.quote, literal=True)
    if not is_quoted.any():
        return counts
    return counts.scatter(is_quoted.arg_true(), _quoted_field_count(records.filter(is_quoted), form))


def _quoted_field_count(records: pl.Series, form: BookFormat) -> pl.Series:
    """Count the fields of whole records; null where a quote opens or closes within a field."""
    delimiter, quote = re.escape(form.delimiter), re.escape(form.quote)
    quoted = f"{quote}(?:[^{quote}]|{quote}{quote})*{quote}"
    field = f"(?:{quoted}|[^{quote}{delimiter}]*)"
    is_whole = records.str.contains(f"^{field}(?:{delimiter}{field})*$")
    return (_delimiters(records.str.replace_all(quoted, ""), form) + 1).set(~is_whole, None)


def fields_of(record: str, form: BookFormat) -> list[str]:
    r"""Return the fields of one whole record, without the quotes around them.

    The csv module of the standard library is of no use here: it takes a CR within a field for the end of the
    record, and refuses a field that is longer than 131,072 characters.

    >>> fields_of('1,"say ""hi"", \n Ann",', BookFormat())
    ['1', 'say "hi", \n Ann', '']
    """
    if not form.quote:
        return record.split(form.delimiter)
    delimiter, quote = re.escape(form.delimiter), re.escape(form.quote)
    field = re.compile(
        f"(?:{quote}((?:[^{quote}]|{quote}{quote})*){quote}|([^{quote}{delimiter}]*))({delimiter}|\\Z)"
    )
    fields, position = [], 0
    while found := field.match(record, position):
        quoted, plain, end = found.groups()
        fields.append(plain if quoted is None else quoted.replace(form.quote * 2, form.quote))
        if not end:
            break
        position = found.end()
    return fields


def _delimiters(records: pl.Series, form: BookFormat) -> pl.Series:
    return records.str.count_matches(form.delimiter, literal=True).cast(pl.Int64)


def _line_by_line(
    body: pl.Series, counts: pl.Series, width: int, form: BookFormat, file_name: str
) -> pl.DataFrame:
    """Take each line that is a whole record; look closer only at the runs of lines between them."""
    is_whole = counts.eq_missing(pl.Series([width], dtype=pl.Int64))
    lines = pl.DataFrame({"line": body, "is_whole": is_whole, "number": pl.arange(0, len(body), eager=True)})
    rest = lines.filter(~pl.col("is_whole"))
    pieces: list[tuple[int, str, int | None, bool]] = []
    numbers, texts = rest["number"].to_list(), rest["line"].to_list()
    start = 0
    for end in range(1, len(numbers) + 1):
        if end == len(numbers) or numbers[end] != numbers[end - 1] + 1:
            is_last = numbers[end - 1] == len(body) - 1
            pieces += _mended(numbers[start:end], texts[start:end], width, form, file_name if is_last else "")
            start = end
    schema = {
        "number": pl.Int64,
        "original_row": pl.String,
        "field_count": pl.Int64,
        "is_multi_line": pl.Boolean,
    }
    mended = pl.DataFrame(pieces, schema=schema, orient="row")
    whole = lines.filter("is_whole").select(
        "number",
        pl.col("line").alias("original_row"),
        pl.lit(width, pl.Int64).alias("field_count"),
        pl.lit(value=False).alias("is_multi_line"),
    )
    return _shaped(pl.concat([whole, mended]).sort("number"), width)


def _mended(
    numbers: list[int], texts: list[str], width: int, form: BookFormat, last_of: str
) -> list[tuple[int, str, int | None, bool]]:
    """Put the lines of one run together where several of them are one record of the right width.

    ``last_of`` names the file where the run is its end: a quote that is open there means a file cut short.
    """
    pieces: list[tuple[int, str, int | None, bool]] = []
    position = 0
    while position < len(texts):
        record, length = texts[position], 1
        is_open = record.count(form.quote) % 2 == 1
        if is_open:
            length = _length(texts[position : position + _LONGEST_RECORD_LINES], width, form)
            if not length and last_of:
                raise _truncated(last_of)
        is_record = is_open and length > 0
        text = "\n".join(texts[position : position + length]) if is_record else record
        pieces.append((numbers[position], text, width if is_record else None, is_record and length > 1))
        position += max(length, 1)
    return pieces


def _length(texts: list[str], width: int, form: BookFormat) -> int:
    """Return how many of the lines make one record of ``width`` fields, 0 where none do."""
    quotes = 0
    for count, text in enumerate(texts, 1):
        quotes += text.count(form.quote)
        if quotes % 2 == 0:
            record = pl.Series(["\n".join(texts[:count])])
            return count if _field_count(record, form)[0] == width else 0
    return 0
