"""Taking back what was allocated: what came back of payments, what was credited of documents.

Belongs here: which returns fit which payments, which allocations go, last in first out.
Does not belong here: allocating again (``frames.allocation``), rows (``store.allocations``).
"""

import polars as pl

from billing_assets.frames.rounding import wide


def matched_returns(returns: pl.DataFrame) -> pl.DataFrame:
    """Return the returns that their payment can bear, one after the other; the others wait for a person.

    ``returns`` have payment_return_id, payment_id, currency, amount_minor, value_date, external_key and
    left_minor, what is left of the payment after earlier reversals. A return of more than that is left out,
    and so is every later one of the payment, so that the order in which they came is of no account.

    >>> from datetime import date
    >>> head = {"payment_id": 1, "currency": "EUR", "left_minor": 100, "value_date": date(2024, 2, 1)}
    >>> rows = [
    ...     {"payment_return_id": n, "amount_minor": amount, "external_key": str(n), **head}
    ...     for n, amount in ((1, 60), (2, 60))
    ... ]
    >>> matched_returns(pl.DataFrame(rows))["payment_return_id"].to_list()
    [1]
    """
    ordered = returns.sort("payment_id", "value_date", "external_key")
    running = wide(pl.col("amount_minor")).cum_sum().over("payment_id")
    return ordered.filter(running <= pl.col("left_minor"))


def last_in_first_out(live: pl.DataFrame, excess: pl.DataFrame, key: str) -> pl.DataFrame:
    """Return the allocations to take back, whole, so that ``excess_minor`` of each ``key`` is free again.

    ``live`` are the allocations that stand (allocation_id, amount_minor, ``key``), ``excess`` has ``key`` and
    excess_minor. The newest go first; where the last one is larger than what has to go, all of it goes, and
    the allocation that follows gives its rest to whatever is due.

    >>> live = pl.DataFrame(
    ...     {"allocation_id": [1, 2, 3], "payment_id": [9, 9, 9], "amount_minor": [40, 30, 30]}
    ... )
    >>> excess = pl.DataFrame({"payment_id": [9], "excess_minor": [35]})
    >>> last_in_first_out(live, excess, "payment_id")["allocation_id"].to_list()
    [3, 2]
    """
    ordered = live.join(excess, on=key).sort(key, "allocation_id", descending=[False, True])
    amount = wide(pl.col("amount_minor"))
    before = (amount.cum_sum() - amount).over(key)
    return ordered.filter(before < pl.col("excess_minor")).drop("excess_minor")
