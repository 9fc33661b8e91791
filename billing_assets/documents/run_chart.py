"""The charts of a billing run: what became of its charges and was invoiced, or what it would come to.

Belongs here: choosing the bars of a run report, and of a rehearsal.
Does not belong here: drawing (``chart``), counting (``store``).
"""

from collections import Counter
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
    groups = [outcome_bars(report["outcome_counts"])]
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


def outcome_bars(counts: Mapping[str, int]) -> BarGroup:
    """Return a bar for each outcome of charges that is counted.

    >>> outcome_bars({"invoiced": 3}).bars[0].figure
    '3'
    """
    bars = [
        Bar(
            label=outcome.value,
            length=counts[outcome],
            figure=f"{counts[outcome]:,}",
            tone=_TONES[outcome],
        )
        for outcome in Outcome
        if outcome in counts and (counts[outcome] or outcome is not Outcome.CREDITED)
    ]
    return BarGroup(heading="Charges due, by outcome", bars=bars)


def rehearsal_bars(rehearsal: Mapping[str, Any]) -> list[BarGroup]:
    """Return the bars of what a run would come to, each currency above the bills before it.

    >>> charge = {"outcome": "invoiced", "charge_count": 2}
    >>> figure = {"currency": "EUR", "charge_count": 2, "total_minor": 500}
    >>> figure |= {"before_count": 1, "before_minor": 200}
    >>> groups = rehearsal_bars({"charges": [charge], "figures": [figure, figure]})
    >>> [(bar.label, bar.figure) for bar in groups[1].bars]
    [('EUR', '4 · 10.00 EUR'), ('EUR before', '2 · 4.00 EUR')]
    """
    counts: Counter[str] = Counter()
    for row in rehearsal["charges"]:
        counts[row["outcome"]] += row["charge_count"]
    groups = [outcome_bars(counts)]
    sums: dict[str, Counter[str]] = {}
    for row in rehearsal["figures"]:
        sums.setdefault(row["currency"], Counter()).update({name: row[name] for name in _FIGURES})
    bars = [bar for currency in sorted(sums) for bar in _beside(currency, sums[currency])]
    return [*groups, BarGroup(heading="Installments, by currency", bars=bars)] if bars else groups


_FIGURES = ("charge_count", "total_minor", "before_count", "before_minor")


def _beside(currency: str, sums: Mapping[str, int]) -> list[Bar]:
    def bar(label: str, count: int, minor: int, tone: str) -> Bar:
        return Bar(label=label, length=count, figure=f"{count:,} · {amount_text(minor, currency)}", tone=tone)

    now = bar(currency, sums["charge_count"], sums["total_minor"], "good")
    if not sums["before_count"]:
        return [now]
    return [now, bar(f"{currency} before", sums["before_count"], sums["before_minor"], "quiet")]


def rehearsal_chart(rehearsal: Mapping[str, Any], templates_dir: Path) -> bytes:
    r"""Return the chart of a rehearsal as PNG.

    >>> from billing_assets.documents.templates import default_templates_dir
    >>> rehearsal_chart({"charges": [], "figures": []}, default_templates_dir())[:4]
    b'\x89PNG'
    """
    return bar_chart(rehearsal_bars(rehearsal), templates_dir)


def run_chart(report: Mapping[str, Any], templates_dir: Path) -> bytes:
    r"""Return the chart of a run report as PNG.

    >>> from billing_assets.documents.templates import default_templates_dir
    >>> run_chart({"outcome_counts": {"invoiced": 1}, "invoices": []}, default_templates_dir())[:4]
    b'\x89PNG'
    """
    return bar_chart(run_bars(report), templates_dir)
