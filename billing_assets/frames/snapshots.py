"""The frozen record of a document, as one text that is hashed.

Belongs here: the text, in each form that documents were issued with, and its hash. The same texts are built
by a query in ``store.checks``, which is how an audit proves that an issued document is unchanged.
Does not belong here: how a document looks.

One line for the head, one per invoice line, one per tax; fields are joined by ``|``. Payer, policy term,
payment plan, company and template enter by the hash of their own frozen rows, taxes by their words.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from types import MappingProxyType

import polars as pl


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFormat:
    """Which columns stand in the head, in each line and in each tax of a frozen record, in this order."""

    head: tuple[str, ...]
    line: tuple[str, ...]
    tax: tuple[str, ...]


_FIRST = RecordFormat(
    head=(
        "document_kind",
        "company_id",
        "document_number",
        "issue_date",
        "due_date",
        "tax_point_date",
        "currency",
        "net_minor",
        "tax_minor",
        "total_minor",
        "payer_sha256",
        "company_sha256",
        "template_sha256",
    ),
    line=(
        "line_number",
        "term_sha256",
        "charge_kind",
        "installment_number",
        "installment_count",
        "revision",
        "period_from_date",
        "period_to_date",
        "net_minor",
        "tax_minor",
    ),
    tax=("tax_number", "tax_code", "category_code", "rate_ppm", "base_minor", "tax_minor"),
)

_THIRD = RecordFormat(
    head=("record_format", *_FIRST.head),
    line=(*_FIRST.line, "plan_sha256", "contained_tax_minor"),
    tax=(
        *_FIRST.tax,
        "exemption_reason",
        "basis",
        "basis_tax_codes",
        "amount_minor",
        "rounding_scope",
        "rounding_minor",
        "is_inclusive",
    ),
)

_FOURTH = RecordFormat(
    head=("record_format", *_FIRST.head, "original_number", "credit_reason"),
    line=(*_THIRD.line, "credited_line_number"),
    tax=_THIRD.tax,
)
_CASH = ("cash_unit_minor", "cash_rounding_minor")
_REPLACED = ("replaced_number", "replaced_issue_date")
_OLDER: Mapping[int, RecordFormat] = {
    1: _FIRST,
    2: RecordFormat(
        head=("record_format", *_FIRST.head),
        line=(*_FIRST.line, "plan_sha256"),
        tax=(*_FIRST.tax, "exemption_reason"),
    ),
    3: _THIRD,
    4: _FOURTH,
    5: RecordFormat(head=(*_THIRD.head, *_CASH), line=_THIRD.line, tax=_THIRD.tax),
    6: RecordFormat(head=(*_FOURTH.head, *_CASH), line=_FOURTH.line, tax=_FOURTH.tax),
    11: RecordFormat(head=(*_THIRD.head, *_REPLACED), line=_THIRD.line, tax=_THIRD.tax),
    12: RecordFormat(head=(*_THIRD.head, *_REPLACED, *_CASH), line=_THIRD.line, tax=_THIRD.tax),
}

CHARGE_LINE_RECORD_FORMATS: Mapping[int, int] = MappingProxyType({3: 7, 4: 8, 5: 9, 6: 10, 11: 13, 12: 14})
"""Format -> that of a document which bills charge lines: the same, and of each line the charge."""

FORMATS: Mapping[int, RecordFormat] = MappingProxyType(
    {
        **_OLDER,
        **{
            number: replace(_OLDER[plain], line=(*_OLDER[plain].line, "charge_number"))
            for plain, number in CHARGE_LINE_RECORD_FORMATS.items()
        },
    }
)
"""``record_format`` -> its columns. A document keeps the format that it was issued with.

>>> FORMATS[2].line[-1], FORMATS[3].line[-1], FORMATS[3].tax[-1]
('plan_sha256', 'contained_tax_minor', 'is_inclusive')
"""

RECORD_FORMAT = 3
"""The format of the invoices that are issued now."""

CREDIT_RECORD_FORMAT = 4
"""The format of the credit notes that are issued now: of an invoice, with what it credits and why."""

REPLACEMENT_RECORD_FORMAT = 11
"""The format of the invoices that replace another: of an invoice, with number and date of the other."""

CASH_RECORD_FORMATS: Mapping[int, int] = MappingProxyType(
    {RECORD_FORMAT: 5, CREDIT_RECORD_FORMAT: 6, REPLACEMENT_RECORD_FORMAT: 12}
)
"""Format -> that of a document whose sum payable goes by a cash unit; its lines and taxes are the same."""

_SLICE_ROWS = 5_000
"""So many whole texts are in memory at a time."""


def snapshot_hashes(
    heads: pl.DataFrame, lines: pl.DataFrame, taxes: pl.DataFrame, record_format: int = RECORD_FORMAT
) -> pl.Series:
    """Return the SHA-256 (hex) of each document's frozen record, in the order of ``heads``.

    ``heads``, ``lines`` and ``taxes`` have the columns of that format and ``draft_index``; lines and taxes
    come in the order of their numbers. Raises ``TypeError`` where a value is missing.

    >>> form = FORMATS[1]
    >>> heads = pl.DataFrame([{**dict.fromkeys(form.head, "h"), "draft_index": 0}])
    >>> lines = pl.DataFrame([{**dict.fromkeys(form.line, "l"), "draft_index": 0}])
    >>> taxes = pl.DataFrame([{**dict.fromkeys(form.tax, "t"), "draft_index": 0}])
    >>> snapshot_hashes(heads, lines, taxes, 1).item()[:16]
    '8000865dee68e365'
    """
    return record_hashes(heads, record_bodies(lines, taxes, record_format), record_format)


def record_bodies(
    lines: pl.DataFrame, taxes: pl.DataFrame, record_format: int = RECORD_FORMAT
) -> pl.DataFrame:
    r"""Return ``draft_index``, ascending, and ``record_body``: the record of a document without its head.

    The body needs no number, so it can be made before the number is drawn. Null where a value is missing.

    >>> lines = pl.DataFrame([{**dict.fromkeys(FORMATS[1].line, "l"), "draft_index": 0}])
    >>> taxes = pl.DataFrame([{**dict.fromkeys(FORMATS[1].tax, "t"), "draft_index": 0}])
    >>> record_bodies(lines, taxes, 1)["record_body"].item()
    '\nline|l|l|l|l|l|l|l|l|l|l\ntax|t|t|t|t|t|t'
    """
    form = FORMATS[record_format]
    texts = pl.concat([_texts(lines, "line", form.line), _texts(taxes, "tax", form.tax)])
    # Joining the texts of a list costs a fifth of joining while grouping.
    return (
        texts.sort("draft_index", maintain_order=True)
        .group_by("draft_index", maintain_order=True)
        .agg("record_body")
        .with_columns(pl.col("record_body").list.join("", ignore_nulls=False))
    )


def bodies_of(lines: pl.DataFrame, taxes: pl.DataFrame, plain: int = RECORD_FORMAT) -> pl.DataFrame:
    r"""Return the bodies of all documents, those with ``has_charge_lines`` in the format that tells them.

    >>> names = FORMATS[7].line
    >>> row = {**dict.fromkeys(names, "l"), "charge_number": 2}
    >>> lines = pl.DataFrame([{**row, "draft_index": each, "has_charge_lines": each > 0} for each in (0, 1)])
    >>> taxes = pl.DataFrame(schema={**dict.fromkeys(FORMATS[7].tax, pl.String), "draft_index": pl.Int64})
    >>> [body.count("2") for body in bodies_of(lines, taxes)["record_body"]]
    [0, 1]
    """
    if not lines["has_charge_lines"].any():
        return record_bodies(lines, taxes, plain)
    parts = []
    for has_lines, record_format in ((False, plain), (True, CHARGE_LINE_RECORD_FORMATS[plain])):
        of_form = lines.filter(pl.col("has_charge_lines") == has_lines)
        own_taxes = taxes.join(of_form.select("draft_index").unique(), on="draft_index", how="semi")
        parts.append(record_bodies(of_form, own_taxes, record_format))
    return pl.concat(parts).sort("draft_index")


def record_hashes(heads: pl.DataFrame, bodies: pl.DataFrame, record_format: int = RECORD_FORMAT) -> pl.Series:
    r"""Return the SHA-256 (hex) of each document's head with its body, in the order of ``heads``.

    ``bodies`` as :func:`record_bodies` makes them, in that format. Raises ``TypeError`` where a value is
    missing.

    >>> heads = pl.DataFrame([{**dict.fromkeys(FORMATS[1].head, "h"), "draft_index": 0}])
    >>> bodies = pl.DataFrame({"draft_index": [0], "record_body": ["\nline|l"]})
    >>> record_hashes(heads, bodies, 1).item()[:16]
    'fda7d7362c6f393b'
    """
    records = heads.join(bodies, on="draft_index", how="left", maintain_order="left")
    text = pl.concat_str(*FORMATS[record_format].head, separator="|") + pl.col("record_body")
    hashes: list[str] = []
    for part in records.iter_slices(_SLICE_ROWS):
        texts = part.select(text.cast(pl.Binary)).to_series().to_list()
        hashes += [sha256(each).hexdigest() for each in texts]
    return pl.Series("snapshot_sha256", hashes, dtype=pl.String)


def with_record_hashes(heads: pl.DataFrame, bodies: pl.DataFrame) -> pl.DataFrame:
    r"""Add ``snapshot_sha256`` to heads, each in its ``record_format``; cash units change no body.

    >>> head = {**dict.fromkeys(FORMATS[5].head, "h"), "draft_index": 0, "record_format": 3}
    >>> heads = pl.DataFrame([head, {**head, "draft_index": 1, "record_format": 5}])
    >>> bodies = pl.DataFrame({"draft_index": [0, 1], "record_body": ["\nline|l"] * 2})
    >>> with_record_hashes(heads, bodies)["snapshot_sha256"].n_unique()
    2
    """
    formats = heads["record_format"].unique().to_list()
    if len(formats) <= 1:
        return heads.with_columns(record_hashes(heads, bodies, *formats))
    parts = []
    for record_format in formats:
        part = heads.filter(pl.col("record_format") == record_format)
        parts.append(part.with_columns(record_hashes(part, bodies, record_format)))
    return pl.concat(parts).sort("draft_index")


def _texts(rows: pl.DataFrame, word: str, columns: tuple[str, ...]) -> pl.DataFrame:
    """Return the text of each row; a missing value makes none, and none cannot be hashed."""
    return rows.select("draft_index", record_body=pl.concat_str(pl.lit(f"\n{word}"), *columns, separator="|"))
