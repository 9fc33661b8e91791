"""The chart of a billing run: what became of its charges, and what was invoiced in each currency.

Belongs here: choosing the bars of a run report.
Does not belong here: drawing (``chart``), counting (``store``).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from billing_assets.documents.chart import Bar, BarGroup, bar_chart
from billing_assets.domain.money import amount_text
from billing_assets.domain.runs import Outcome

_TONES = {
    Outcome.INVOICED: "good",
    Outcome.ZERO: "quiet",
    Outcome.HELD: "quiet",
    Outcome.FAILED: "bad",
    Outcome.CREDITED: "good",
}


def run_bars(report: Mapping[str, Any]) -> list[BarGroup]:
    """Return the bars of a run report (see ``reports.run_report``); currencies compare by count of invoices.

    >>> [group] = run_bars({"outcome_counts": {"invoiced": 2000, "failed": 1}, "invoices": []})
    >>> [(bar.label, bar.figure, bar.tone) for bar in group.bars]
    [('invoiced', '2,000', 'good'), ('failed', '1', 'bad')]
    """
    counts = report["outcome_counts"]
    groups = [
        BarGroup(
            heading="Charges due, by outcome",
            bars=[
                Bar(
                    label=outcome.value,
                    length=counts[outcome],
                    figure=f"{counts[outcome]:,}",
                    tone=_TONES[outcome],
                )
                for outcome in Outcome
                if outcome in counts and (counts[outcome] or outcome is not Outcome.CREDITED)
            ],
        )
    ]
    if report["invoices"]:
        bars = [
            Bar(
                label=row["currency"],
                length=row["count"],
                figure=f"{row['count']:,} · {amount_text(row['total_minor'], row['currency'])}",
            )
            for row in report["invoices"]
        ]
        groups.append(BarGroup(heading="Invoices, by currency", bars=bars))
    return groups


def run_chart(report: Mapping[str, Any], templates_dir: Path) -> bytes:
    r"""Return the chart of a run report as PNG.

    >>> from billing_assets.documents.templates import default_templates_dir
    >>> run_chart({"outcome_counts": {"invoiced": 1}, "invoices": []}, default_templates_dir())[:4]
    b'\x89PNG'
    """
    return bar_chart(run_bars(report), templates_dir)
