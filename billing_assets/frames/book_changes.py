"""A checked policy book against the book in the store: what is new, what changed, and what that means.

Belongs here: history, holds, control totals. Does not belong here: checks of one row (``policy_book``), of
terms against each other (``period_overlaps``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

import polars as pl

from billing_assets.domain.policies import HoldCode
from billing_assets.domain.problems import COVER_ENDED, EMAIL_UNDELIVERABLE
from billing_assets.frames.away_terms import with_away_terms
from billing_assets.frames.book_charges import SUM_DIFFERS, moved_words, sum_words
from billing_assets.frames.book_payers import further_payers
from billing_assets.frames.column_rows import BILLED_COLUMNS
from billing_assets.frames.nested_rows import rows_of
from billing_assets.frames.payer_conflicts import CONFLICT, conflict_words
from billing_assets.frames.payers import with_latest_payers
from billing_assets.frames.period_overlaps import billed_elsewhere, with_overlaps
from billing_assets.frames.policy_book import TERM_COLUMNS
from billing_assets.frames.problems import (
    answered_problems,
    held_terms,
    left_out,
    named_terms,
)

_KEY = ["policy_number", "effective_date"]
_FIELD = {"premium_minor": "premium"}
"""The book's own name of a column, where it is another."""
_LONGEST_VALUE = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledBook:
    """What an import does to the store.

    ``terms``: new and changed terms (``TERM_COLUMNS``, ``content_sha256``, ``hold_code``, ``charge_count``,
    ``payer_count``), in the order of the file. ``charge_lines`` and ``payer_shares``: those of the terms that
    have several charges or payers, each with the key of its term. ``payers``: ``payer_key``, ``content``,
    ``content_sha256`` of those that are new or changed.
    ``problems``: ``row_number``, ``record_key``, ``problem_code``, ``field_name``, ``original_row``, and the
    ``policy_number``, ``effective_date`` and ``expiration_date`` that the row names; those of rows that were
    taken all the same have ``is_row_taken``; ``told`` is what is wrong where no cell says it. ``holds``:
    ``row_number`` of a problem and key of a term that it holds. ``answered_ids``: problems that the book
    answers. ``released``: earlier holds (``problems.OPEN_HOLD_SCHEMA``) of terms that it has a good row of.
    The counts add up to the number of rows; ``missing_count`` terms that a full book leaves out are problems
    beside them.
    """

    terms: pl.DataFrame
    charge_lines: pl.DataFrame
    payer_shares: pl.DataFrame
    payers: pl.DataFrame
    problems: pl.DataFrame
    holds: pl.DataFrame
    answered_ids: pl.Series
    released: pl.DataFrame
    row_count: int
    new_count: int
    changed_count: int
    unchanged_count: int
    duplicate_count: int
    problem_count: int
    held_count: int
    missing_count: int
    control_totals: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBook:
    """What the store has of the policies and payers of a book, and what it has open.

    The schemas are those of ``columns``: ``terms`` (``STORED_TERM_SCHEMA``) are all current terms of the
    policies that the rows name, ``payers`` (``STORED_PAYER_SCHEMA``) those of the accepted rows; ``problems``
    (``OPEN_PROBLEM_SCHEMA``) and ``holds`` (``OPEN_HOLD_SCHEMA``) are those of the company. ``in_force``
    (``IN_FORCE_SCHEMA``) are the terms that the book has to name: none, unless it is a full one.
    """

    terms: pl.DataFrame
    payers: pl.DataFrame
    problems: pl.DataFrame
    holds: pl.DataFrame
    in_force: pl.DataFrame


def settle_book(rows: pl.DataFrame, stored: StoredBook, as_of: date) -> SettledBook:
    """Return what to write for ``rows`` (as ``policy_book.checked_rows`` gives them) on the date ``as_of``.

    A row is unchanged where neither its term nor one of its payers changed.

    >>> from billing_assets.frames import policy_book
    >>> settle_book.__module__.rpartition(".")[2], policy_book.TERM_COLUMNS[0]
    ('book_changes', 'policy_number')
    """
    decided = with_away_terms(with_overlaps(rows, stored.terms), stored.terms)
    accepted = with_latest_payers(decided.filter(pl.col("status") == "accepted"), stored.terms)
    further = _changed_further(accepted, stored.payers)
    taken = _compared(accepted, stored.terms, stored.payers, further)
    refused = decided.filter(pl.col("status") == "problem")
    missing = left_out(stored.in_force, rows)
    problems = _told(_problems(refused, taken, missing), refused, taken)
    outcome = dict(taken.group_by("outcome").len().rows())
    status = dict(decided.group_by("status").len().rows())
    written = taken.filter("is_term_changed")
    payers = _changed_payers(taken, further)
    return SettledBook(
        terms=written.select(
            *(*TERM_COLUMNS, "content_sha256", "hold_code"),
            charge_count=_count("charge_rows"),
            payer_count=_count("payer_rows"),
        ),
        charge_lines=rows_of(written, "charge_rows", *_KEY),
        payer_shares=rows_of(written, "payer_rows", *_KEY).select(
            *_KEY, "payer_number", "payer_key", "share_ppm"
        ),
        payers=payers.select("payer_key", content="payer_content", content_sha256="payer_sha256"),
        problems=problems,
        holds=held_terms(refused, taken, stored.terms),
        answered_ids=answered_problems(
            stored.problems, taken, problems.filter(~pl.col("is_row_taken")), as_of
        ),
        released=stored.holds.join(taken, on=_KEY, how="semi"),
        row_count=rows.height,
        new_count=outcome.get("new", 0),
        changed_count=outcome.get("changed", 0),
        unchanged_count=outcome.get("unchanged", 0),
        duplicate_count=status.get("duplicate", 0),
        problem_count=status.get("problem", 0),
        held_count=written["hold_code"].count(),
        missing_count=missing.height,
        control_totals={
            **control_totals(decided),
            **_written_totals(taken, payers.height),
            **_charge_totals(written),
            "missing_count": missing.height,
        },
    )


def _count(rows: str) -> pl.Expr:
    return pl.col(rows).list.len().fill_null(0).cast(pl.Int64)


def _changed_payers(taken: pl.DataFrame, further: pl.DataFrame) -> pl.DataFrame:
    """Return the payers of the rows that are new or not as the store has them, each once."""
    of_payer = ("payer_key", "payer_content", "payer_sha256")
    # Narrow before it is gathered: forty columns of a large book cost more than all that is asked of them.
    own = taken.select(*of_payer, "is_payer_changed").filter("is_payer_changed").select(of_payer)
    return pl.concat([own, further.select(of_payer)]).unique("payer_key", keep="first", maintain_order=True)


def _changed_further(taken: pl.DataFrame, stored_payers: pl.DataFrame) -> pl.DataFrame:
    """Return the further payers of the rows that are not as the store has them, with their rows' numbers."""
    return further_payers(taken).join(
        stored_payers, on=["payer_key", "payer_sha256"], how="anti", maintain_order="left"
    )


def _charge_totals(written: pl.DataFrame) -> dict[str, object]:
    """Return the amounts of the charge lines that are written, by currency and code; nothing for none."""
    rows = (
        rows_of(written, "charge_rows", "currency")
        .group_by("currency", "charge_code")
        .agg(pl.col("premium_minor").cast(pl.Int128).sum())
        .sort("currency", "charge_code")
    )
    totals: dict[str, dict[str, int]] = {}
    for currency, code, amount in rows.iter_rows():
        totals.setdefault(currency, {})[code] = amount
    return {"written_charges": totals} if totals else {}


def _compared(
    accepted: pl.DataFrame, stored_terms: pl.DataFrame, stored_payers: pl.DataFrame, further: pl.DataFrame
) -> pl.DataFrame:
    """Add ``outcome``, ``is_term_changed``, ``is_payer_changed``, ``hold_code`` and ``is_ended_inside``.

    ``further`` are the further payers that changed (:func:`_changed_further`).
    """
    known = stored_terms.rename({name: f"old_{name}" for name in stored_terms.columns if name not in _KEY})
    joined = accepted.join(known, on=_KEY, how="left", maintain_order="left").join(
        stored_payers.rename({"payer_sha256": "old_payer_sha256"}),
        on="payer_key",
        how="left",
        maintain_order="left",
    )
    elsewhere = billed_elsewhere(accepted, stored_terms).with_columns(is_billed_elsewhere=pl.lit(value=True))
    joined = joined.join(elsewhere, on=_KEY, how="left", maintain_order="left")
    is_known = pl.col("old_content_sha256").is_not_null()
    term_changed = pl.col("content_sha256").ne_missing(pl.col("old_content_sha256"))
    payer_changed = pl.col("old_payer_sha256").is_null() | (
        pl.col("payer_sha256").ne(pl.col("old_payer_sha256")) & ~pl.col("is_payer_outdated")
    )
    has_changed_further = pl.col("row_number").is_in(further["row_number"].unique().implode())
    compared = joined.with_columns(
        is_term_changed=term_changed,
        is_payer_changed=payer_changed,
        outcome=pl.when(~is_known)
        .then(pl.lit("new"))
        .when(term_changed | payer_changed | has_changed_further)
        .then(pl.lit("changed"))
        .otherwise(pl.lit("unchanged")),
        hold_code=pl.when(_is_held())
        .then(pl.lit(HoldCode.CHANGED_AFTER_BILLING.value))
        .when("is_billed_elsewhere", ~is_known | pl.col("old_hold_code").is_not_null())
        .then(pl.lit(HoldCode.BILLED_UNDER_ANOTHER_TERM.value)),
    )
    is_ended_inside = (
        term_changed
        & pl.col("hold_code").is_null()
        & pl.col("cover_to_date").ne_missing(pl.col("old_cover_to_date"))
        & (pl.col("cover_to_date") < pl.col("old_billed_to_date"))
    )
    return compared.with_columns(is_ended_inside=is_ended_inside.fill_null(value=False))


def _is_held() -> pl.Expr:
    """True where a version differs from what was billed, and nobody has answered for the difference.

    An end of cover that cut a billed period short and is withdrawn, or moved to a later day, differs too.
    """

    def differs(prefix: str) -> pl.Expr:
        return pl.any_horizontal(
            pl.col(name).ne_missing(pl.col(f"{prefix}{name}")) for name in BILLED_COLUMNS
        )

    is_billed = pl.col("old_billed_to_date").is_not_null()
    is_longer = pl.coalesce("cover_to_date", "expiration_date") > pl.col("old_billed_to_date")
    goes_on = (pl.col("old_billed_cover_to_date") == pl.col("old_billed_to_date")) & is_longer
    is_new = differs("old_") | pl.col("cover_to_date").ne_missing(pl.col("old_cover_to_date"))
    is_open = is_new | pl.col("old_hold_code").is_not_null()
    return is_billed & (differs("old_billed_") | goes_on.fill_null(value=False)) & is_open


def _changed_field() -> pl.Expr:
    """Name the field of the book that a hold comes from: the first that is not as it was billed."""
    changes = [
        pl.when(pl.col(name).ne_missing(pl.col(f"old_billed_{name}"))).then(pl.lit(_FIELD.get(name, name)))
        for name in (*BILLED_COLUMNS, "cover_to_date")
    ]
    is_of_another_term = pl.col("hold_code") == HoldCode.BILLED_UNDER_ANOTHER_TERM.value
    return pl.when(is_of_another_term).then(pl.lit("effective_date")).otherwise(pl.coalesce(changes))


def _problems(refused_rows: pl.DataFrame, taken: pl.DataFrame, missing: pl.DataFrame) -> pl.DataFrame:
    columns = ["row_number", "record_key", "problem_code", "field_name", "original_row"]
    named = [*columns, *_KEY, "expiration_date"]
    refused = named_terms(refused_rows).select(*named, is_row_taken=pl.lit(value=False))
    # A cover that ended inside a billed period is no hold, and the other way round.
    noted = (
        taken.filter(
            pl.col("is_ended_inside") | (pl.col("is_term_changed") & pl.col("hold_code").is_not_null())
        )
        .with_columns(
            problem_code=pl.coalesce("hold_code", pl.lit(COVER_ENDED)),
            field_name=pl.when("is_ended_inside").then(pl.lit("cover_to_date")).otherwise(_changed_field()),
        )
        .select(*named, is_row_taken=pl.lit(value=True))
    )
    addressless = (
        taken.filter("is_email_bad").with_columns(field_name=pl.lit("payer_email")),
        taken.drop("field_name").join(
            further_payers(taken).filter("is_email_bad").select("row_number", "field_name"), on="row_number"
        ),
    )
    without_email = [
        each.with_columns(problem_code=pl.lit(EMAIL_UNDELIVERABLE)).select(
            *named, is_row_taken=pl.lit(value=True)
        )
        for each in addressless
    ]
    silent = missing.select(*named, is_row_taken=pl.lit(value=False))
    nameless = refused.filter(pl.col("record_key") == "")["original_row"].unique().to_list()
    names = {row: f"row {sha256(row.encode()).hexdigest()[:12]}" for row in nameless}
    key = pl.when(pl.col("record_key") == "").then(
        pl.col("original_row").replace_strict(names, default="", return_dtype=pl.String)
    )
    return (
        pl.concat([refused, noted, *without_email, silent.cast({"row_number": refused.schema["row_number"]})])
        .with_columns(record_key=key.otherwise("record_key").str.slice(0, _LONGEST_VALUE))
        .sort("row_number", nulls_last=True, maintain_order=True)
    )


def _told(problems: pl.DataFrame, refused: pl.DataFrame, taken: pl.DataFrame) -> pl.DataFrame:
    """Return the problems with ``told``: what no cell of the row says, null where a cell says it.

    That is the sum of charge lines that are not the premium, which of them moved after they were billed, and
    where rows disagree on a payer.
    """
    key = ["row_number", "problem_code"]
    sums = problems.filter(pl.col("problem_code") == SUM_DIFFERS).select(key)
    moves = problems.filter(pl.col("field_name") == "charges").select(key)
    sum_rows = sums.join(refused, on=key).select(*key, "charge_sum_minor", "premium_minor", "currency")
    move_rows = moves.join(taken.drop("problem_code"), on="row_number").select(
        *key, pl.col("old_billed_charges").fill_null(""), "charges", "currency"
    )
    told = [
        *((number, CONFLICT, words) for number, words in conflict_words(refused).items()),
        *((*row[:2], sum_words(*row[2:])) for row in sum_rows.rows()),
        *((*row[:2], moved_words(*row[2:])) for row in move_rows.rows()),
    ]
    schema = {name: problems.schema[name] for name in key} | {"told": pl.String}
    return problems.join(
        pl.DataFrame(told, schema=schema, orient="row"), on=key, how="left", maintain_order="left"
    )


def control_totals(rows: pl.DataFrame) -> dict[str, object]:
    """Return rows, money and e-mails of ``rows`` as plain values for the batch's record.

    Money is in minor units per currency: ``in`` = ``accepted`` + ``duplicate`` + ``problem`` over readable
    amounts. A row counts as one without e-mail, or with a bad one, where that is so of any of its payers.

    >>> from billing_assets.frames.book_payers import PAYER_ROW
    >>> rows = pl.DataFrame(
    ...     {
    ...         "status": ["accepted", "problem"],
    ...         "currency": ["EUR", "EUR"],
    ...         "premium_minor": [100, None],
    ...         "has_email": [False, True],
    ...         "is_email_bad": [True, False],
    ...         "payer_rows": [None, None],
    ...     },
    ...     schema_overrides={"payer_rows": pl.List(PAYER_ROW)},
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
    accepted = rows.select("status", "has_email", "is_email_bad", "payer_rows").filter(
        pl.col("status") == "accepted"
    )
    further = pl.col("payer_rows").list
    lacks, is_bad = (
        further.eval(each).list.any().fill_null(value=False)
        for each in (
            ~pl.element().struct.field("has_email"),
            pl.element().struct.field("is_email_bad"),
        )
    )
    return {
        "rows": rows.height,
        "premium": {str(row.pop("currency")): row for row in sums.to_dicts()},
        "unreadable_amount_count": rows.height - readable.height,
        "email_missing_count": accepted.filter(~pl.col("has_email") | lacks).height,
        "email_bad_count": accepted.filter(pl.col("is_email_bad") | is_bad).height,
    }


def _written_totals(taken: pl.DataFrame, payer_count: int) -> dict[str, object]:
    """Return what the batch writes, for the audit to count again.

    By currency: terms, their premium in minor units, and the premium of taken rows whose term stays as it
    is. Beside it the payer versions, and the rows that changed in their payer only.
    """
    amount, is_written = pl.col("premium_minor").cast(pl.Int128), pl.col("is_term_changed")
    sums = (
        taken.group_by("currency")
        .agg(
            term_count=is_written.sum(),
            premium=amount.filter(is_written).sum(),
            standing_premium=amount.filter(~is_written).sum(),
        )
        .sort("currency")
    )
    return {
        "written": {str(row.pop("currency")): row for row in sums.to_dicts()},
        "written_payer_count": payer_count,
        "payer_change_count": taken.filter(~is_written, pl.col("outcome") == "changed").height,
    }
