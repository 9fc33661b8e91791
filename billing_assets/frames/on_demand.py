"""What single policies have due up to a date of their own, as somebody asked for it.

Belongs here: which of the due charges that leaves, which date the next of them has, what a policy comes to.
Does not belong here: which charges there are (``due_charges``), their price (``invoices``).
"""

from collections.abc import Iterable, Mapping
from datetime import date

import polars as pl

from billing_assets.domain.on_demand import CurrencySum
from billing_assets.frames.columns import UNTIL_SCHEMA
from billing_assets.frames.invoices import Drafts

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


_SUM = ("policy_number", "currency", "draft_index", "net_minor", "tax_minor")


def policy_sums(drafts: Iterable[Drafts]) -> dict[str, tuple[CurrencySum, ...]]:
    """Return what drafts bill each policy, by number and currency: invoices less credit notes.

    A document of several policies counts for each of them.

    >>> line = {"policy_number": "P-1", "currency": "EUR", "draft_index": 0, "net_minor": 100, "tax_minor": 8}
    >>> lines = pl.DataFrame([line, {**line, "draft_index": 1}])
    >>> policy_sums([Drafts(invoices=lines, lines=lines, taxes=lines, charges=lines)])["P-1"]
    (CurrencySum(currency='EUR', document_count=2, net_minor=200, tax_minor=16),)
    """
    rows = [row for place, each in enumerate(drafts) for row in _signed_lines(place, each)]
    if not rows:
        return {}
    sums = (
        pl.concat(rows)
        .group_by("policy_number", "currency")
        .agg(
            pl.struct("part", "draft_index").n_unique().cast(pl.Int64).alias("document_count"),
            pl.col("net_minor", "tax_minor").sum(),
        )
        .sort("policy_number", "currency")
    )
    found: dict[str, list[CurrencySum]] = {}
    for number, *of_currency in sums.iter_rows():
        names = ("currency", "document_count", "net_minor", "tax_minor")
        found.setdefault(number, []).append(CurrencySum(**dict(zip(names, of_currency, strict=True))))
    return {number: tuple(each) for number, each in found.items()}


def _signed_lines(place: int, drafts: Drafts) -> list[pl.DataFrame]:
    """Return the lines of invoices, and below zero those of credit notes, each kind with its own mark."""
    parts = [drafts.lines.select(_SUM).with_columns(part=pl.lit(2 * place))]
    if drafts.credits is not None:
        policies = drafts.charges.select("policy_term_id", "policy_number").unique("policy_term_id")
        named = drafts.credits.lines.join(policies, on="policy_term_id", how="left")
        back = named.select(_SUM).with_columns(-pl.col("net_minor", "tax_minor"))
        parts.append(back.with_columns(part=pl.lit(2 * place + 1)))
    return [
        each.with_columns(pl.col("draft_index", "net_minor", "tax_minor").cast(pl.Int64)) for each in parts
    ]
