"""The hash of a plan: all that its run would issue, in 32 bytes.

Belongs here: what the hash covers, and how.
Does not belong here: the figures of a plan (``run_figures``), who approves a hash (``steps.decide_run``).
"""

from collections.abc import Callable, Sequence
from datetime import date
from hashlib import sha256
from typing import IO, cast

import polars as pl

from billing_assets.frames.invoices import Drafts

_HASHED_CHARGE = (
    "policy_term_id",
    "installment_number",
    "installment_count",
    "outcome",
    "reason_code",
    "due_date",
    "period_from_date",
    "period_to_date",
    "currency",
    "net_minor",
    "minimum_payment_days",
    "term_sha256",
    "payer_sha256",
    "plan_sha256",
    "draft_index",
)
_HASHED_LINE = ("draft_index", "line_number", "charge_kind", "net_minor", "tax_minor", "contained_tax_minor")
_HASHED_TAX = ("draft_index", "tax_number", "tax_rule_id", "base_minor", "tax_minor")


def drafts_sha256(drafts: Drafts) -> str:
    """Return the hash of all that would be issued, without what is drawn while issuing: numbers and dates.

    Of a plan without changes, or without charge lines, it is what it was before there were any: an upgrade
    voids no approval.

    >>> drafts_sha256(NO_DRAFTS) == drafts_sha256(NO_DRAFTS)
    True
    """
    hashed = sha256()
    parts = [
        (drafts.charges, _HASHED_CHARGE),
        (drafts.lines, _HASHED_LINE),
        (drafts.taxes, _HASHED_TAX),
    ]
    parts += [
        (drafts.charges, (name,))
        for name in ("revision", "charge_number")
        if (drafts.charges[name].fill_null(0) != 0).any()
    ]
    if drafts.credits is not None:
        parts += [(drafts.credits.lines, _HASHED_LINE), (drafts.credits.taxes, _HASHED_TAX)]
    for frame, names in parts:
        _write(frame.select(names), hashed.update)
    return hashed.hexdigest()


class _HashWriter:
    """A file that hashes what is written: kept in memory, the bytes would cost more than their hash."""

    def __init__(self, update: Callable[[bytes], None]) -> None:
        self.update = update

    def write(self, written: bytes) -> int:
        self.update(written)
        return len(written)

    def flush(self) -> None:
        """Do nothing: every byte is hashed as it comes."""


def _write(frame: pl.DataFrame, update: Callable[[bytes], None]) -> None:
    """Hash the values as Arrow lays them out, sooner than as text; nothing may lie behind a null."""
    filled = frame.with_columns(pl.col(pl.String).fill_null(""), pl.selectors.numeric().fill_null(-1))
    oldest = pl.CompatLevel.oldest()  # texts in one piece, wherever the frame has its own
    writer = cast("IO[bytes]", _HashWriter(update))
    filled.rechunk().write_ipc_stream(writer, compression="uncompressed", compat_level=oldest)


def plan_sha256(billing_date: date, parts: Sequence[str]) -> str:
    """Return the hash of a plan from those of its shards (:func:`drafts_sha256`), in their order.

    >>> plan_sha256(date(2024, 1, 1), ["a"]) == plan_sha256(date(2024, 1, 2), ["a"])
    False
    """
    return sha256("\n".join([billing_date.isoformat(), *parts]).encode()).hexdigest()


def cash_parts(units: pl.DataFrame) -> list[str]:
    """Return what the hash of a plan has for the cash units that the company uses; nothing for none.

    >>> from billing_assets.frames.cash_rounding import NO_CASH_UNITS
    >>> cash_parts(NO_CASH_UNITS)
    []
    """
    texts = units.sort("cash_unit_id").select(pl.format("cash unit {}", "cash_unit_id"))
    return texts.to_series().to_list()


NO_DRAFTS = Drafts(
    invoices=pl.DataFrame(schema={"draft_index": pl.Int64, "total_minor": pl.Int64}),
    lines=pl.DataFrame(
        schema={
            **dict.fromkeys(_HASHED_LINE, pl.Int64),
            "charge_kind": pl.String,
            **dict.fromkeys(("split_number", "payer_number", "bill_index"), pl.Int64),
            "policy_term_id": pl.Int64,
            "policy_number": pl.String,
            "payment_plan_id": pl.Int64,
            "currency": pl.String,
            "period_from_date": pl.Date,
            "period_to_date": pl.Date,
        }
    ),
    taxes=pl.DataFrame(schema=dict.fromkeys(_HASHED_TAX, pl.Int64)),
    charges=pl.DataFrame(
        schema={
            **dict.fromkeys((*_HASHED_CHARGE, "charge_kind"), pl.String),
            **dict.fromkeys(
                ("revision", "charge_number", "split_number", "payer_number", "net_minor"), pl.Int64
            ),
        }
    ),
    bodies=pl.DataFrame(),
)
"""What a shard without a due charge is priced to."""
