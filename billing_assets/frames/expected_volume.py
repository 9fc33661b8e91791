"""How many invoices come on which day: the drafts of what falls due, counted by billing date and currency.

Belongs here: counting and adding up. Does not belong here: what falls due (``due_charges``), its price
(``invoices``).
"""

from collections.abc import Iterable
from datetime import date, timedelta

import polars as pl

from billing_assets.frames.columns import EXPECTED_SCHEMA
from billing_assets.frames.invoices import Drafts
from billing_assets.frames.rounding import exact_sum

_KEY = ["billing_date", "currency"]


def expected_volume(drafts: Drafts, as_of: date) -> pl.DataFrame:
    """Return the invoices of drafts (``EXPECTED_SCHEMA``); what is late is of the day before ``as_of``.

    A document belongs to the earliest billing date of its charges.

    >>> from types import SimpleNamespace
    >>> charges = pl.DataFrame({"draft_index": [0, None], "billing_date": [date(2024, 2, 3), None]})
    >>> invoices = pl.DataFrame({"draft_index": [0], "currency": ["EUR"], "total_minor": [250]})
    >>> found = expected_volume(SimpleNamespace(charges=charges, invoices=invoices), date(2024, 2, 1))
    >>> found.row(0)
    (datetime.date(2024, 2, 3), 'EUR', 1, 250)
    """
    eve = as_of - timedelta(days=1)
    dated = (
        drafts.charges.lazy()
        .filter(pl.col("draft_index").is_not_null())
        .group_by(pl.col("draft_index").cast(pl.Int64))
        .agg(pl.col("billing_date").min().clip(lower_bound=eve))
    )
    invoices = drafts.invoices.lazy().select(
        pl.col("draft_index").cast(pl.Int64), "currency", pl.col("total_minor")
    )
    return _added_up(invoices.join(dated, on="draft_index").with_columns(invoice_count=1))


def add_volumes(parts: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """Return parts (``EXPECTED_SCHEMA``) added up, in the order of dates.

    >>> row = {"billing_date": date(2024, 2, 1), "currency": "EUR", "invoice_count": 1, "total_minor": 250}
    >>> one = pl.DataFrame([row], schema=EXPECTED_SCHEMA)
    >>> add_volumes([one, one]).row(0)[2:]
    (2, 500)
    """
    return _added_up(pl.concat([pl.DataFrame(schema=EXPECTED_SCHEMA), *parts]).lazy())


def _added_up(rows: pl.LazyFrame) -> pl.DataFrame:
    sums = rows.group_by(_KEY).agg(
        invoice_count=pl.col("invoice_count").sum().cast(pl.Int64),
        total_minor=exact_sum(pl.col("total_minor")),
    )
    return (
        sums.sort(_KEY).select(pl.col(name).cast(dtype) for name, dtype in EXPECTED_SCHEMA.items()).collect()
    )
