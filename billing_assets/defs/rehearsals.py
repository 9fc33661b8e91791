"""What a rehearsal tells in Dagster: what a run would issue, beside the bills before, and what stands out.

Belongs here: the plan of a run as tables and a chart. Does not belong here: the report of what was done
(``metadata``), what is compared (``frames.run_figures``).
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import dagster as dg

from billing_assets.defs.metadata import image_markdown
from billing_assets.domain.money import amount_text
from billing_assets.domain.runs import OUTCOME_REASONS
from billing_assets.domain.selections import selection_of

if TYPE_CHECKING:
    from billing_assets.store.run_listings import RunDetail

Row = Mapping[str, Any]


def rehearsal_metadata(detail: "RunDetail", chart: Callable[[Row], bytes]) -> dict[str, Any]:
    """Return state, hash, tables and chart of a run that has not begun; of a policy its number alone.

    >>> from types import SimpleNamespace
    >>> blank = {"due_count": 0, "charges": (), "figures": (), "comparisons": (), "outliers": ()}
    >>> run = SimpleNamespace(run_id=7, state="planned", plan_sha256="ab", held_reasons=(), rehearsal=blank)
    >>> run.report = {}
    >>> rehearsal_metadata(run, lambda rehearsal: b"png")["plan_sha256"]
    'ab'
    """
    rehearsal = detail.rehearsal or {}
    facts: dict[str, Any] = {"state": detail.state, "plan_sha256": detail.plan_sha256}
    if "selection" in detail.report:
        facts["selection"] = selection_of(detail.report["selection"]).words()
    if detail.held_reasons:
        facts["held_for"] = "; ".join(reason["found"] for reason in detail.held_reasons)
    tables = {
        "to_be_invoiced": map(_figure, rehearsal.get("figures", ())),
        "beside_the_bills_before": map(_comparison, rehearsal.get("comparisons", ())),
        "charges_by_outcome": map(_charge, rehearsal.get("charges", ())),
        "without_a_tax_row": map(_untaxed, rehearsal.get("untaxed", ())),
        "policies_that_stand_out": map(_outlier, rehearsal.get("outliers", ())),
    }
    facts |= {name: table for name, rows in tables.items() if (table := _table(rows)) is not None}
    if rehearsal.get("due_count"):
        facts["chart"] = dg.MetadataValue.md(image_markdown(f"run {detail.run_id}", chart(rehearsal)))
    return facts


def _table(rows: Iterable[dict[str, str | int]]) -> dg.TableMetadataValue | None:
    records = [dg.TableRecord(row) for row in rows]
    return dg.MetadataValue.table(records) if records else None


def _figure(row: Row) -> dict[str, str | int]:
    currency = row["currency"]
    return {
        "product": row["product_code"],
        "place": row["place_code"],
        "installments": row["charge_count"],
        "net": amount_text(row["net_minor"], currency),
        "tax": amount_text(row["tax_minor"], currency),
        "total": amount_text(row["total_minor"], currency),
        "before": row["before_count"],
        "total before": amount_text(row["before_minor"], currency),
    }


def _comparison(row: Row) -> dict[str, str | int]:
    currency = row["currency"]
    return {
        "currency": currency,
        "installments": row["charge_count"],
        "before": row["before_count"],
        "total": amount_text(row["total_minor"], currency),
        "total before": amount_text(row["before_minor"], currency),
    }


def _charge(row: Row) -> dict[str, str | int]:
    return {
        "outcome": row["outcome"],
        "reason": OUTCOME_REASONS.get(row["reason_code"], row["reason_code"]),
        "charges": row["charge_count"],
        "net": amount_text(row["net_minor"], row["currency"]),
    }


def _untaxed(row: Row) -> dict[str, str | int]:
    return {
        "line of business": row["line_of_business"],
        "place": row["place_code"],
        "charge": row["charge_kind"].replace("_", " "),
        "charges": row["charge_count"],
    }


def _outlier(row: Row) -> dict[str, str | int]:
    return {
        "policy": row["policy_number"],
        "last bill": amount_text(row["last_minor"], row["currency"]),
        "this bill": amount_text(row["bill_minor"], row["currency"]),
    }
