"""What a plan arranges beside its frequency: fewer installments, weights, a down payment, a blackout.

Belongs here: from the whole grid of a term to the installments that such a plan makes of it, and their
planned amounts. Does not belong here: the grid itself (``schedules``), the amounts of the other plans and
what cover leaves of any (``installments``).

Only schedules whose plan arranges something come here: an amount then depends on all installments of the
term, and not on three kinds of them.
"""

import polars as pl

from billing_assets.domain.money import PPM
from billing_assets.domain.payment_plans import Residual
from billing_assets.domain.term_days import TermDayCount
from billing_assets.frames.rounding import divide_down, divide_half_up, wide
from billing_assets.frames.term_days import term_days

_HAS_DOWN_PAYMENT = (pl.col("down_payment_ppm") > 0) | (pl.col("down_payment_minor") > 0)
_IS_BY_DAYS = pl.col("day_count") == TermDayCount.ACTUAL_365_FIXED.value
_NUMBER, _COUNT = pl.col("installment_number"), pl.col("installment_count")


def is_arranged() -> pl.Expr:
    """Return whether the installments of a plan row are other than whole periods of one weight, and parts.

    >>> from billing_assets.frames.column_rows import ARRANGED
    >>> row = {**dict.fromkeys(ARRANGED, 0), "weights": "", "residual": "last", "currency": ""}
    >>> row |= {"day_count": "thirty_360"}
    >>> pl.DataFrame([row, {**row, "residual": "first"}]).select(is_arranged()).to_series().to_list()
    [False, True]
    """
    return (
        (pl.col("maximum_installment_count") > 0)
        | (pl.col("residual") != Residual.LAST.value)
        | _HAS_DOWN_PAYMENT
        | (pl.col("installment_fee_minor") > 0)
        | (pl.col("minimum_bill_minor") > 0)
        | (pl.col("blackout_days") > 0)
        | _IS_BY_DAYS
    )


def is_uneven() -> pl.Expr:
    """Return whether the installments of a plan row differ in amount by what the plan says.

    >>> row = {"down_payment_ppm": 0, "down_payment_minor": 0, "minimum_bill_minor": 0, "weights": ""}
    >>> pl.DataFrame([row, {**row, "weights": "2 1"}]).select(is_uneven()).to_series().to_list()
    [False, True]
    """
    return _HAS_DOWN_PAYMENT | (pl.col("weights") != "") | (pl.col("minimum_bill_minor") > 0)


def arranged_installments(periods: pl.DataFrame) -> pl.DataFrame:
    """Return the installments of the schedules, with ``share_weight`` beside the columns of ``periods``.

    ``periods`` are all periods of each schedule, with ``ARRANGED`` and the columns of its plan. Left out
    are periods beyond the count of the plan, and those that would fall due in its blackout; the first
    always stays. The last that stays runs to the end of the term. Without a count, a period weighs 1 or
    the part of 1 that it is by days, and the last one as much as all that it stands for; where the plan
    counts by ``actual_365_fixed``, each weighs its days.

    >>> from datetime import date
    >>> from billing_assets.frames.column_rows import ARRANGED
    >>> row = {
    ...     "schedule_id": 0,
    ...     "installment_count": 3,
    ...     "effective_date": date(2024, 1, 1),
    ...     "expiration_date": date(2024, 4, 1),
    ...     "due_days": 0,
    ...     **dict.fromkeys(("first_days", "first_full_days", "last_days", "last_full_days"), 31),
    ...     **dict.fromkeys(ARRANGED, 0),
    ...     "weights": "",
    ...     "day_count": "actual_term",
    ...     "blackout_days": 40,
    ... }
    >>> days = [date(2024, month, 1) for month in (1, 2, 3, 4)]
    >>> rows = [
    ...     {**row, "installment_number": number, "period_from_date": start, "period_end_date": end}
    ...     for number, (start, end) in enumerate(zip(days, days[1:]), start=1)
    ... ]
    >>> periods = pl.DataFrame(rows).with_columns(due_from_date="period_from_date")
    >>> arranged_installments(periods).select(
    ...     "installment_number",
    ...     "installment_count",
    ...     pl.col("period_end_date").cast(pl.String),
    ...     "share_weight",
    ... ).rows()
    [(1, 2, '2024-02-01', 961), (2, 2, '2024-04-01', 1922)]
    """
    most = pl.col("maximum_installment_count")
    nominal = pl.col("due_from_date") + pl.duration(days="due_days")
    last_day = pl.col("expiration_date") - pl.duration(days="blackout_days")
    is_in_time = (_NUMBER == 1) | (pl.col("blackout_days") == 0) | (nominal < last_day)
    return (
        periods.filter(is_in_time & ((most == 0) | (most >= _NUMBER)))
        .with_columns(period_count=_COUNT, installment_count=pl.len().over("schedule_id").cast(pl.Int64))
        .with_columns(
            period_end_date=pl.when(_NUMBER == _COUNT)
            .then(pl.col("expiration_date"))
            .otherwise(pl.col("period_end_date")),
        )
        .with_columns(share_weight=_weight().cast(pl.Int64))
        .drop("period_count")
    )


def _weight() -> pl.Expr:
    """Return the weight of an installment among those that share the premium."""
    place = _NUMBER - 1 - _HAS_DOWN_PAYMENT.cast(pl.Int64)
    named = pl.col("weights").str.split(" ").list.get(place, null_on_oob=True).cast(pl.Int64, strict=False)
    return (
        pl.when(_HAS_DOWN_PAYMENT & (_NUMBER == 1) & (_COUNT > 1))
        .then(0)
        .when(pl.col("weights") != "")
        .then(named)
        .when(pl.col("maximum_installment_count") > 0)
        .then(1)
        .when(_IS_BY_DAYS)
        .then(term_days(pl.col("period_from_date"), pl.col("period_end_date")))
        .otherwise(_days_weight())
    )


def _days_weight() -> pl.Expr:
    """Return the days of an installment on the common denominator of all of them."""
    first = pl.col("first_days") * pl.col("last_full_days")
    middle = pl.col("first_full_days") * pl.col("last_full_days")
    last = pl.col("last_days") * pl.col("first_full_days")
    joined = (pl.col("period_count") - _COUNT) * middle + last
    by_number = pl.when(_NUMBER == 1).then(first).when(_NUMBER < _COUNT).then(middle).otherwise(joined)
    return pl.when(_COUNT == 1).then(1).otherwise(by_number)


def with_shares(installments: pl.DataFrame) -> pl.DataFrame:
    """Add ``planned_minor`` (Int64) and ``is_other_currency``; over a whole term the sum is the premium.

    ``before_minor`` is what the installments before each plan together.

    ``installments`` are all installments of each term (``term_row``), with ``share_weight``, ``ARRANGED``,
    and ``premium_minor`` and ``term_currency``. The down payment is rounded half-up once and never
    more than the premium; the others share the rest by their weights, half-up, and the one that
    ``residual`` names takes what that leaves. Should the others come to more than the rest, each of them is
    rounded down instead. Null where an amount does not fit into Int64. A fixed down payment in another
    currency than the term's says nothing of it (``is_other_currency``).

    >>> row = {
    ...     "term_row": 0,
    ...     "installment_count": 3,
    ...     "share_weight": 1,
    ...     "premium_minor": 100_01,
    ...     "term_currency": "EUR",
    ...     "residual": "first",
    ...     "down_payment_ppm": 0,
    ...     "down_payment_minor": 0,
    ...     "currency": "",
    ... }
    >>> rows = pl.DataFrame([{**row, "installment_number": number} for number in (1, 2, 3)])
    >>> with_shares(rows)["planned_minor"].to_list()
    [3333, 3334, 3334]
    """
    premium, has_shared_only = pl.col("premium_minor"), ~_HAS_DOWN_PAYMENT
    rate = divide_half_up(wide(premium) * pl.col("down_payment_ppm"), pl.lit(PPM))
    down = pl.when(has_shared_only).then(0).otherwise(rate + pl.col("down_payment_minor"))
    shared = installments.with_columns(
        down_minor=pl.min_horizontal(down, premium),
        is_other_currency=(pl.col("currency") != "") & (pl.col("currency") != pl.col("term_currency")),
        is_down_payment=_HAS_DOWN_PAYMENT & (_NUMBER == 1),
        takes_rest=_takes_rest(),
        weights_sum=wide(pl.col("share_weight")).sum().over("term_row"),
    ).with_columns(shared_minor=premium - pl.col("down_minor"))
    top = wide(pl.col("shared_minor")) * pl.col("share_weight")
    bottom = pl.max_horizontal("weights_sum", pl.lit(1))
    rounded = shared.with_columns(
        half_up_minor=divide_half_up(top, bottom), down_to_minor=divide_down(top, bottom)
    ).with_columns(
        _others("half_up_minor").alias("half_up_others"), _others("down_to_minor").alias("down_to_others")
    )
    is_too_much = pl.col("half_up_others") > pl.col("shared_minor")
    share = pl.when(is_too_much).then("down_to_minor").otherwise("half_up_minor")
    others = pl.when(is_too_much).then("down_to_others").otherwise("half_up_others")
    planned = (
        pl.when("is_other_currency")
        .then(None)
        .when(_COUNT == 1)
        .then(premium)
        .when("is_down_payment")
        .then("down_minor")
        .when("takes_rest")
        .then((wide(pl.col("shared_minor")) - others).cast(pl.Int64, strict=False))
        .otherwise(share)
    )
    amount = pl.col("planned_minor")
    to = amount.cum_sum().over("term_row", order_by="installment_number")
    return rounded.select(*installments.columns, "is_other_currency", planned_minor=planned).with_columns(
        before_minor=to - amount
    )


def with_bill_numbers(shares: pl.DataFrame) -> pl.DataFrame:
    """Add ``bill_number``: the number of the installment with which each one is due.

    ``shares`` is what :func:`with_shares` returns, all installments of each term. An installment waits
    while it comes, with those that wait already, to less than the plan's ``minimum_bill_minor``; the last
    never waits. What cover leaves of the amounts changes nothing of this.

    >>> row = {"term_row": 0, "installment_count": 4, "minimum_bill_minor": 50, "is_other_currency": False}
    >>> rows = [
    ...     {**row, "installment_number": number, "planned_minor": amount}
    ...     for number, amount in enumerate((30, 30, 60, 10), start=1)
    ... ]
    >>> with_bill_numbers(pl.DataFrame(rows))["bill_number"].to_list()
    [2, 2, 3, 4]
    """
    if not (shares["minimum_bill_minor"] > 0).any():
        return shares.with_columns(bill_number=_NUMBER)
    minimum = pl.when("is_other_currency").then(0).otherwise(pl.col("minimum_bill_minor"))
    rows = shares.sort("term_row", "installment_number")
    waits, so_far = [], 0
    # A sum that begins anew where it has reached a bound is no column expression.
    facts = rows.select(pl.col("planned_minor").fill_null(0), minimum.alias("minimum"), _NUMBER == _COUNT)
    for amount, bound, is_last in facts.iter_rows():
        so_far += amount
        waits.append(so_far < bound and not is_last)
        so_far = so_far if waits[-1] else 0
    number = pl.when(~pl.Series(waits, dtype=pl.Boolean)).then(_NUMBER)
    return rows.with_columns(bill_number=number.fill_null(strategy="backward"))


def _takes_rest() -> pl.Expr:
    """Return whether an installment is the one that takes what rounding leaves."""
    first = pl.when(_HAS_DOWN_PAYMENT).then(2).otherwise(1)
    weight = pl.col("share_weight")
    is_largest = weight == weight.max().over("term_row")
    largest = pl.when(is_largest).then(_NUMBER).max().over("term_row")
    taker = (
        pl.when(pl.col("residual") == Residual.FIRST.value)
        .then(first)
        .when(pl.col("residual") == Residual.LARGEST.value)
        .then(largest)
        .otherwise(_COUNT)
    )
    return taker == _NUMBER


def _others(amount: str) -> pl.Expr:
    """Return what the installments that share come to, without the one that takes the rest."""
    kept = pl.when(pl.col("takes_rest") | pl.col("is_down_payment")).then(0).otherwise(wide(pl.col(amount)))
    return kept.sum().over("term_row")
