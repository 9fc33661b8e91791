"""Which lines of invoices give back what a change returns.

Belongs here: the choice of lines, the latest first, over whole frames, and the charges that stand for them.
Does not belong here: how much is given back (``change_balances``), the tax of it (``credits``).
"""

from datetime import date

import polars as pl

from billing_assets.domain.charges import PREMIUM, PREMIUM_CHANGE
from billing_assets.domain.runs import Outcome
from billing_assets.frames.columns import DUE_SCHEMA

_PART = ["policy_term_id", "revision"]
_OF_TERM = ("policy_number", "product_code")


def with_returned(lines: pl.DataFrame, returns: pl.DataFrame) -> pl.DataFrame:
    """Return the lines of the invoices of which something is given back, with ``wanted_net_minor``.

    ``lines`` has ``columns.DOCUMENTED_LINE_SCHEMA``; ``returns`` has ``policy_term_id``, ``revision`` (the
    part) and ``back_minor``. Invoices give back what is left of the part on them, the latest period first. On
    the last of them, which gives a part, so do its lines; where nothing stays of an invoice, lines that took
    something off are given back too. Of the other lines ``wanted_net_minor`` is null.

    >>> line = {"policy_term_id": 7, "revision": 0, "charge_kind": "premium", "credited_net_minor": 0}
    >>> invoices = [(41, date(2024, 1, 1)), (42, date(2024, 2, 1))]
    >>> lines = pl.DataFrame(
    ...     [
    ...         line
    ...         | {"original_invoice_id": id_, "line_number": 1, "period_from_date": day, "net_minor": 60}
    ...         for id_, day in invoices
    ...     ]
    ... )
    >>> returns = pl.DataFrame([{"policy_term_id": 7, "revision": 0, "back_minor": 100}])
    >>> with_returned(lines, returns).select("original_invoice_id", "wanted_net_minor").rows()
    [(41, 40), (42, 60)]
    """
    is_premium = pl.col("charge_kind").is_in([PREMIUM.charge_kind, PREMIUM_CHANGE.charge_kind])
    of_parts = (
        lines.filter(is_premium)
        .with_columns(left_minor=pl.col("net_minor") - pl.col("credited_net_minor"))
        .join(returns.filter(pl.col("back_minor") > 0), on=_PART)
    )
    invoices = (
        of_parts.group_by(*_PART, "original_invoice_id")
        .agg(
            pl.col("period_from_date").max(), pl.col("back_minor").first(), pl.col("left_minor").sum().clip(0)
        )
        .sort(*_PART, "period_from_date", "original_invoice_id", descending=[False, False, True, True])
        .select(*_PART, "original_invoice_id", given=_taken_in_order("back_minor", *_PART), left="left_minor")
        .filter(pl.col("given") > 0)
    )
    on_invoice = [*_PART, "original_invoice_id"]
    is_whole = pl.col("given") == pl.col("left")
    latest = (
        of_parts.join(invoices, on=on_invoice)
        .filter(is_whole | (pl.col("left_minor") > 0))
        .sort(*on_invoice, "period_from_date", "line_number", descending=[False, False, False, True, True])
        .with_columns(taken=_taken_in_order("given", *on_invoice))
        .select(
            "original_invoice_id",
            "line_number",
            wanted=pl.when(is_whole).then("left_minor").otherwise("taken"),
        )
        .filter(pl.col("wanted") != 0)
    )
    return (
        lines.join(latest.select("original_invoice_id").unique(), on="original_invoice_id", how="semi")
        .join(latest, on=["original_invoice_id", "line_number"], how="left")
        .with_columns(wanted_net_minor=pl.col("wanted"))
        .drop("wanted")
        .sort("original_invoice_id", "line_number")
    )


def _taken_in_order(wanted: str, *key: str) -> pl.Expr:
    """Return what each row of a key gives of what is wanted: the rows before it give first."""
    before = pl.col("left_minor").cum_sum().over(key) - pl.col("left_minor")
    return (pl.col(wanted) - before).clip(0, pl.col("left_minor").clip(0))


def with_reasons(lines: pl.DataFrame, changes: pl.DataFrame) -> pl.DataFrame:
    """Add ``credit_reason``: the last change of the term by its day, as a credit note gives it.

    >>> from billing_assets.frames.columns import CHANGE_SCHEMA
    >>> change = {"policy_term_id": 7, "change_number": 3, "change_kind": "cancellation"}
    >>> changes = pl.DataFrame([change | {"change_date": date(2024, 5, 1)}], schema=CHANGE_SCHEMA)
    >>> with_reasons(pl.DataFrame({"policy_term_id": [7]}), changes)["credit_reason"].item()
    'cancellation 2024-05-01 (3)'
    """
    last = (
        changes.sort("change_date", "change_number")
        .group_by("policy_term_id")
        .agg(pl.col("change_kind", "change_date", "change_number").last())
        .select(
            "policy_term_id",
            credit_reason=pl.format("{} {} ({})", "change_kind", "change_date", "change_number"),
        )
    )
    return lines.join(last, on="policy_term_id", how="left", maintain_order="left")


def credited_charges(lines: pl.DataFrame, terms: pl.DataFrame, as_of: date, first_index: int) -> pl.DataFrame:
    """Return a charge (``columns.DUE_SCHEMA`` and ``draft_index``) for each line of the credit notes.

    Its amount is below zero. ``draft_index`` counts on from ``first_index``.

    >>> from billing_assets.frames.columns import CREDITABLE_LINE_SCHEMA, TERM_SCHEMA
    >>> line = {"policy_term_id": 7, "net_minor": 40, "draft_index": 0, "period_from_date": date(2024, 1, 1)}
    >>> lines = pl.DataFrame([line], schema={**CREDITABLE_LINE_SCHEMA, "draft_index": pl.Int64})
    >>> terms = pl.DataFrame([{"policy_term_id": 7, "policy_number": "P-1"}], schema=TERM_SCHEMA)
    >>> charges = credited_charges(lines, terms, date(2024, 5, 2), 3)
    >>> charges.select("policy_number", "outcome", "net_minor", "draft_index").row(0)
    ('P-1', 'credited', -40, 3)
    """
    named = lines.join(terms.select("policy_term_id", *_OF_TERM), on="policy_term_id", how="left")
    known = set(named.columns)
    return named.with_columns(
        billing_date=pl.lit(as_of),
        due_date=pl.lit(as_of),
        net_minor=-pl.col("net_minor"),
        outcome=pl.lit(Outcome.CREDITED.value),
        reason_code=pl.lit(None, pl.String),
        minimum_payment_days=pl.lit(0, pl.Int64),
        draft_index=pl.col("draft_index").cast(pl.Int64) + first_index,
    ).select(
        *(
            pl.col(name).cast(dtype)
            for name, dtype in DUE_SCHEMA.items()
            if name in known
            or name in {"billing_date", "due_date", "outcome", "reason_code"}
            or name == "minimum_payment_days"
        ),
        "draft_index",
    )
