"""What single policies have due up to a date of their own, as somebody asked for it.

Belongs here: which of the due charges that leaves, and which date the next of them has.
Does not belong here: which charges there are (``due_charges``), their price (``invoices``).
"""

from collections.abc import Mapping
from datetime import date

import polars as pl

from billing_assets.frames.columns import UNTIL_SCHEMA

# A charge of a whole term stands for a plan without a row (``due_charges``): it waits since the term began.
_DAY = pl.when(pl.col("installment_number") == 0).then("effective_date").otherwise("billing_date")


def next_dates(due: pl.DataFrame) -> pl.DataFrame:
    """Return ``UNTIL_SCHEMA``: for each policy the first billing date of what it has due.

    ``due`` has ``columns.DUE_SCHEMA``; a policy of which nothing is due is left out.

    >>> days = [date(2024, 3, 1), date(2024, 2, 1)]
    >>> rows = {"policy_number": ["P-1", "P-1"], "installment_number": [3, 2], "billing_date": days}
    >>> next_dates(pl.DataFrame(rows | {"effective_date": [date(2024, 1, 1)] * 2})).row(0)
    ('P-1', datetime.date(2024, 2, 1))
    """
    return due.group_by("policy_number").agg(until_date=_DAY.min()).select(*UNTIL_SCHEMA)


def due_until(due: pl.DataFrame, until: pl.DataFrame) -> pl.DataFrame:
    """Return of the due charges those of the policies of ``until`` whose billing date is not after theirs.

    >>> days = [date(2024, 2, 1), date(2024, 3, 1)]
    >>> rows = {"policy_number": ["P-1", "P-1"], "installment_number": [2, 3], "billing_date": days}
    >>> until = pl.DataFrame({"policy_number": ["P-1"], "until_date": [date(2024, 2, 15)]})
    >>> found = due_until(pl.DataFrame(rows | {"effective_date": [date(2024, 1, 1)] * 2}), until)
    >>> found["installment_number"].to_list()
    [2]
    """
    dated = due.join(until, on="policy_number", how="inner", maintain_order="left").filter(
        pl.col("until_date") >= _DAY
    )
    return dated.with_columns(billing_date=pl.min_horizontal("billing_date", "until_date")).select(
        due.columns
    )


def until_frame(until: Mapping[str, date]) -> pl.DataFrame:
    """Return the dates of policies, by number, as a frame (``columns.UNTIL_SCHEMA``).

    >>> until_frame({"P-1": date(2024, 2, 1)}).row(0)
    ('P-1', datetime.date(2024, 2, 1))
    """
    rows = {"policy_number": list(until), "until_date": list(until.values())}
    return pl.DataFrame(rows, schema=UNTIL_SCHEMA)
