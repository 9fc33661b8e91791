"""The payers of a policy book beside the payer of each row: who they are, and what each of them bears.

Belongs here: shares read and checked, and what they say of a term. Does not belong here: what is said of a
payer (``payer_fields``), what a mapping may say (``domain.book_mapping``), the other checks of a row
(``policy_book``).

A further payer whose share is empty or zero is none in that row. The payer of the row bears the rest.
"""

from collections.abc import Iterator

import polars as pl

from billing_assets.domain.book_mapping import SHARE, BookMapping, PayerSource
from billing_assets.domain.money import PPM
from billing_assets.domain.payer_shares import percent_text
from billing_assets.frames.amounts import with_percents
from billing_assets.frames.book_fields import book_fields
from billing_assets.frames.nested_rows import content_of, listed, listed_texts, rows_of
from billing_assets.frames.payer_fields import (
    Check,
    address_checks,
    email_marks,
    hashes,
    key_checks,
    name_checks,
    payer_content,
    payer_values,
    word_checks,
)

PAYER_ROW = pl.Struct(
    {
        "payer_number": pl.Int64,
        "payer_key": pl.String,
        "share_ppm": pl.Int64,
        "payer_content": pl.String,
        "field_name": pl.String,
        "has_email": pl.Boolean,
        "is_email_bad": pl.Boolean,
    }
)
"""A payer of a term that has several; ``field_name`` is what the book calls their e-mail."""

SHARES_INVALID = "payer_shares_invalid"
"""A share that cannot be read, or shares that leave nothing to the payer of the row."""

_NO_SHARE = "amount_empty"


def with_further_payers(rows: pl.LazyFrame, mapping: BookMapping) -> pl.LazyFrame:
    """Return the rows with the fields of further payers as billing takes them, and what each bears.

    ``shares.{number}_minor`` is the share in parts per million, null where there is none or it cannot be
    read; ``shares.{number}_fault`` says why. The names are none of a cell.

    >>> from billing_assets.domain.book_mapping import PAYER_FIELDS, FieldSource
    >>> payer = PayerSource(number=1, fields={SHARE: FieldSource(columns=("part",))})
    >>> names = dict.fromkeys((payer.field_name(name) for name in PAYER_FIELDS), "")
    >>> rows = pl.LazyFrame([{"payers.1.share": "12.5", "place_code": "ES", **names}])
    >>> read = with_further_payers(rows, BookMapping(fields={}, payers=(payer,)))
    >>> read.select("shares.1_minor", "payers.1.payer_country_code").collect().rows()
    [(125000, 'ES')]
    """
    for payer in mapping.payers:
        rows = rows.with_columns(**payer_values(payer.field_name("")))
        rows = with_percents(rows, payer.field_name(SHARE), mapping.format.decimal_mark, _share(payer))
    return rows


def payer_checks(mapping: BookMapping) -> Iterator[Check]:
    """Yield problem code, field, and the expression that is true where a row has the problem.

    >>> payer = PayerSource(number=1, fields={})
    >>> [(code, field) for code, field, _ in payer_checks(BookMapping(fields={}, payers=(payer,)))][:2]
    [('payer_shares_invalid', 'payers.1.share'), ('payer_key_empty', 'payers.1.payer_key')]
    """
    earlier = [pl.col("payer_key")]
    taken = pl.lit(0, pl.Int64)
    for payer in mapping.payers:
        prefix, is_there = payer.field_name(""), _is_there(payer)
        fault, share = pl.col(f"{_share(payer)}_fault"), _ppm(payer)
        taken = taken + share.clip(0, PPM)
        unread = fault.is_not_null() & (fault != _NO_SHARE)
        yield SHARES_INVALID, payer.field_name(SHARE), unread | (share < 0) | (is_there & (taken >= PPM))
        for code, field, is_faulty in (
            *key_checks(f"{prefix}payer_key", "payer_key_empty"),
            *name_checks(prefix),
            *address_checks(prefix),
            *word_checks(prefix),
        ):
            yield code, field, is_there & is_faulty
        key = pl.col(f"{prefix}payer_key")
        yield (
            "payer_doubled",
            f"{prefix}payer_key",
            is_there & pl.any_horizontal(key == one for one in earlier),
        )
        earlier = [*earlier, pl.when(is_there).then(key)]


def share_words(raw: pl.DataFrame, mapping: BookMapping) -> pl.DataFrame:
    """Return ``row_number``, ``field_name`` and ``why`` of shares that are wrong, for each further payer.

    ``raw`` has the cells of the rows; of a share that is right ``why`` says something of no use.

    >>> from billing_assets.domain.book_mapping import FieldSource
    >>> payer = PayerSource(number=1, fields={SHARE: FieldSource(columns=("part",))})
    >>> row = {"row_number": 7, "original_row": "", "row_fault": None, "cell:part": "40,5"}
    >>> words = share_words(pl.DataFrame([row]), BookMapping(fields={}, payers=(payer,)))
    >>> words.row(0)[1:]
    ('payers.1.share', "no number: the mapping has the decimal mark '.'; correct one of the two")
    """
    rows = with_further_payers(book_fields(raw.lazy(), mapping), mapping).collect()
    sums = pl.sum_horizontal(_ppm(payer).clip(0) for payer in mapping.payers)
    texts = {each: percent_text(each) for each in rows.select(sums.unique()).to_series()}
    rest = pl.format(
        "the further payers bear {} % together, which leaves nothing to the payer of the row",
        sums.replace_strict(texts, return_dtype=pl.String),
    )
    mark = mapping.format.decimal_mark
    return pl.concat(
        rows.select(
            "row_number",
            field_name=pl.lit(payer.field_name(SHARE)),
            why=_why(payer, mark).fill_null(rest),
        )
        for payer in mapping.payers
    )


def _why(payer: PayerSource, mark: str) -> pl.Expr:
    """Say what is wrong with a share by itself, null where it is a share that can be."""
    fault, cell = pl.col(f"{_share(payer)}_fault"), pl.col(payer.field_name(SHARE))
    other = "," if mark == "." else "."
    is_marked = cell.str.contains(other, literal=True)
    return (
        pl.when((fault == "amount_not_a_number") & is_marked)
        .then(pl.lit(f"no number: the mapping has the decimal mark '{mark}'; correct one of the two"))
        .when(fault == "amount_not_a_number")
        .then(pl.lit("no number"))
        .when(fault == "amount_too_fine")
        .then(pl.lit("more than four decimals"))
        .when(fault == "amount_out_of_range")
        .then(pl.lit("beyond any percentage"))
        .when(_ppm(payer) < 0)
        .then(pl.lit("below zero"))
    )


def payer_columns(mapping: BookMapping) -> tuple[pl.Expr, ...]:
    r"""Return the expressions ``payer_rows`` (a list of ``PAYER_ROW``), ``payers`` and ``share_content``.

    All payers of the row are in it, the one of the row first; of a row with one payer the list is null.
    ``payers`` is what may not change unseen once a term was billed: share and key of each, in their order,
    because of shares that are alike the first is rounded first. ``share_content`` is that as it is hashed
    into the term. Both texts are empty where a term has one payer.

    >>> names = ("key", "name", "country_code", "email", "email_text", "language")
    >>> names = (*names, "group", "channels", "endpoint")
    >>> names = (*names, *(f"address_line_{number}" for number in range(1, 6)))
    >>> row = {f"{prefix}payer_{name}": "x" for prefix in ("", "payers.1.") for name in names}
    >>> row |= {"payer_key": "ANN", "payers.1.payer_key": "BANK", "shares.1_minor": 400_000}
    >>> mapping = BookMapping(fields={}, payers=(PayerSource(number=1, fields={}),))
    >>> pl.DataFrame([row]).select(payer_columns(mapping)).select("payers", "share_content").row(0)
    ('600000 ANN\n400000 BANK', '\x1fpayers\x1f1\x1fANN\x1f600000\x1f2\x1fBANK\x1f400000')
    """
    if not mapping.payers:
        return (
            pl.lit(None, pl.List(PAYER_ROW)).alias("payer_rows"),
            pl.lit("").alias("payers"),
            pl.lit("").alias("share_content"),
        )
    is_there = [_is_there(payer) for payer in mapping.payers]
    is_several = pl.any_horizontal(is_there)
    rest = PPM - pl.sum_horizontal(_ppm(payer) for payer in mapping.payers)
    rows = [_row("", pl.lit(1, pl.Int64), rest)]
    for place, payer in enumerate(mapping.payers):
        number = pl.sum_horizontal(is_there[: place + 1]).cast(pl.Int64) + 1
        rows.append(_row(payer.field_name(""), number, _ppm(payer)))
    is_one = [is_several, *is_there]
    hashed = ("payer_number", "payer_key", "share_ppm")
    return (
        pl.when(is_several).then(listed(rows, is_one)).alias("payer_rows"),
        listed_texts(rows, is_one, ("share_ppm", "payer_key"), " ").list.join("\n").alias("payers"),
        content_of("payers", rows, is_one, hashed).alias("share_content"),
    )


def further_payers(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the payers of the rows but for the first of each, one row each, with ``payer_sha256``.

    Beside them stand ``row_number``, ``status`` and ``problem_code`` of their row.

    >>> payer = {"payer_number": 2, "payer_key": "K", "share_ppm": 1, "payer_content": "{}"}
    >>> rows = pl.DataFrame(
    ...     {"row_number": [7], "status": ["accepted"], "payer_rows": [[payer]]},
    ...     schema_overrides={"payer_rows": pl.List(PAYER_ROW)},
    ... )
    >>> further_payers(rows).select("row_number", "payer_key", "share_ppm").rows()
    [(7, 'K', 1)]
    """
    names = [name for name in ("row_number", "status", "problem_code", "record_key") if name in rows.columns]
    found = rows_of(rows, "payer_rows", *names).filter(pl.col("payer_number") > 1)
    return found.with_columns(payer_sha256=hashes(found["payer_content"]), is_payer_keyed=pl.lit(value=True))


def _share(payer: PayerSource) -> str:
    return f"shares.{payer.number}"


def _ppm(payer: PayerSource) -> pl.Expr:
    return pl.col(f"{_share(payer)}_minor").fill_null(0)


def _is_there(payer: PayerSource) -> pl.Expr:
    return _ppm(payer) > 0


def _row(prefix: str, number: pl.Expr, share: pl.Expr) -> pl.Expr:
    marks = [mark.alias(name) for name, mark in email_marks(prefix).items()]
    row: pl.Expr = pl.struct(
        number.alias("payer_number"),
        pl.col(f"{prefix}payer_key").alias("payer_key"),
        share.alias("share_ppm"),
        payer_content(prefix).alias("payer_content"),
        pl.lit(f"{prefix}payer_email").alias("field_name"),
        *marks,
    )
    return row
