"""Rows of a policy book that say different things of one payer: which they are, and what differs.

Belongs here: the payers that rows disagree on, told by field and row, never by value. Does not belong here:
which rows are refused for it (``policy_book``), a bad e-mail beside a good one (``payers``).
"""

import json
from collections.abc import Mapping, Sequence

import polars as pl

from billing_assets.frames.book_payers import further_payers

CONFLICT = "payer_conflict"
"""The problem of rows that disagree on a payer."""

_FIELDS = {
    "name": "payer_name",
    "address_lines": "payer_address_line_1 to 5",
    "country_code": "payer_country_code",
    "email": "payer_email",
    "language": "payer_language",
    "group": "payer_group",
    "channels": "payer_channels",
    "endpoint": "payer_endpoint",
}
"""What the book calls the parts of a payer's content."""

_MOST_ROWS = 5
"""So many rows are named, each of them the first that says what it says."""


def disagreeing_payers(rows: pl.DataFrame) -> pl.DataFrame:
    """Return ``row_number`` of the good rows with a payer of whom two rows say different things.

    ``_disagreeing`` is the field with the key of that payer. Payers that are further ones nowhere are not
    looked at.

    >>> from billing_assets.frames.book_payers import PAYER_ROW
    >>> row = {"row_number": 1, "payer_key": "K", "payer_sha256": "", "problem_code": None}
    >>> rows = pl.DataFrame([row | {"payer_rows": None}], schema_overrides={"payer_rows": pl.List(PAYER_ROW)})
    >>> disagreeing_payers(rows).height
    0
    """
    names = ("row_number", "payer_key", "payer_sha256")
    # Narrow before it is filtered: most books have no further payers, and pay for the look alone.
    good = rows.select(*names, "problem_code", "payer_rows").filter(pl.col("problem_code").is_null())
    further = further_payers(good)
    stated = pl.concat(
        [good.select(*names, _disagreeing=pl.lit("payer_key")), further.select(*names, _key_field())]
    )
    of_further = stated.join(further.select("payer_key").unique(), on="payer_key", how="semi")
    differing = of_further.filter(pl.col("payer_sha256").n_unique().over("payer_key") > 1)
    return differing.select("row_number", "_disagreeing").unique(
        "row_number", keep="first", maintain_order=True
    )


def _key_field() -> pl.Expr:
    return pl.col("field_name").str.replace("payer_email$", "payer_key").alias("_disagreeing")


def conflict_words(refused: pl.DataFrame) -> dict[int, str]:
    """Return for the rows with a ``payer_conflict`` which fields of the payer differ, and in which rows.

    ``refused`` are rows as ``policy_book.checked_rows`` gives them. Names and addresses are not told.

    >>> from billing_assets.frames.book_payers import PAYER_ROW
    >>> row = {"payer_key": "K", "payer_content": '{"name": "A"}', "problem_code": CONFLICT}
    >>> row |= {"field_name": "payer_key", "payer_rows": None, "row_number": 2}
    >>> rows = [row, row | {"payer_content": '{"name": "B"}', "row_number": 5}]
    >>> conflict_words(pl.DataFrame(rows, schema_overrides={"payer_rows": pl.List(PAYER_ROW)}))[2]
    'K: payer_name not the same in rows 2, 5'
    """
    conflicts = refused.filter(pl.col("problem_code") == CONFLICT)
    if conflicts.is_empty():
        return {}
    names = ("row_number", "payer_key", "payer_content")
    good = refused.filter(pl.col("payer_content").is_not_null())
    stated = pl.concat(
        [
            good.select(*names, _disagreeing=pl.lit("payer_key")),
            further_payers(good).select(*names, _key_field()),
        ]
    ).sort("row_number")
    wanted = stated.join(
        conflicts.select("row_number", _disagreeing="field_name"), on=["row_number", "_disagreeing"]
    )
    first = stated.join(wanted, on="payer_key", how="semi").unique(
        ["payer_key", "payer_content"], keep="first", maintain_order=True
    )
    words = {
        key: _words(key, rows["row_number"].to_list(), [json.loads(text) for text in rows["payer_content"]])
        for (key,), rows in first.group_by("payer_key", maintain_order=True)
    }
    return {number: words[key] for number, key in wanted.select("row_number", "payer_key").rows()}


def _words(key: object, numbers: Sequence[int], contents: Sequence[Mapping[str, object]]) -> str:
    fields = [
        name for part, name in _FIELDS.items() if len({json.dumps(each.get(part)) for each in contents}) > 1
    ]
    more = " and others" if len(numbers) > _MOST_ROWS else ""
    rows = ", ".join(map(str, numbers[:_MOST_ROWS]))
    return f"{key}: {', '.join(fields)} not the same in rows {rows}{more}"
