"""The charts of steps: what a date comes to, beside comparable dates; what became of mail, documents, a book.

Belongs here: choosing the bars. Does not belong here: drawing (``chart``), the chart of a run report
(``run_chart``), counting (``store``, ``steps``).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from billing_assets.documents.chart import Bar, BarGroup
from billing_assets.documents.run_chart import outcome_bars
from billing_assets.domain.money import amount_text
from billing_assets.domain.runs import CurrencyTotal, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeBar:
    """What a billing date came to in one currency; ``is_this`` marks the date that is looked at."""

    billing_date: date
    currency: str
    invoice_count: int
    total_minor: int
    is_this: bool


def due_bars(totals: Sequence[CurrencyTotal]) -> list[BarGroup]:
    """Return the bars of what falls due: by outcome, and what is to be invoiced by currency.

    >>> total = CurrencyTotal(outcome=Outcome.INVOICED, currency="EUR", charge_count=2, net_minor=500)
    >>> [(bar.label, bar.figure) for group in due_bars([total]) for bar in group.bars]
    [('invoiced', '2'), ('EUR', '2 · 5.00 EUR')]
    """
    counts: Counter[str] = Counter()
    for total in totals:
        counts[total.outcome] += total.charge_count
    bars = [
        Bar(
            label=total.currency,
            length=total.charge_count,
            figure=f"{total.charge_count:,} · {amount_text(total.net_minor, total.currency)}",
        )
        for total in sorted(totals, key=lambda total: total.currency)
        if total.outcome is Outcome.INVOICED and total.charge_count
    ]
    by_currency = [BarGroup(heading="To be invoiced without tax, by currency", bars=bars)] if bars else []
    return [outcome_bars(counts), *by_currency]


def volume_bars(rows: Sequence[VolumeBar]) -> list[BarGroup]:
    """Return the bars of a date and of comparable ones, a group for each currency, the dates in order.

    >>> day = {"currency": "EUR", "invoice_count": 2, "total_minor": 500}
    >>> rows = [VolumeBar(billing_date=date(2024, 1, n), is_this=n == 8, **day) for n in (1, 8)]
    >>> [(bar.label, bar.tone) for group in volume_bars(rows) for bar in group.bars]
    [('2024-01-01', 'quiet'), ('2024-01-08', 'good')]
    """
    return [
        BarGroup(
            heading=f"Invoices in {currency}: this date, and the same weekday or day of the month before",
            bars=[
                Bar(
                    label=row.billing_date.isoformat(),
                    length=row.invoice_count,
                    figure=f"{row.invoice_count:,} · {amount_text(row.total_minor, currency)}",
                    tone="good" if row.is_this else "quiet",
                )
                for row in rows
                if row.currency == currency
            ],
        )
        for currency in sorted({row.currency for row in rows})
    ]


def count_bars(heading: str, counts: Mapping[str, int], tones: Mapping[str, str]) -> list[BarGroup]:
    """Return a bar for each count, in order; the tone of most is ``good``, and a bad one of 0 is left out.

    >>> [group] = count_bars("Messages", {"sent": 2, "failed": 0}, {"failed": "bad"})
    >>> [(bar.label, bar.figure) for bar in group.bars]
    [('sent', '2')]
    """
    bars = [
        Bar(label=label, length=count, figure=f"{count:,}", tone=tones.get(label, "good"))
        for label, count in counts.items()
        if count or tones.get(label) != "bad"
    ]
    return [BarGroup(heading=heading, bars=bars)]
