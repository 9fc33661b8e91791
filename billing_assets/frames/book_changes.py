"""A checked policy book against the book in the store: what is new, what changed, and what that means.

Belongs here: overlaps, history, holds, control totals. Does not belong here: checks of one row
(``policy_book``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

import polars as pl

from billing_assets.domain.policies import HoldCode
from billing_assets.frames.columns import BILLED_COLUMNS
from billing_assets.frames.policy_book import TERM_COLUMNS

_KEY = ["policy_number", "effective_date"]
_ENDED_INSIDE = "cover_ended_inside_billed_period"
_LONGEST_VALUE = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledBook:
    """What an import does to the store.

    ``terms``: new and changed terms (``TERM_COLUMNS``, ``content_sha256``, ``hold_code``) in the order of
    the file. ``payers``: ``payer_key``, ``content``, ``content_sha256`` of those that are new or changed.
    ``problems``: ``row_number``, ``record_key``, ``problem_code``, ``field_name``, ``original_row``; those
    of rows that were taken all the same have ``is_row_taken``. ``answered_keys``: record keys of rows that
    were taken. The counts add up to the number of rows.
    """

    terms: pl.DataFrame
    payers: pl.DataFrame
    problems: pl.DataFrame
    answered_keys: pl.Series
    row_count: int
    new_count: int
    changed_count: int
    unchanged_count: int
    duplicate_count: int
    problem_count: int
    held_count: int
    control_totals: Mapping[str, object]


def settle_book(rows: pl.DataFrame, stored_terms: pl.DataFrame, stored_payers: pl.DataFrame) -> SettledBook:
    """Return what to write for ``rows`` (as ``policy_book.checked_rows`` gives them).

    ``stored_terms`` (``columns.STORED_TERM_SCHEMA``) are all current terms of the policies in ``rows``;
    ``stored_payers`` (``columns.STORED_PAYER_SCHEMA``) the payers. A row is unchanged where neither its
    term nor its payer changed.

    >>> from billing_assets.frames import policy_book
    >>> settle_book.__module__.rpartition(".")[2], policy_book.TERM_COLUMNS[0]
    ('book_changes', 'policy_number')
    """
    decided = with_overlaps(rows, stored_terms)
    taken = _compared(decided.filter(pl.col("status") == "accepted"), stored_terms, stored_payers)
    outcome = dict(taken.group_by("outcome").len().rows())
    status = dict(decided.group_by("status").len().rows())
    written = taken.filter("is_term_changed")
    # Narrow before it is gathered: forty columns of a large book cost more than all that is asked of them.
    payers = (
        taken.select("payer_key", "payer_content", "payer_sha256", "is_payer_changed")
        .filter("is_payer_changed")
        .unique("payer_key", keep="first", maintain_order=True)
    )
    return SettledBook(
        terms=written.select(*TERM_COLUMNS, "content_sha256", "hold_code"),
        payers=payers.select("payer_key", content="payer_content", content_sha256="payer_sha256"),
        problems=_problems(decided, taken),
        answered_keys=taken["record_key"],
        row_count=rows.height,
        new_count=outcome.get("new", 0),
        changed_count=outcome.get("changed", 0),
        unchanged_count=outcome.get("unchanged", 0),
        duplicate_count=status.get("duplicate", 0),
        problem_count=status.get("problem", 0),
        held_count=written["hold_code"].count(),
        control_totals=control_totals(decided),
    )


def with_overlaps(rows: pl.DataFrame, stored_terms: pl.DataFrame) -> pl.DataFrame:
    """Return ``rows`` where accepted terms that overlap another term of their policy are problems.

    The other term is one of the file, or one of the store that the file does not replace. A row that is
    refused leaves the stored version of its term in force, which may overlap in turn: so until nothing is
    found any more.

    >>> from billing_assets.frames.columns import STORED_TERM_SCHEMA
    >>> from datetime import date
    >>> rows = pl.DataFrame(
    ...     {
    ...         "row_number": [1, 2],
    ...         "policy_number": "P",
    ...         "status": "accepted",
    ...         "effective_date": [date(2024, 1, 1), date(2024, 6, 1)],
    ...         "expiration_date": date(2025, 1, 1),
    ...         "problem_code": pl.Series([None, None], dtype=pl.String),
    ...         "field_name": pl.Series([None, None], dtype=pl.String),
    ...     }
    ... )
    >>> stored = pl.DataFrame(schema=STORED_TERM_SCHEMA)
    >>> with_overlaps(rows, stored)["problem_code"].to_list()
    ['period_overlap', 'period_overlap']
    """
    while True:
        overlapping = _overlapping(rows, stored_terms)
        if overlapping.is_empty():
            return rows
        is_bad = pl.col("row_number").is_in(overlapping.implode())
        # Copies of a refused row are refused with it: their term stands in the file only once.
        copies = rows.filter(is_bad, pl.col("status") == "accepted").select(
            *_KEY, _is_refused=pl.lit(value=True)
        )
        is_refused = pl.col("_is_refused").fill_null(value=False) & pl.col("status").is_in(
            ["accepted", "duplicate"]
        )
        rows = (
            rows.join(copies, on=_KEY, how="left", maintain_order="left")
            .with_columns(
                problem_code=pl.when(is_refused).then(pl.lit("period_overlap")).otherwise("problem_code"),
                field_name=pl.when(is_refused).then(pl.lit("effective_date")).otherwise("field_name"),
                status=pl.when(is_refused).then(pl.lit("problem")).otherwise("status"),
            )
            .drop("_is_refused")
        )


def _overlapping(rows: pl.DataFrame, stored_terms: pl.DataFrame) -> pl.Series:
    columns = [*_KEY, "expiration_date"]
    live = rows.filter(pl.col("status") == "accepted").select("row_number", *columns)
    standing = stored_terms.join(live, on=_KEY, how="anti").select(
        pl.lit(None, live.schema["row_number"]).alias("row_number"), *columns
    )
    several = (
        pl.concat([live, standing])
        .filter(pl.len().over("policy_number") > 1)
        .sort("policy_number", "effective_date")
    )
    end = pl.col("expiration_date").to_physical().cum_max().shift(1).over("policy_number")
    following = pl.col("effective_date").shift(-1).over("policy_number")
    is_bad = (pl.col("effective_date").to_physical() < end) | (following < pl.col("expiration_date"))
    return several.filter(is_bad)["row_number"].drop_nulls()


def _compared(
    accepted: pl.DataFrame, stored_terms: pl.DataFrame, stored_payers: pl.DataFrame
) -> pl.DataFrame:
    """Add ``outcome``, ``is_term_changed``, ``is_payer_changed``, ``hold_code`` and ``is_ended_inside``."""
    known = stored_terms.rename({name: f"old_{name}" for name in stored_terms.columns if name not in _KEY})
    joined = accepted.join(known, on=_KEY, how="left", maintain_order="left").join(
        stored_payers.rename({"payer_sha256": "old_payer_sha256"}),
        on="payer_key",
        how="left",
        maintain_order="left",
    )
    is_known = pl.col("old_content_sha256").is_not_null()
    term_changed = pl.col("content_sha256").ne_missing(pl.col("old_content_sha256"))
    payer_changed = pl.col("payer_sha256").ne_missing(pl.col("old_payer_sha256"))
    compared = joined.with_columns(
        is_term_changed=term_changed,
        is_payer_changed=payer_changed,
        outcome=pl.when(~is_known)
        .then(pl.lit("new"))
        .when(term_changed | payer_changed)
        .then(pl.lit("changed"))
        .otherwise(pl.lit("unchanged")),
        hold_code=pl.when(_is_held()).then(pl.lit(HoldCode.CHANGED_AFTER_BILLING.value)),
    )
    is_ended_inside = (
        term_changed
        & pl.col("hold_code").is_null()
        & pl.col("cover_to_date").ne_missing(pl.col("old_cover_to_date"))
        & (pl.col("cover_to_date") < pl.col("old_billed_to_date"))
    )
    return compared.with_columns(is_ended_inside=is_ended_inside.fill_null(value=False))


def _is_held() -> pl.Expr:
    """True where a version differs from what was billed, and nobody has answered for the difference."""

    def differs(prefix: str) -> pl.Expr:
        return pl.any_horizontal(
            pl.col(name).ne_missing(pl.col(f"{prefix}{name}")) for name in BILLED_COLUMNS
        )

    is_billed = pl.col("old_billed_to_date").is_not_null()
    is_open = differs("old_") | pl.col("old_hold_code").is_not_null()
    return is_billed & differs("old_billed_") & is_open


def _problems(decided: pl.DataFrame, taken: pl.DataFrame) -> pl.DataFrame:
    columns = ["row_number", "record_key", "problem_code", "field_name", "original_row"]
    refused = decided.filter(pl.col("status") == "problem").select(*columns, is_row_taken=pl.lit(value=False))
    noted = taken.filter("is_ended_inside").select(
        "row_number",
        "record_key",
        pl.lit(_ENDED_INSIDE).alias("problem_code"),
        pl.lit("cover_to_date").alias("field_name"),
        "original_row",
        is_row_taken=pl.lit(value=True),
    )
    nameless = refused.filter(pl.col("record_key") == "")["original_row"].unique().to_list()
    names = {row: f"row {sha256(row.encode()).hexdigest()[:12]}" for row in nameless}
    named = pl.when(pl.col("record_key") == "").then(
        pl.col("original_row").replace_strict(names, default="", return_dtype=pl.String)
    )
    return (
        pl.concat([refused, noted])
        .with_columns(record_key=named.otherwise("record_key").str.slice(0, _LONGEST_VALUE))
        .sort("row_number")
    )


def control_totals(rows: pl.DataFrame) -> dict[str, object]:
    """Return rows, money and e-mails of ``rows`` as plain values for the batch's record.

    Money is in minor units per currency: ``in`` = ``accepted`` + ``duplicate`` + ``problem`` over readable
    amounts.

    >>> rows = pl.DataFrame(
    ...     {
    ...         "status": ["accepted", "problem"],
    ...         "currency": ["EUR", "EUR"],
    ...         "premium_minor": [100, None],
    ...         "has_email": [False, True],
    ...     }
    ... )
    >>> control_totals(rows)["premium"], control_totals(rows)["unreadable_amount_count"]
    ({'EUR': {'in': 100, 'accepted': 100, 'duplicate': 0, 'problem': 0}}, 1)
    """
    readable = rows.select("status", "currency", "premium_minor").drop_nulls("premium_minor")
    amount = pl.col("premium_minor").cast(pl.Int128)
    kinds = ("accepted", "duplicate", "problem")
    sums = (
        readable.group_by("currency")
        .agg(
            amount.sum().alias("in"),
            *(amount.filter(pl.col("status") == kind).sum().alias(kind) for kind in kinds),
        )
        .sort("currency")
    )
    missing = rows.select(((pl.col("status") == "accepted") & ~pl.col("has_email")).sum()).item()
    return {
        "rows": rows.height,
        "premium": {str(row.pop("currency")): row for row in sums.to_dicts()},
        "unreadable_amount_count": rows.height - readable.height,
        "email_missing_count": missing,
    }
