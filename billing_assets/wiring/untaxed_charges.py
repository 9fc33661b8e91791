"""Charges that failed for want of a tax row: which of them it is, and what to do.

Belongs here: asking today's rows about charges that are listed, and the words for it.
Does not belong here: which rows fall on a line (``frames.tax_rows``), listing charges (``store``).
"""

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from billing_assets.domain.runs import NO_TAX_RULE
from billing_assets.frames.tax_rows import tax_rows_of_lines
from billing_assets.store.charge_listings import ChargeRow


def is_untaxed(row: ChargeRow) -> bool:
    """Tell whether a charge failed because it, or one beside it on its invoice, had no tax row."""
    return row.reason_code == NO_TAX_RULE


def with_tax_advice(rows: Sequence[ChargeRow], tax_rules: pl.DataFrame) -> list[ChargeRow]:
    """Return the rows, those that :func:`is_untaxed` with ``advice``: which charge has no tax row.

    An invoice fails as a whole, so that its other charges have the same reason and a tax row.
    """
    lines = [{**_line(row), "line_row": place} for place, row in enumerate(rows) if is_untaxed(row)]
    if not lines:
        return list(rows)
    frame = pl.DataFrame(lines)
    taxed = set(tax_rows_of_lines(frame, tax_rules)["line_row"].to_list())
    return [
        replace(row, advice=_advice(row, is_taxed=place in taxed)) if is_untaxed(row) else row
        for place, row in enumerate(rows)
    ]


def _line(row: ChargeRow) -> dict[str, object]:
    return {
        "draft_index": 0,
        "policy_term_id": 0,
        "installment_number": row.installment_number,
        "charge_kind": row.charge_kind,
        "place_code": row.place_code,
        "line_of_business": row.line_of_business,
        "currency": row.currency,
        "effective_date": row.effective_date,
        "period_from_date": row.period_from_date,
        "net_minor": row.net_minor,
    }


def _advice(row: ChargeRow, *, is_taxed: bool) -> str:
    kind = row.charge_kind.replace("_", " ")
    charge = f"{row.charge_name} ({row.charge_code})" if row.charge_code else kind
    line, place = row.line_of_business, row.place_code
    if is_taxed:
        return (
            f"{charge}, {line} in {place}, has a tax rule now: it is billed once every charge of its invoice "
            "has one"
        )
    return (
        f"no tax rule covers {charge}, {line} in {place} on {row.period_from_date}: add a dated row, or "
        f"name a line of business that has one; 'billing rules taxes --place {place}' lists them"
    )
