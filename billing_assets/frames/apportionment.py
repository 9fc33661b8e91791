"""Amounts split by weights: the formula of ``domain.apportionment`` over columns.

Belongs here: the formula, and the rows that come of it. Does not belong here: what is split and by which
weights (``charge_lines``, ``payer_shares``).
"""

import polars as pl

from billing_assets.frames.rounding import divide_half_up, wide

_OWNER = "policy_term_id"


def apportioned_parts(wholes: pl.DataFrame, members: pl.DataFrame, row: str, number: str) -> pl.DataFrame:
    """Return a row for each whole and member of its term: ``row``, the member's columns, and its part.

    ``wholes`` has its key ``row``, ``policy_term_id``, ``net_minor``, not below 0, and ``before_minor``, what
    comes before it in its term. ``members`` has ``policy_term_id``, ``weight`` (above 0) and ``number``,
    which is the order of those that are alike. The part is ``net_minor``, after ``before_minor`` of the same
    member; over the members of a whole both add up. The larger weights take their part first: one rank of
    members after the other, over all wholes at once.

    >>> wholes = pl.DataFrame({"row": [0], "policy_term_id": [7], "before_minor": [25], "net_minor": [25]})
    >>> members = pl.DataFrame({"policy_term_id": [7, 7], "n": [1, 2], "weight": [67, 33]})
    >>> apportioned_parts(wholes, members, "row", "n").select("n", "before_minor", "net_minor").rows()
    [(1, 17, 17), (2, 8, 8)]
    """
    ranked = _ranked(members, number)
    named = [name for name in members.columns if name not in {_OWNER, "weight"}]
    left = wholes.select(
        row, _OWNER, left_before="before_minor", left_to=pl.col("before_minor") + pl.col("net_minor")
    )
    found = []
    for rank in ranked["rank"].unique().sort().to_list():
        of_rank = left.join(ranked.filter(pl.col("rank") == rank), on=_OWNER, how="inner")
        taken = of_rank.with_columns(taken_before=_part("left_before"), taken_to=_part("left_to"))
        net = pl.col("taken_to") - pl.col("taken_before")
        found.append(taken.select(row, *named, before_minor="taken_before", net_minor=net))
        left = taken.select(
            row,
            _OWNER,
            left_before=pl.col("left_before") - pl.col("taken_before"),
            left_to=pl.col("left_to") - pl.col("taken_to"),
        )
    return pl.concat(found)


def _ranked(members: pl.DataFrame, number: str) -> pl.DataFrame:
    """Return the members with the order in which they take their part, and the weights left before each."""
    return members.sort(_OWNER, "weight", number, descending=[False, True, False]).with_columns(
        left_weights=pl.col("weight").cum_sum(reverse=True).over(_OWNER),
        rank=pl.int_range(pl.len()).over(_OWNER),
    )


def _part(left: str) -> pl.Expr:
    return divide_half_up(wide(pl.col(left)) * pl.col("weight"), pl.col("left_weights"))
