"""What is owed of each part of a term's premium after its changes, beside what documents say so far.

Belongs here: the difference, by term and part: what is still to be billed, and what is to be given back.
Does not belong here: what a part is (``policy_changes``), when a difference is billed (``change_charges``),
which lines are credited (``change_credits``).

Part 0 is the premium with which the term began; it is billed by installments. Each endorsement is a part of
its own. A return premium takes from the parts before it, the latest first, so that no part is below zero.

What a person has credited by hand counts where more would be given back, and does not count where more would
be billed: it is neither given back twice nor billed again in silence.
"""

from dataclasses import dataclass, field

import polars as pl

from billing_assets.domain.cancellation import CANCELLATION_METHODS
from billing_assets.domain.charges import PREMIUM, PREMIUM_CHANGE
from billing_assets.frames.columns import ANSWERED_SCHEMA
from billing_assets.frames.policy_changes import premium_parts, standing_cancellations

_PART = ["policy_term_id", "change_number"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeBook:
    """The terms of a shard that have changes, with all that was documented of them.

    ``changes`` has ``columns.CHANGE_SCHEMA``, ``lines`` has ``columns.DOCUMENTED_LINE_SCHEMA``: every line of
    every invoice of these terms; ``taxes`` (``columns.CHARGED_TAX_SCHEMA``) are those of the invoices.
    ``zeros`` (``columns.SETTLED_SCHEMA``) are installments that were recorded as zero. ``answered``
    (``columns.ANSWERED_SCHEMA``) are parts that a run of the same date has held or failed. ``told`` are parts
    of which a run has said, knowing these very changes, that they were billed elsewhere.
    """

    changes: pl.DataFrame
    lines: pl.DataFrame
    taxes: pl.DataFrame
    zeros: pl.DataFrame
    answered: pl.DataFrame
    told: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=ANSWERED_SCHEMA))


def left_of_parts(parts: pl.DataFrame) -> pl.DataFrame:
    """Return what is left of each part (``policy_changes.PART_COLUMNS``), ``left_minor``, none below zero.

    A part below zero takes from the parts before it, the latest first. With ``L`` the running sum, never
    below zero, a part keeps what of it the smallest later ``L`` leaves.

    >>> amounts = {"owed_minor": [100, 50, -30, 20, -60]}
    >>> keys = {"policy_term_id": [7] * 5, "change_number": [0, 1, 2, 3, 4]}
    >>> left_of_parts(pl.DataFrame(keys | amounts))["left_minor"].to_list()
    [80, 0, 0, 0, 0]
    """
    level = pl.col("owed_minor").cum_sum().over("policy_term_id").clip(0)
    before = pl.col("level").shift(fill_value=0).over("policy_term_id")
    lowest = pl.col("level").cum_min(reverse=True).over("policy_term_id")
    return parts.with_columns(level=level).with_columns(left_minor=(lowest - before).clip(0)).drop("level")


def change_balances(terms: pl.DataFrame, planned: pl.DataFrame, book: ChangeBook) -> pl.DataFrame:
    """Return a row for each part of the terms (``columns.TERM_SCHEMA``, ``day_count``) that have changes.

    ``planned`` are all installments of these terms that are billed here, with ``policy_term_id``,
    ``net_minor`` and ``is_open`` as far as cover goes. Columns: ``policy_term_id``, ``change_number``,
    ``part_from_date``, ``part_to_date``, ``last_number`` (of its lines of changes), ``more_minor`` (to be
    billed beside the installments that are open), ``less_minor`` (to be taken off these), ``back_minor`` (to
    be given back), ``off_date`` (of a term that is cancelled), ``is_ended`` (nothing is left to bill by
    installments, nor to come with them) and ``is_short`` (more would be given back than was billed here). A
    part that does not fit into Int64 has nulls.

    >>> from datetime import date
    >>> from billing_assets.frames.columns import ANSWERED_SCHEMA, CHANGE_SCHEMA, DOCUMENTED_LINE_SCHEMA
    >>> from billing_assets.frames.columns import CHARGED_TAX_SCHEMA, SETTLED_SCHEMA, TERM_SCHEMA
    >>> days = {"effective_date": date(2024, 1, 1), "expiration_date": date(2025, 1, 1)}
    >>> terms = pl.DataFrame([{"policy_term_id": 7, "premium_minor": 1200_00, **days}], schema=TERM_SCHEMA)
    >>> terms = terms.with_columns(day_count=pl.lit("actual_term"))
    >>> dearer = {"policy_term_id": 7, "change_number": 1, "change_kind": "endorsement"}
    >>> dearer |= {"change_date": date(2024, 7, 2), "premium_minor": 1800_00}
    >>> billed = {"policy_term_id": 7, "revision": 0, "charge_kind": "premium", "net_minor": 1200_00}
    >>> billed |= {"credited_net_minor": 0, "corrected_net_minor": 0}
    >>> book = ChangeBook(
    ...     changes=pl.DataFrame([dearer], schema=CHANGE_SCHEMA),
    ...     lines=pl.DataFrame([billed], schema=DOCUMENTED_LINE_SCHEMA),
    ...     taxes=pl.DataFrame(schema=CHARGED_TAX_SCHEMA),
    ...     zeros=pl.DataFrame(schema=SETTLED_SCHEMA),
    ...     answered=pl.DataFrame(schema=ANSWERED_SCHEMA),
    ... )
    >>> whole = {"policy_term_id": 7, "net_minor": 1200_00, "is_open": False}
    >>> found = change_balances(terms, pl.DataFrame([whole]), book)
    >>> found.select("change_number", "more_minor", "back_minor").rows()
    [(0, 0, 0), (1, 30000, 0)]
    """
    spans = terms.select("policy_term_id", "effective_date", "expiration_date", "premium_minor", "day_count")
    parts = premium_parts(spans, book.changes, CANCELLATION_METHODS.values())
    by_term = planned.group_by("policy_term_id").agg(
        planned_minor=pl.col("net_minor").sum(), open_minor=pl.col("net_minor").filter("is_open").sum()
    )
    rows = (
        left_of_parts(parts)
        .join(spans, on="policy_term_id")
        .join(by_term, on="policy_term_id", how="left")
        .join(standing_cancellations(book.changes), on="policy_term_id", how="left")
        .join(_documented(book.lines), on=_PART, how="left")
        .with_columns(pl.col("planned_minor", "open_minor").fill_null(0))
        .with_columns(pl.col("^documented_.*$", "last_number").fill_null(0))
    )
    return _balanced(rows).select(
        *_PART,
        *("part_from_date", "part_to_date", "last_number", "more_minor", "less_minor", "back_minor"),
        *("off_date", "is_ended", "is_short"),
    )


def _documented(lines: pl.DataFrame) -> pl.DataFrame:
    """Return what was documented of each part: for what is to be billed, and for what is to be given back."""
    is_change = pl.col("charge_kind") == PREMIUM_CHANGE.charge_kind
    by_hand = pl.col("corrected_net_minor")
    # A price that contains its tax is planned with it; such a term is held, and its difference told.
    contained = pl.col("contained_tax_minor").fill_null(0)
    given_of_it = pl.when(contained != 0).then(pl.col("credited_tax_minor").fill_null(0)).otherwise(0)
    left = pl.col("net_minor") + contained - pl.col("credited_net_minor") - given_of_it
    return (
        lines.filter(is_change | (pl.col("charge_kind") == PREMIUM.charge_kind))
        .group_by("policy_term_id", pl.col("revision").alias("change_number"))
        .agg(
            documented_minor=left.sum(),
            documented_or_corrected_minor=(left + by_hand).sum(),
            last_number=pl.col("installment_number").filter(is_change).max().cast(pl.Int64),
        )
    )


def _balanced(rows: pl.DataFrame) -> pl.DataFrame:
    is_first = pl.col("change_number") == 0
    elsewhere = pl.when(is_first).then(pl.col("premium_minor") - pl.col("planned_minor")).otherwise(0)
    still_open = pl.when(is_first).then("open_minor").otherwise(0)
    off = pl.min_horizontal("off_date", "expiration_date")
    covered_to = pl.when(off > pl.col("part_from_date")).then(off).otherwise("expiration_date")
    excess = (pl.col("documented_minor") + pl.col("open_") - pl.col("target_minor")).clip(0)
    is_over = pl.col("less_minor") >= pl.col("open_")
    return (
        rows.with_columns(target_minor=pl.col("left_minor") - elsewhere, open_=still_open)
        .with_columns(
            part_to_date=covered_to,
            more_minor=(
                pl.col("target_minor") - pl.col("documented_or_corrected_minor") - pl.col("open_")
            ).clip(0),
            less_minor=pl.min_horizontal(excess, "open_"),
            back_minor=excess - pl.min_horizontal(excess, "open_"),
        )
        .with_columns(
            is_short=pl.col("back_minor") > pl.col("documented_minor"),
            is_over=is_first & is_over & (pl.col("open_minor") > 0),
            is_added=(~is_first & (pl.col("more_minor") > 0)).any().over("policy_term_id"),
        )
        .with_columns(
            # What is added needs installments to come with; they are recorded as zero one by one then.
            is_ended=(pl.col("is_over") & (~pl.col("is_added") | pl.col("is_short")))
            .any()
            .over("policy_term_id")
        )
        .with_columns(less_minor=pl.when("is_ended").then(0).otherwise("less_minor"))
    )
