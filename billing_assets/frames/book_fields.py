"""A policy book's raw columns made into its fields: the mapping applied, texts cleaned, dates read.

Belongs here: what a cell says. Does not belong here: whether billing can take it (``policy_book``).
"""

from collections.abc import Callable, Sequence

import polars as pl

from billing_assets.domain.book_mapping import (
    BOOK_FIELDS,
    KEY_FIELDS,
    PAYER_FIELDS,
    SHARE,
    BookMapping,
    FieldSource,
    cell_name,
)
from billing_assets.domain.deliveries import is_deliverable_address

_CONTROL = r"[\p{Cc}\u{2028}\u{2029}]"
# Spaces, format characters, and the letters and marks that print nothing though Unicode calls them letters.
_INVISIBLE = (
    r"^[\p{Z}\p{Cf}\p{Cc}\u{34f}\u{115f}\u{1160}\u{17b4}\u{17b5}\u{180b}-\u{180f}\u{2800}\u{3164}"
    r"\u{fe00}-\u{fe0f}\u{ffa0}]*$"
)
_INVISIBLE_ENDS = r"^[\p{Zs}\p{Cf}]+|[\p{Zs}\p{Cf}]+$"
_EXACT_FIELDS = frozenset({*KEY_FIELDS, "payer_email", "premium", SHARE})
_PLAIN_ADDRESS = (
    r"^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]([A-Za-z0-9-]*[A-Za-z0-9])?$"
)
_SHORT_ADDRESS = 64


def book_fields(raw: pl.LazyFrame, mapping: BookMapping) -> pl.LazyFrame:
    """Return every field of ``BOOK_FIELDS``, and ``unmapped_field``, of each row.

    ``row_number``, ``original_row`` and ``row_fault`` are kept.
    Fields are text, never null, without white space around them; one that the mapping does not name is empty.
    Letters are composed with their accents (Unicode NFC), so that one name is one text. A text of which
    nothing would be seen in print is empty, and keys lose such characters at both ends.
    Control characters become spaces, except in keys, amounts and e-mail addresses, where they are a fault.
    ``unmapped_field`` names the first field whose value is not in the value map; such a field is empty.
    The amount of each charge line stands beside them as it is written, under its ``field_name``, and so do
    the fields of further payers; of a payer who has no share in a row, no value is missing in a map.

    >>> from billing_assets.domain.book_mapping import FieldSource
    >>> raw = pl.LazyFrame(
    ...     {"row_number": [1], "original_row": ["7"], "row_fault": [None], "cell:pay": ["7 "]}
    ... )
    >>> mapping = BookMapping(fields={"plan_code": FieldSource(columns=("pay",), values={"7": "weekly"})})
    >>> book_fields(raw, mapping).select("plan_code", "currency", "unmapped_field").collect().rows()
    [('weekly', '', None)]
    """
    shares = {
        payer.field_name(name): payer.field_name(SHARE) for payer in mapping.payers for name in PAYER_FIELDS
    }
    further = [*shares, *dict.fromkeys(shares.values())]
    sources = {name: mapping.fields.get(name, FieldSource()) for name in BOOK_FIELDS}
    sources |= dict.fromkeys(further, FieldSource()) | mapping.payer_fields()
    read = raw.select(
        "row_number",
        "original_row",
        pl.col("row_fault").cast(pl.String),
        *(original_value(name, mapping).alias(f"_raw_{name}") for name in sources),
        *(original_value(charge.field_name, mapping) for charge in mapping.charges),
    )
    mapped = read.with_columns(_mapped(name, source) for name, source in sources.items())
    is_unmapped = {name: pl.col(name).is_null() for name in sources}
    is_unmapped |= {name: pl.col(name).is_null() & _is_share(share) for name, share in shares.items()}
    unmapped = pl.coalesce(pl.when(is_one).then(pl.lit(name)) for name, is_one in is_unmapped.items())
    return (
        mapped.with_columns(unmapped_field=unmapped)
        .with_columns(pl.col(name).fill_null("") for name in sources)
        .drop(f"_raw_{name}" for name in sources)
    )


def _is_share(name: str) -> pl.Expr:
    """Tell whether a share is written that is neither empty nor zero."""
    return pl.col(name).fill_null("").str.contains(r"[^0., %]")


def original_value(name: str, mapping: BookMapping) -> pl.Expr:
    """Return what the file says of a field, before any value map or constant: text, maybe empty.

    >>> from billing_assets.domain.book_mapping import FieldSource
    >>> mapping = BookMapping(fields={"payer_name": FieldSource(columns=("first", "last"))})
    >>> frame = pl.DataFrame({"cell:first": ["Ann"], "cell:last": [" "]})
    >>> frame.select(original_value("payer_name", mapping)).item()
    'Ann'
    """
    of_charge = {charge.field_name: charge.column for charge in mapping.charges}
    if name in of_charge:
        cell = pl.col(cell_name(of_charge[name])).fill_null("")
        return cell.map_batches(_clean_exact, return_dtype=pl.String).alias(name)
    source = (mapping.payer_fields() if name.startswith("payers.") else mapping.fields).get(
        name, FieldSource()
    )
    cells = [_cell(name, column) for column in source.columns]
    if not cells:
        return pl.lit("").alias(name)
    if len(cells) == 1:
        return cells[0].alias(name)
    filled = [pl.when(cell != "").then(cell) for cell in cells]
    return pl.concat_str(filled, separator=source.join, ignore_nulls=True).fill_null("").alias(name)


def _cell(name: str, column: str) -> pl.Expr:
    field = name.rpartition(".")[2]
    clean = _clean_keys if field in KEY_FIELDS else _clean_exact if field in _EXACT_FIELDS else _clean_texts
    return pl.col(cell_name(column)).fill_null("").map_batches(clean, return_dtype=pl.String)


def _clean_keys(keys: pl.Series) -> pl.Series:
    return _beyond_ascii(
        keys.str.strip_chars(" "), lambda text: _seen(text.str.replace_all(_INVISIBLE_ENDS, ""))
    )


def _clean_exact(texts: pl.Series) -> pl.Series:
    return _beyond_ascii(texts.str.strip_chars(), lambda text: text)


def _clean_texts(texts: pl.Series) -> pl.Series:
    stripped = texts.str.replace_all(_CONTROL, " ").str.strip_chars()
    return _beyond_ascii(stripped, _seen)


def _seen(texts: pl.Series) -> pl.Series:
    return texts.set(texts.str.contains(_INVISIBLE), "")


def _beyond_ascii(texts: pl.Series, clean: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """Compose letters with their accents, and clean further, where a text is not ASCII: the fewer by far."""
    places = (texts.str.len_bytes() != texts.str.len_chars()).arg_true()
    if places.is_empty():
        return texts
    return texts.scatter(places, clean(texts.gather(places).str.normalize("NFC")))


def _mapped(name: str, source: FieldSource) -> pl.Expr:
    """Return a field; null where its value is not in the map."""
    text = pl.col(f"_raw_{name}")
    if source.values is not None:
        values = {"": "", **source.values}
        text = text.replace_strict(values, default=None, return_dtype=pl.String)
    if source.constant:
        text = pl.when(text == "").then(pl.lit(source.constant)).otherwise(text)
    return text.alias(name)


def read_day(text: pl.Expr, formats: Sequence[str]) -> pl.Expr:
    """Return the date that ``text`` writes in exactly one of ``formats``, null where there is none.

    The text must be what the format would write: ``2024-1-5`` is not ``%Y-%m-%d``. Where two formats read it
    as different days it is ambiguous, and null.

    >>> days = pl.DataFrame({"day": ["2024-02-30", "2024-1-5", "2024-02-29"]})
    >>> days.select(read_day(pl.col("day"), ["%Y-%m-%d"])).to_series().to_list()
    [None, None, datetime.date(2024, 2, 29)]
    """
    readings = []
    for form in formats:
        day = text.str.to_date(form, strict=False)
        readings.append(pl.when(day.dt.to_string(form) == text).then(day))
    first = pl.coalesce(readings)
    is_ambiguous = pl.any_horizontal((reading != first).fill_null(value=False) for reading in readings)
    return pl.when(~is_ambiguous).then(first)


def deliverable_addresses(texts: pl.Series) -> pl.Series:
    """Return ``texts`` with everything that is not one deliverable e-mail address made empty.

    >>> deliverable_addresses(pl.Series(["ann@example.com", "a@example.com, b@example.com"])).to_list()
    ['ann@example.com', '']
    """
    is_plain = texts.str.contains(_PLAIN_ADDRESS) & (texts.str.len_bytes() <= _SHORT_ADDRESS)
    unusual = texts.filter(~is_plain & (texts != "")).unique()
    good = [text for text in unusual if is_deliverable_address(text)]
    is_good = is_plain | texts.is_in(pl.Series(good, dtype=pl.String).implode())
    return texts.set(~is_good, "")
