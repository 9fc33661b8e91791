"""Installments split into the charge lines of their terms.

Belongs here: which charges are split, and the rows that come of it.
Does not belong here: the formula (``apportionment``), what an installment comes to (``installments``,
``arrangements``), which are due (``due_charges``), tax (``taxes``).

Most terms have no charge lines; only installments of those that have some come through the formula.
"""

import polars as pl

from billing_assets.domain.charges import PREMIUM
from billing_assets.domain.runs import Outcome
from billing_assets.frames.apportionment import apportioned_parts
from billing_assets.frames.columns import CHARGE_LINE_SCHEMA

NO_CHARGE_LINES = pl.DataFrame(schema=CHARGE_LINE_SCHEMA)
"""The charge lines of terms that have none."""

_TERM = "policy_term_id"
_SPLIT = "split_row"
_OF_LINE = ("charge_number", "split_number", "charged_line_of_business", "before_minor", "net_minor")


def with_charge_lines(charges: pl.DataFrame, charge_lines: pl.DataFrame) -> pl.DataFrame:
    """Return the charges with ``charge_number``, ``split_number`` and ``charged_line_of_business``.

    ``charges`` has one row for each installment or fee: ``policy_term_id``, ``charge_kind``, ``outcome``,
    ``net_minor``, and ``before_minor``, what is planned of the term before the installment.
    ``charge_lines`` has ``columns.CHARGE_LINE_SCHEMA``. The premium of an installment that is invoiced
    becomes one row for each line of its term that has a part of it, ``split_number`` from 0 in the order of
    ``charge_number``, and ``before_minor`` what is planned of that line before. All others stay as they are,
    whole: numbers 0, and the line of business null.

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
        apportioned_parts(installments, _members(charge_lines), _SPLIT, "charge_number")
        .filter(pl.col("net_minor") != 0)
        .sort(_SPLIT, "charge_number")
        .with_columns(split_number=pl.int_range(pl.len()).over(_SPLIT).cast(pl.Int64))
    )
    split = installments.drop(_OF_LINE).join(parts, on=_SPLIT, how="inner", maintain_order="left_right")
    return pl.concat([whole.filter(~is_split), split.select(whole.columns)])


def _members(charge_lines: pl.DataFrame) -> pl.DataFrame:
    return charge_lines.select(
        _TERM,
        "charge_number",
        charged_line_of_business="line_of_business",
        weight="premium_minor",
    )
