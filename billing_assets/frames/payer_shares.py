"""Charges split between the payers of their terms, each of whom bears a share of every installment.

Belongs here: which charges are split, and the rows that come of it.
Does not belong here: the formula (``apportionment``), charge lines (``charge_lines``), who stands on which
document (``invoices``).

Most terms have one payer; only charges of those that have several come through the formula.
"""

import polars as pl

from billing_assets.domain.charges import PREMIUM
from billing_assets.domain.runs import Outcome
from billing_assets.frames.apportionment import apportioned_parts
from billing_assets.frames.columns import PAYER_SHARE_SCHEMA

NO_PAYER_SHARES = pl.DataFrame(schema=PAYER_SHARE_SCHEMA)
"""The payer shares of terms that have one payer."""

PAYER_COLUMNS = ("payer_id", "payer_version_id", "payer_sha256")
"""What a charge takes over from its payer."""

_TERM = "policy_term_id"
_WHOLE = "shared_row"
_CHARGED = {f"charged_{name}": PAYER_SHARE_SCHEMA[name] for name in PAYER_COLUMNS}
_INSTALLMENT = [_TERM, "installment_number", "charge_kind", "payer_number"]


def with_payer_shares(charges: pl.DataFrame, shares: pl.DataFrame) -> pl.DataFrame:
    """Return the charges with ``payer_number``, and where there are ``shares`` with ``charged_payer_id`` etc.

    ``charges`` has one row for each charge line of an installment or fee, as ``with_charge_lines`` gives
    them: ``before_minor`` is what is planned of that line before. ``shares`` has
    ``columns.PAYER_SHARE_SCHEMA``. A charge that is invoiced becomes one row for each payer of its term who
    has a part of it; a fee is shared out by itself, because each installment has its own. Of each payer
    ``split_number`` counts from 0. All others stay as they are: payer 0, and the payer that of the term.

    >>> shares = pl.DataFrame(
    ...     [
    ...         {"policy_term_id": 7, "payer_number": 1, "payer_id": 31, "share_ppm": 600_000},
    ...         {"policy_term_id": 7, "payer_number": 2, "payer_id": 32, "share_ppm": 400_000},
    ...     ],
    ...     schema=PAYER_SHARE_SCHEMA,
    ... )
    >>> row = {"policy_term_id": 7, "charge_kind": "premium", "outcome": "invoiced", "net_minor": 33_33}
    >>> row |= {"installment_number": 1, "charge_number": 0, "split_number": 0, "before_minor": 0}
    >>> found = with_payer_shares(pl.DataFrame([row]), shares)
    >>> found.select("payer_number", "charged_payer_id", "net_minor").rows()
    [(1, 31, 2000), (2, 32, 1333)]
    """
    only = charges.with_columns(payer_number=pl.lit(0, pl.Int64))
    if shares.is_empty():
        return only
    whole = only.with_columns(pl.lit(None, dtype).alias(name) for name, dtype in _CHARGED.items())
    is_shared = (pl.col("outcome") == Outcome.INVOICED.value) & pl.col(_TERM).is_in(
        shares[_TERM].unique().implode()
    )
    shared = whole.filter(is_shared).with_row_index(_WHOLE)
    if shared.is_empty():
        return whole
    is_premium = pl.col("charge_kind") == PREMIUM.charge_kind
    running = shared.with_columns(before_minor=pl.when(is_premium).then("before_minor").otherwise(0))
    parts = (
        apportioned_parts(running, _members(shares), _WHOLE, "payer_number")
        .filter(pl.col("net_minor") != 0)
        .sort(_WHOLE, "payer_number")
    )
    split = shared.drop("payer_number", *_CHARGED, "before_minor", "net_minor").join(
        parts, on=_WHOLE, how="inner", maintain_order="left_right"
    )
    place = pl.col("charge_number").rank("ordinal").over(_INSTALLMENT).cast(pl.Int64) - 1
    return pl.concat([whole.filter(~is_shared), split.with_columns(split_number=place).select(whole.columns)])


def _members(shares: pl.DataFrame) -> pl.DataFrame:
    payer = {f"charged_{name}": name for name in PAYER_COLUMNS}
    return shares.select(_TERM, "payer_number", weight="share_ppm", **payer)
