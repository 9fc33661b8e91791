"""For which periods the premium at the beginning is billed where installments bill it no more.

Belongs here: the installment whose period a line of part 0 is for, with its amount.
Does not belong here: how much is to be billed (``change_balances``), when (``change_charges``).

Premium that was given back, recorded as zero or never planned for the days that a cancellation leaves is
billed by period, so that each line has the tax of its days: in the order of the periods, up to what the
installment plans less the price of its days in a lapse, and what is more than that with the last period that
has cover.
"""

import polars as pl

from billing_assets.domain.charges import PREMIUM, PREMIUM_CHANGE
from billing_assets.frames.policy_changes import lapses_of
from billing_assets.frames.rounding import divide_half_up, wide
from billing_assets.frames.term_days import days_of

_TERM = "policy_term_id"
_START = ["period_from_date"]


def first_part_portions(more: pl.DataFrame, planned: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """Return for which periods ``more_minor`` of part 0 is billed, with ``net_minor`` and ``is_closed``.

    ``more`` is a row for each term, with the days of the part; ``planned`` comes from :func:`covered_planned`
    and ``lines`` has ``columns.DOCUMENTED_LINE_SCHEMA``. What a person gave back counts as documented. A term
    without a period that has cover has one portion, for the days of the part.

    >>> from datetime import date
    >>> days = [date(2024, month, 1) for month in (1, 2, 3, 4)]
    >>> planned = pl.DataFrame(
    ...     {"policy_term_id": [7] * 3, "period_from_date": days[:3], "period_to_date": days[1:]}
    ... )
    >>> marks = {"is_open": pl.lit(value=False), "is_closed": pl.lit(value=True)}
    >>> planned = planned.with_columns(**marks, covered_days=pl.lit(28), net_minor=pl.lit(100))
    >>> planned = planned.with_columns(lapsed_minor=pl.lit(0))
    >>> part = {"policy_term_id": 7, "more_minor": 150, "part_from_date": days[0], "part_to_date": days[3]}
    >>> line = {"policy_term_id": 7, "revision": 0, "charge_kind": "premium", "period_from_date": days[0]}
    >>> line |= {"net_minor": 100, "credited_net_minor": 0, "corrected_net_minor": 0}
    >>> found = first_part_portions(pl.DataFrame([part]), planned, pl.DataFrame([line]))
    >>> found.select(pl.col("period_from_date").dt.month(), "net_minor").rows()
    [(2, 100), (3, 50)]
    """
    wanted = more.select(_TERM, "more_minor", "part_from_date", "part_to_date")
    slots = planned.filter(pl.col("covered_days") > 0).sort(_TERM, *_START)
    priced = pl.col("net_minor") - pl.col("lapsed_minor")
    gap = (priced - pl.col("documented_minor").fill_null(0)).clip(0)
    taken = pl.col("gap_minor").cum_sum().over(_TERM)
    is_last = pl.col("period_from_date") == pl.col("period_from_date").max().over(_TERM)
    rest = pl.col("more_minor") - pl.col("filled_minor").sum().over(_TERM)
    filled = (
        slots.join(wanted, on=_TERM, maintain_order="left")
        .join(_documented_by_period(slots, lines), on=[_TERM, *_START], how="left", maintain_order="left")
        .with_columns(gap_minor=pl.when("is_open").then(0).otherwise(gap))
        .with_columns(
            filled_minor=(pl.col("more_minor") - taken + pl.col("gap_minor")).clip(0, pl.col("gap_minor"))
        )
        .with_columns(net_minor=pl.col("filled_minor") + pl.when(is_last).then(rest).otherwise(0))
        .filter(pl.col("net_minor") > 0)
        .select(
            *(_TERM, "net_minor", "is_closed"),
            period_from_date="period_from_date",
            period_to_date=pl.min_horizontal("period_to_date", "part_to_date"),
        )
    )
    whole = wanted.join(slots, on=_TERM, how="anti").select(
        _TERM,
        net_minor="more_minor",
        is_closed=pl.lit(value=True),
        period_from_date="part_from_date",
        period_to_date="part_to_date",
    )
    return pl.concat([filled, whole], how="vertical_relaxed")


def covered_planned(planned: pl.DataFrame, changes: pl.DataFrame, terms: pl.DataFrame) -> pl.DataFrame:
    """Return the installments with ``is_closed``, ``covered_days``, and ``is_open`` as far as cover goes.

    ``planned`` has ``is_open``: neither billed nor recorded as zero. Of a term that is cancelled, only
    installments whose period ends by that day stay open. ``lapsed_minor`` is the price of the days of a
    period that lie in a lapse, from a cancellation to its reinstatement: premium times these days out of the
    days of the term, half-up. ``terms`` have ``premium_minor``, their dates and ``day_count``.

    >>> from datetime import date
    >>> from billing_assets.frames.columns import CHANGE_SCHEMA
    >>> off = {"policy_term_id": 7, "change_number": 1, "change_kind": "cancellation"}
    >>> changes = pl.DataFrame([off | {"change_date": date(2024, 2, 11)}], schema=CHANGE_SCHEMA)
    >>> days = [date(2024, month, 1) for month in (1, 2, 3, 4)]
    >>> planned = pl.DataFrame({"period_from_date": days[:3], "period_to_date": days[1:]})
    >>> planned = planned.with_columns(policy_term_id=pl.lit(7), is_open=pl.lit(value=True))
    >>> term = {"policy_term_id": 7, "premium_minor": 300, "day_count": "actual_term"}
    >>> terms = pl.DataFrame([term | {"effective_date": days[0], "expiration_date": days[3]}])
    >>> covered_planned(planned, changes, terms).select("is_open", "covered_days").rows()
    [(True, 31), (False, 10), (False, 0)]
    """
    spans = terms.select(_TERM, "premium_minor", "effective_date", "expiration_date", "day_count")
    lapses = lapses_of(changes).join(spans, on=_TERM)
    days_between = days_of(lapses)
    rows = planned.with_row_index("planned_row").with_columns(is_closed=~pl.col("is_open"))
    start = pl.max_horizontal("period_from_date", "off_date")
    end = pl.min_horizontal("period_to_date", "on_date")
    counted = (
        pl.when(pl.col("on_date").is_not_null() & (start < end)).then(days_between(start, end)).otherwise(0)
    )
    without = (
        rows.join(lapses, on=_TERM)
        .with_columns(
            counted_days=counted, whole_days=days_between(pl.col("effective_date"), pl.col("expiration_date"))
        )
        .group_by("planned_row")
        .agg(
            pl.col("premium_minor", "whole_days").first(),
            pl.col("counted_days").sum(),
            lapsed_days=(end - start).dt.total_days().clip(0).sum(),
            is_ended=(pl.col("on_date").is_null() & (pl.col("off_date") < pl.col("period_to_date"))).any(),
        )
        .with_columns(
            lapsed_minor=divide_half_up(
                wide(pl.col("premium_minor")) * pl.col("counted_days"), pl.col("whole_days")
            )
        )
        .drop("premium_minor", "whole_days", "counted_days")
    )
    days = (pl.col("period_to_date") - pl.col("period_from_date")).dt.total_days()
    return (
        rows.join(without, on="planned_row", how="left", maintain_order="left")
        .with_columns(
            is_open=pl.col("is_open") & ~pl.col("is_ended").fill_null(value=False),
            covered_days=days - pl.col("lapsed_days").fill_null(0),
            lapsed_minor=pl.col("lapsed_minor").fill_null(0),
        )
        .drop("planned_row", "lapsed_days", "is_ended")
    )


def _documented_by_period(slots: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """Return what documents say of part 0 by the period in which their lines begin."""
    is_premium = pl.col("charge_kind").is_in([PREMIUM.charge_kind, PREMIUM_CHANGE.charge_kind])
    of_part = lines.filter(is_premium, pl.col("revision") == 0).select(
        _TERM,
        line_from_date="period_from_date",
        said_minor=pl.col("net_minor") - pl.col("credited_net_minor") + pl.col("corrected_net_minor"),
    )
    starts = slots.select(_TERM, *_START).sort("period_from_date")
    return (
        of_part.sort("line_from_date")
        .join_asof(
            starts,
            left_on="line_from_date",
            right_on="period_from_date",
            by=_TERM,
            coalesce=False,
            check_sortedness=False,
        )
        .filter(pl.col("period_from_date").is_not_null())
        .group_by(_TERM, *_START)
        .agg(documented_minor=pl.col("said_minor").sum())
    )
