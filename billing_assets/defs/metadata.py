"""Metadata: what a materialisation tells about itself.

Belongs here: step results and run reports as Dagster metadata: counts, amounts, seconds, Markdown, a chart.
Does not belong here: names, addresses or anything else about a person.
"""

import base64
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import dagster as dg

from billing_assets.domain.money import amount_text
from billing_assets.domain.runs import CurrencyTotal
from billing_assets.reports.certificate import certificate_markdown
from billing_assets.reports.run_report import run_report_markdown
from billing_assets.steps.result import StepResult

if TYPE_CHECKING:
    from billing_assets.documents.step_charts import VolumeBar
    from billing_assets.wiring.asset_charts import DrawnChart

Metadata: TypeAlias = dict[str, Any]
Chart: TypeAlias = Callable[[Mapping[str, Any]], bytes]
"""Draws a run report as PNG."""


def step_metadata(result: StepResult) -> Metadata:
    """Return the facts of a step; counts stay numbers, so that Dagster draws them over time.

    >>> step_metadata(
    ...     StepResult(step="print_documents", facts={"document_count": 2}, seconds={"print": 1.234})
    ... )
    {'document_count': 2, 'seconds': 1.23}
    """
    return {**result.facts, "seconds": float(f"{sum(result.seconds.values()):.2f}")}


def totals_metadata(totals: Sequence[CurrencyTotal]) -> Metadata:
    """Return one line per outcome and currency, and the same as a table.

    >>> from billing_assets.domain.runs import Outcome
    >>> total = CurrencyTotal(outcome=Outcome.INVOICED, currency="EUR", charge_count=2, net_minor=150000)
    >>> totals_metadata([total])["net_invoiced_eur"]
    '1,500.00 EUR'
    """
    lines: Metadata = {
        f"net_{total.outcome}_{total.currency.lower()}": amount_text(total.net_minor, total.currency)
        for total in totals
    }
    if not totals:
        return lines
    rows = [
        dg.TableRecord(
            {
                "outcome": total.outcome.value,
                "charges": total.charge_count,
                "net": amount_text(total.net_minor, total.currency),
            }
        )
        for total in totals
    ]
    return {**lines, "charges_by_outcome": dg.MetadataValue.table(rows)}


def reports_metadata(reports: Sequence[Mapping[str, Any]], chart: Chart) -> Metadata:
    """Return what all runs of a date did together: counts, amounts, reports as Markdown, a chart of the last.

    A date that found nothing new keeps its earlier runs: a second materialisation shows the same date.

    >>> reports_metadata([], lambda report: b"")
    {'run_count': 0}
    """
    if not reports:
        return {"run_count": 0}
    outcomes: Counter[str] = Counter()
    amounts: Counter[str] = Counter()
    invoices = 0
    for report in reports:
        outcomes.update(report["outcome_counts"])
        for row in report["invoices"]:
            invoices += row["count"]
            amounts[row["currency"]] += row["total_minor"]
    numbers = [span for report in reports for span in report["numbers"]]
    spans = (
        {"numbers": ", ".join(f"{span['first']} to {span['last']}" for span in numbers)} if numbers else {}
    )
    return {
        "invoice_count": invoices,
        **{
            f"total_{currency.lower()}": amount_text(amounts[currency], currency)
            for currency in sorted(amounts)
        },
        **spans,
        "run_report": dg.MetadataValue.md(_markdown(reports, chart)),
        **{f"{outcome}_count": count for outcome, count in sorted(outcomes.items())},
        "run_count": len(reports),
        **_certificates(reports),
    }


def _certificates(reports: Sequence[Mapping[str, Any]]) -> Metadata:
    """Return whether every run of the date is complete, with the certificates and their hashes."""
    certified = [report for report in reports if "certificate" in report]
    if not certified:
        return {}
    texts = [
        certificate_markdown(report["certificate"], report["certificate_sha256"]) for report in certified
    ]
    return {
        "is_complete": all("certificate" in each and each["certificate"]["is_complete"] for each in reports),
        "completeness_certificate": dg.MetadataValue.md("\n\n".join(texts)),
        "certificate_sha256": certified[-1]["certificate_sha256"],
    }


def _markdown(reports: Sequence[Mapping[str, Any]], chart: Chart) -> str:
    busy = [report for report in reports if report["due_count"]]
    texts = [run_report_markdown(report) for report in reports]
    if busy:
        texts.append(image_markdown(f"outcomes and amounts of run {busy[-1]['run_id']}", chart(busy[-1])))
    return "\n\n".join(texts)


def chart_metadata(name: str, chart: "DrawnChart | None") -> Metadata:
    """Return a chart under its name; nothing where there was nothing to draw.

    >>> chart_metadata("chart", None)
    {}
    """
    return {} if chart is None else {name: dg.MetadataValue.md(image_markdown(chart.words, chart.png))}


def volume_metadata(rows: Sequence["VolumeBar"]) -> Metadata:
    """Return a date and comparable dates as a table, the oldest first.

    >>> volume_metadata([])
    {}
    """
    if not rows:
        return {}
    records = [
        dg.TableRecord(
            {
                "billing date": row.billing_date.isoformat(),
                "invoices": row.invoice_count,
                "total": amount_text(row.total_minor, row.currency),
                "looked at": "this date" if row.is_this else "",
            }
        )
        for row in rows
    ]
    return {"beside_comparable_dates": dg.MetadataValue.table(records)}


def image_markdown(words: str, png: bytes) -> str:
    """Return a picture as Markdown that holds it; ``words`` say what it shows to those who do not see it.

    >>> image_markdown("a run", b"png")
    '![a run](data:image/png;base64,cG5n)'
    """
    return f"![{words}](data:image/png;base64,{base64.b64encode(png).decode('ascii')})"
