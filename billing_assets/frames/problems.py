"""Problems of a policy book against the store: what they hold, and what answers them.

Belongs here: which stored terms a refused row speaks of, which open problems a book answers, which terms a
full book leaves out. Does not belong here: finding a fault in a row (``policy_book``), the list of codes
(``domain.problems``).
"""

from datetime import date

import polars as pl

from billing_assets.domain.policies import HoldCode
from billing_assets.domain.problems import EMAIL_UNDELIVERABLE, LEFT_OUT, ROW_TAKEN_CODES
from billing_assets.frames.period_overlaps import cover_end

_KEY = ["policy_number", "effective_date"]
_DATE_FIELDS = ("effective_date", "expiration_date", "contract_start_date")


def named_terms(rows: pl.DataFrame) -> pl.DataFrame:
    """Return ``rows`` with the policy and the dates that each names, null where it names none.

    A policy number that no policy can have is none, and a date outside the years of any book is none.

    >>> row = {"named_policy_number": None, "effective_date": date(2205, 1, 1), "expiration_date": None}
    >>> fault = {"problem_code": "date_out_of_range", "field_name": "effective_date", "row_number": 1}
    >>> named_terms(pl.DataFrame([{**row, **fault}])).select("policy_number", "effective_date").rows()
    [(None, None)]
    """
    is_beyond = pl.col("problem_code").eq("date_out_of_range").fill_null(value=False)
    return rows.with_columns(
        pl.col("named_policy_number").cast(pl.String).alias("policy_number"),
        *(
            pl.when(~(is_beyond & (pl.col("field_name") == name)))
            .then(pl.col(name).cast(pl.Date))
            .alias(name)
            for name in ("effective_date", "expiration_date")
        ),
    )


def held_terms(refused: pl.DataFrame, taken: pl.DataFrame, stored_terms: pl.DataFrame) -> pl.DataFrame:
    """Return ``row_number`` and key of the stored terms that refused rows speak of, each pair once.

    A row speaks of the term that it names and of those that its period meets; where it has no readable
    effective date, of every term of its policy. A term of which the same book has a good row is not held.

    >>> from billing_assets.frames.columns import STORED_TERM_SCHEMA
    >>> stored = pl.DataFrame(
    ...     [{"policy_number": "P", "effective_date": date(2024, 1, 1), "expiration_date": date(2025, 1, 1)}],
    ...     schema=STORED_TERM_SCHEMA,
    ... )
    >>> row = {"row_number": 7, "named_policy_number": "P", "problem_code": "date_invalid"}
    >>> refused = pl.DataFrame(
    ...     [{**row, "field_name": "effective_date", "effective_date": None, "expiration_date": None}]
    ... )
    >>> held_terms(refused, stored.clear(), stored).rows()
    [(7, 'P', datetime.date(2024, 1, 1))]
    """
    doubtful = stored_terms.join(taken, on=_KEY, how="anti").select(*_KEY, _end=cover_end())
    begin, end = pl.col("_from"), pl.col("_to")
    meets = (pl.col("effective_date") < end) & (begin < pl.col("_end"))
    return (
        named_terms(refused)
        .select("row_number", "policy_number", _from="effective_date", _to="expiration_date")
        .with_columns(_to=pl.when(end > begin).then(end).otherwise(begin.dt.offset_by("1d")))
        .join(doubtful, on="policy_number", how="inner")
        .filter(begin.is_null() | (begin == pl.col("effective_date")) | meets)
        .select("row_number", *_KEY)
        .unique(maintain_order=True)
    )


def left_out(in_force: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Return a problem, without a row, for each term ``in_force`` (``IN_FORCE_SCHEMA``) that no row names.

    A row without a readable effective date names every term of its policy.

    >>> term = {"policy_number": "P", "effective_date": date(2024, 1, 1), "expiration_date": date(2025, 1, 1)}
    >>> row = {"named_policy_number": "Q", "problem_code": None, "field_name": None} | term
    >>> left_out(pl.DataFrame([term]), pl.DataFrame([row]))["record_key"].to_list()
    ['P 2024-01-01']
    """
    named = named_terms(rows)
    dateless = named.filter(pl.col("effective_date").is_null(), pl.col("policy_number").is_not_null())
    missing = in_force.join(named, on=_KEY, how="anti").join(dateless, on="policy_number", how="anti")
    return missing.sort(_KEY).select(
        pl.lit(None, pl.Int64).alias("row_number"),
        pl.concat_str("policy_number", pl.col("effective_date").cast(pl.String), separator=" ").alias(
            "record_key"
        ),
        pl.lit(LEFT_OUT).alias("problem_code"),
        pl.lit("").alias("field_name"),
        pl.lit("").alias("original_row"),
        *_KEY,
        "expiration_date",
    )


def answered_problems(
    open_problems: pl.DataFrame, taken: pl.DataFrame, problems: pl.DataFrame, as_of: date
) -> pl.Series:
    """Return the ids of the open problems that a book answers.

    It answers a problem by a row or a problem of the same key. A hold is answered only where it is lifted or
    stated anew, by ``taken`` with its ``hold_code`` and ``is_term_changed``; a bad e-mail only by a row that
    was taken, which has a good one or a problem of its own. What was missing from a
    book is answered too where its cover has ended by ``as_of``. A wrong date is part of the key: such a
    problem is answered by a good row of the policy with the same end (any end, where that was not readable),
    unless the policy has another bad row in the book.

    >>> problem = {"problem_id": 4, "record_key": "P 2025-02-30", "problem_code": "date_invalid"}
    >>> named = {"field_name": "effective_date", "policy_number": "P", "expiration_date": date(2026, 2, 28)}
    >>> good = {"record_key": "P 2025-02-28", "policy_number": "P", "expiration_date": date(2026, 2, 28)}
    >>> nothing = pl.DataFrame(schema=dict.fromkeys(("record_key", "policy_number", "row_number"), pl.String))
    >>> waiting = pl.DataFrame([problem | named])
    >>> book = pl.DataFrame([good]).with_columns(hold_code=None, is_term_changed=True)
    >>> answered_problems(waiting, book, nothing, date(2025, 3, 1)).to_list()
    [4]
    """
    code = pl.col("problem_code")
    waiting = open_problems.filter(~code.is_in(ROW_TAKEN_CODES))
    keys = pl.concat([taken["record_key"], problems["record_key"]]).unique()
    refused = problems.filter(pl.col("row_number").is_not_null())
    moved = (
        waiting.filter(pl.col("field_name").is_in(_DATE_FIELDS))
        .join(refused.select("policy_number"), on="policy_number", how="anti")
        .join(taken.select("policy_number", _end="expiration_date"), on="policy_number", how="inner")
        .filter((pl.col("expiration_date") == pl.col("_end")) | pl.col("expiration_date").is_null())
    )
    has_ended = (pl.col("problem_code") == LEFT_OUT) & (pl.col("expiration_date") <= pl.lit(as_of))
    is_moved = pl.col("problem_id").is_in(moved["problem_id"].implode())
    answered = waiting.filter(pl.col("record_key").is_in(keys.implode()) | is_moved | has_ended)
    restated = taken.filter(pl.col("hold_code").is_null() | pl.col("is_term_changed"))
    lifted = open_problems.filter(code.is_in(HoldCode.of_changes())).join(
        restated, on="record_key", how="semi"
    )
    mailed = open_problems.filter(code == EMAIL_UNDELIVERABLE).join(taken, on="record_key", how="semi")
    return pl.concat([answered["problem_id"], lifted["problem_id"], mailed["problem_id"]])
