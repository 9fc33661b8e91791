"""What a term comes to after its changes, replayed in the order in which they take effect.

Belongs here: the premium of each change, what lapses and cancellations leave of it.
Does not belong here: what was billed, how a difference is billed; how a method earns (``earned_premium``).

The order in which changes become known does not count: they are sorted by effective date and number. Each
change of the premium is a part of its own, over the days from its effective date to the expiration; a lapse
and a cancellation take their share of every part.
"""

from collections.abc import Iterable

import polars as pl

from billing_assets.domain.cancellation import CancellationMethod
from billing_assets.domain.policy_changes import ChangeKind
from billing_assets.frames.earned_premium import with_earned
from billing_assets.frames.rounding import divide_half_up, wide
from billing_assets.frames.term_days import actual_days, days_of

_SPAN = ("policy_term_id", "effective_date", "expiration_date", "day_count")
PART_COLUMNS = ("policy_term_id", "change_number", "part_from_date", "part_minor", "owed_minor")


def premium_parts(
    terms: pl.DataFrame, changes: pl.DataFrame, methods: Iterable[CancellationMethod]
) -> pl.DataFrame:
    """Return the parts of the premium of each term, and what is owed of each (``PART_COLUMNS``).

    ``terms`` has ``policy_term_id``, ``effective_date``, ``expiration_date``, ``premium_minor`` and
    ``day_count``, by which days are counted; ``changes`` has ``CHANGE_SCHEMA``.
    Part 0 is the premium of the term as it began. The part of an endorsement is
    ``(new - old) * days left / days of the term``, half-up; ``old`` is the premium that was in
    force before it. What is owed of a part is the part itself; where cover lapsed, less
    ``part * days lapsed / days of the part``, half-up; and of a term that is cancelled and not reinstated,
    what the method of that cancellation earns of it. Amounts that do not fit into Int64 are null.

    >>> from datetime import date
    >>> from billing_assets.domain.cancellation import CANCELLATION_METHODS
    >>> from billing_assets.frames.columns import CHANGE_SCHEMA
    >>> term = {
    ...     "policy_term_id": 7,
    ...     "effective_date": date(2023, 1, 1),
    ...     "expiration_date": date(2024, 1, 1),
    ...     "premium_minor": 365_00,
    ...     "day_count": "actual_term",
    ... }
    >>> change = {"policy_term_id": 7, "currency": "EUR", "method_code": ""}
    >>> dearer = {**change, "change_number": 1, "change_kind": "endorsement", "premium_minor": 730_00}
    >>> ended = {**change, "change_number": 2, "change_kind": "cancellation", "premium_minor": 0}
    >>> changes = pl.DataFrame(
    ...     [
    ...         {**ended, "change_date": date(2023, 12, 22), "method_code": "pro_rata"},
    ...         {**dearer, "change_date": date(2023, 12, 12)},
    ...     ],
    ...     schema=CHANGE_SCHEMA,
    ... )
    >>> parts = premium_parts(pl.DataFrame([term]), changes, CANCELLATION_METHODS.values())
    >>> parts.select("change_number", "part_minor", "owed_minor").rows()
    [(0, 36500, 35500), (1, 2000, 1000)]
    """
    spans = terms.select(*_SPAN, "premium_minor")
    known = changes.join(spans, on="policy_term_id", how="inner", suffix="_of_term").sort(
        "policy_term_id", "change_date", "change_number"
    )
    parts = _parts(spans, known.filter(pl.col("change_kind") == ChangeKind.ENDORSEMENT.value))
    turns = _turns(known.filter(pl.col("change_kind") != ChangeKind.ENDORSEMENT.value))
    owed = _owed(_with_cover(parts, turns), methods)
    return owed.sort("policy_term_id", "part_from_date", "change_number").select(*PART_COLUMNS)


def standing_cancellations(changes: pl.DataFrame) -> pl.DataFrame:
    """Return ``policy_term_id`` and ``off_date`` of the terms that are cancelled and not reinstated.

    >>> from datetime import date
    >>> kinds = ["cancellation", "reinstatement", "cancellation"]
    >>> days = [date(2024, month, 1) for month in (5, 6, 7)]
    >>> rows = {
    ...     "policy_term_id": [7] * 3,
    ...     "change_number": [1, 2, 3],
    ...     "change_kind": kinds,
    ...     "change_date": days,
    ... }
    >>> changes = pl.DataFrame(rows).with_columns(method_code=pl.lit("pro_rata"))
    >>> standing_cancellations(changes).row(0)
    (7, datetime.date(2024, 7, 1))
    """
    return lapses_of(changes).filter(pl.col("on_date").is_null()).select("policy_term_id", "off_date")


def lapses_of(changes: pl.DataFrame) -> pl.DataFrame:
    """Return the days without cover of each term: from ``off_date`` to ``on_date``, null where it stays off.

    >>> from datetime import date
    >>> rows = {"change_kind": ["cancellation", "reinstatement"], "change_number": [1, 2]}
    >>> rows |= {"change_date": [date(2024, 5, 1), date(2024, 6, 1)], "method_code": ["pro_rata", ""]}
    >>> changes = pl.DataFrame(rows).with_columns(policy_term_id=pl.lit(7))
    >>> lapses_of(changes).row(0)
    (7, datetime.date(2024, 5, 1), datetime.date(2024, 6, 1))
    """
    known = changes.sort("policy_term_id", "change_date", "change_number")
    turns = _turns(known.filter(pl.col("change_kind") != ChangeKind.ENDORSEMENT.value))
    return turns.select("policy_term_id", "off_date", "on_date")


def _parts(spans: pl.DataFrame, endorsements: pl.DataFrame) -> pl.DataFrame:
    """Return a row for each part: the premium at the beginning, and the difference of each endorsement."""
    begun = spans.with_columns(
        change_number=pl.lit(0, pl.Int64),
        part_from_date=pl.col("effective_date"),
        part_minor=pl.col("premium_minor"),
    )
    days = days_of(spans)
    first, last = pl.col("effective_date"), pl.col("expiration_date")
    start = pl.col("change_date").clip(first, last)
    old = pl.col("premium_minor").shift().over("policy_term_id")
    changed = endorsements.with_columns(
        part_from_date=start, old_minor=pl.coalesce(old, "premium_minor_of_term")
    ).with_columns(
        part_minor=divide_half_up(
            (wide(pl.col("premium_minor")) - wide(pl.col("old_minor")))
            * days(pl.col("part_from_date"), last),
            days(first, last),
        )
    )
    names = [*_SPAN, "change_number", "part_from_date", "part_minor"]
    return pl.concat([begun.select(names), changed.select(names)])


def _turns(known: pl.DataFrame) -> pl.DataFrame:
    """Return the days without cover of each term: ``off_date``, ``on_date`` (null: none) and the method.

    A cancellation of a term that is cancelled already changes nothing, and neither does the reinstatement of
    one that is in force.
    """
    previous = pl.col("change_kind").shift().over("policy_term_id").fill_null(ChangeKind.REINSTATEMENT.value)
    turns = known.filter(pl.col("change_kind") != previous)
    return (
        turns.with_columns(on_date=pl.col("change_date").shift(-1).over("policy_term_id"))
        .filter(pl.col("change_kind") == ChangeKind.CANCELLATION.value)
        .select("policy_term_id", "method_code", "on_date", off_date=pl.col("change_date"))
    )


def _with_cover(parts: pl.DataFrame, turns: pl.DataFrame) -> pl.DataFrame:
    """Add ``lapsed_days`` of each part; ``off_date``, ``method_code`` of a cancellation that stands.

    ``lapsed_counted_days`` are the same by the count of the plan.
    """
    days = days_of(parts)
    lapses = turns.filter(pl.col("on_date").is_not_null()).select("policy_term_id", "off_date", "on_date")
    start = pl.max_horizontal("part_from_date", "off_date")
    end = pl.min_horizontal("expiration_date", "on_date")
    lapsed = (
        parts.join(lapses, on="policy_term_id", how="inner")
        .group_by("policy_term_id", "change_number")
        .agg(
            lapsed_days=actual_days(start, end).clip(lower_bound=0).sum(),
            lapsed_counted_days=days(start, end).clip(lower_bound=0).sum(),
        )
    )
    final = turns.filter(pl.col("on_date").is_null()).drop("on_date")
    return (
        parts.join(lapsed, on=["policy_term_id", "change_number"], how="left")
        .join(final, on="policy_term_id", how="left")
        .with_columns(pl.col("lapsed_days", "lapsed_counted_days").fill_null(0))
    )


def _owed(parts: pl.DataFrame, methods: Iterable[CancellationMethod]) -> pl.DataFrame:
    """Add ``owed_minor``."""
    days, start = days_of(parts), pl.col("part_from_date")
    span, gone = days(start, pl.col("expiration_date")), pl.col("lapsed_counted_days")
    lapsed = divide_half_up(wide(pl.col("part_minor")) * gone, span)
    standing = parts.filter(pl.col("off_date").is_null()).with_columns(
        owed_minor=pl.col("part_minor") - pl.when(span > 0).then(lapsed).otherwise(0)
    )
    # A part is earned like a term that begins with it; days that lapsed before count as not in force.
    ended = parts.filter(pl.col("off_date").is_not_null())
    stop = pl.min_horizontal("off_date", "expiration_date")
    off = stop - pl.duration(days="lapsed_days")
    as_terms = ended.select(
        "method_code",
        "expiration_date",
        part_days=span,
        in_force_days=days(start, stop) - gone,
        premium_minor=pl.col("part_minor").abs(),
        effective_date=pl.col("part_from_date"),
        cancellation_date=off,
    )
    earned = with_earned(as_terms, methods)["earned_minor"]
    cancelled = ended.with_columns(owed_minor=earned * pl.col("part_minor").sign())
    return pl.concat([standing, cancelled], how="vertical_relaxed")
