"""Installments split into the charge lines of their terms.

Belongs here: the formula of ``domain.charge_lines`` over columns, and the rows that come of it.
Does not belong here: what an installment comes to (``installments``, ``arrangements``), which are due
(``due_charges``), tax (``taxes``).

Most terms have no charge lines; only installments of those that have some come through the formula.
"""

import polars as pl

from billing_assets.domain.charges import PREMIUM
from billing_assets.domain.runs import Outcome
from billing_assets.frames.columns import CHARGE_LINE_SCHEMA
from billing_assets.frames.rounding import divide_half_up, wide

NO_CHARGE_LINES = pl.DataFrame(schema=CHARGE_LINE_SCHEMA)
"""The charge lines of terms that have none."""

_TERM = "policy_term_id"
_SPLIT = "split_row"
_OF_LINE = ("charge_number", "split_number", "charged_line_of_business", "net_minor")


def with_charge_lines(charges: pl.DataFrame, charge_lines: pl.DataFrame) -> pl.DataFrame:
    """Return the charges with ``charge_number``, ``split_number`` and ``charged_line_of_business``.

    ``charges`` has one row for each installment or fee: ``policy_term_id``, ``charge_kind``, ``outcome``,
    ``net_minor``, and ``before_minor``, what is planned of the term before the installment.
    ``charge_lines`` has ``columns.CHARGE_LINE_SCHEMA``. The premium of an installment that is invoiced
    becomes one row for each line of its term that has a part of it, ``split_number`` from 0 in the order of
    ``charge_number``. All others stay as they are, whole: numbers 0, and the line of business null.

    >>> line = {"policy_term_id": 7, "line_of_business": "motor"}
    >>> lines = pl.DataFrame(
    ...     [
    ...         line | {"charge_number": 1, "premium_minor": 67},
    ...         line | {"charge_number": 2, "premium_minor": 33},
    ...     ],
    ...     schema=CHARGE_LINE_SCHEMA,
    ... )
    >>> row = {"policy_term_id": 7, "charge_kind": "premium", "outcome": "invoiced", "net_minor": 25}
    >>> charges = pl.DataFrame([{**row, "before_minor": before} for before in (25, 50)])
    >>> with_charge_lines(charges, lines).select("charge_number", "split_number", "net_minor").rows()
    [(1, 0, 17), (2, 1, 8), (1, 0, 16), (2, 1, 9)]
    """
    none = pl.lit(0, pl.Int64)
    whole = charges.with_columns(
        charge_number=none, split_number=none, charged_line_of_business=pl.lit(None, pl.String)
    )
    if charge_lines.is_empty():
        return whole
    is_split = (
        (pl.col("charge_kind") == PREMIUM.charge_kind)
        & (pl.col("outcome") == Outcome.INVOICED.value)
        & pl.col(_TERM).is_in(charge_lines[_TERM].unique().implode())
    )
    installments = whole.filter(is_split).with_row_index(_SPLIT)
    if installments.is_empty():
        return whole
    parts = (
        _parts(installments, _ranked(charge_lines))
        .filter(pl.col("net_minor") != 0)
        .sort(_SPLIT, "charge_number")
        .with_columns(split_number=pl.int_range(pl.len()).over(_SPLIT).cast(pl.Int64))
    )
    split = installments.drop(_OF_LINE).join(parts, on=_SPLIT, how="inner", maintain_order="left_right")
    return pl.concat([whole.filter(~is_split), split.select(whole.columns)])


def _ranked(charge_lines: pl.DataFrame) -> pl.DataFrame:
    """Return the lines with the order in which they take their part, and the charges left before each."""
    charge = pl.col("premium_minor")
    return charge_lines.sort(_TERM, "premium_minor", "charge_number", descending=[False, True, False]).select(
        _TERM,
        "charge_number",
        charged_line_of_business="line_of_business",
        charge_minor="premium_minor",
        left_charges=charge.cum_sum(reverse=True).over(_TERM),
        rank=pl.int_range(pl.len()).over(_TERM),
    )


def _parts(installments: pl.DataFrame, ranked: pl.DataFrame) -> pl.DataFrame:
    """Return ``split_row`` and the columns of each line, one rank of lines after the other."""
    left = installments.select(
        _SPLIT, _TERM, left_before="before_minor", left_to=pl.col("before_minor") + pl.col("net_minor")
    )
    found = []
    for rank in ranked["rank"].unique().sort().to_list():
        of_rank = left.join(ranked.filter(pl.col("rank") == rank), on=_TERM, how="inner")
        taken = of_rank.with_columns(
            taken_before=_part("left_before"), taken_to=_part("left_to")
        ).with_columns(net_minor=pl.col("taken_to") - pl.col("taken_before"))
        found.append(taken.select(_SPLIT, "charge_number", "charged_line_of_business", "net_minor"))
        left = taken.select(
            _SPLIT,
            _TERM,
            left_before=pl.col("left_before") - pl.col("taken_before"),
            left_to=pl.col("left_to") - pl.col("taken_to"),
        )
    return pl.concat(found)


def _part(left: str) -> pl.Expr:
    return divide_half_up(wide(pl.col(left)) * pl.col("charge_minor"), pl.col("left_charges"))
