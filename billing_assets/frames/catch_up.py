"""What a run of a date would catch up: charges whose billing date has passed, and the invoices they make.

Belongs here: the figures of a preview. Does not belong here: which charges are due (``due_charges``), their
prices (``invoices``).
"""

from datetime import date

import polars as pl

from billing_assets.domain.runs import CatchUp, Outcome
from billing_assets.frames.documents import document_key, with_owners
from billing_assets.frames.rounding import exact_sum


def caught_up(due: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Return ``month`` (its first day), ``outcome``, ``currency``, ``charge_count`` and ``net_minor``.

    ``due`` has ``columns.DUE_SCHEMA``; only charges are counted that were to be billed before ``as_of``. The
    sums are Int128.

    >>> row = {"billing_date": date(2024, 2, 9), "outcome": "invoiced", "currency": "EUR", "net_minor": 5}
    >>> caught_up(pl.DataFrame([row, row]), date(2024, 3, 1)).row(0)
    (datetime.date(2024, 2, 1), 'invoiced', 'EUR', 2, 10)
    """
    return (
        due.filter(pl.col("billing_date") < as_of)
        .group_by(pl.col("billing_date").dt.truncate("1mo").alias("month"), "outcome", "currency")
        .agg(charge_count=pl.len().cast(pl.Int64), net_minor=exact_sum(pl.col("net_minor")))
        .sort("month", "outcome", "currency")
    )


def invoice_counts(due: pl.DataFrame, payer_plans: frozenset[int] = frozenset()) -> tuple[int, int]:
    """Return how many invoices the charges make: one for each due date of a term, and one for each term.

    What is due by the plan rows ``payer_plans`` is counted by payer (``documents.by_document``); of a term
    that has several payers each has as many.

    >>> row = {"outcome": "invoiced", "policy_term_id": 7, "payer_number": 0}
    >>> rows = [{**row, "due_date": date(2024, month, 1)} for month in (1, 2, 2)]
    >>> invoice_counts(pl.DataFrame(rows))
    (2, 1)
    """
    invoiced = due.filter(pl.col("outcome") == Outcome.INVOICED.value)
    owned = with_owners(invoiced, payer_plans)
    per_period, one_invoice = (
        owned.unique([*document_key(each, payer_plans), "payer_number"]).height
        for each in (CatchUp.PER_PERIOD, CatchUp.ONE_INVOICE)
    )
    return per_period, one_invoice
