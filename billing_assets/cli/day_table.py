"""The table of several billing dates, and what they come to together.

Belongs here: a row for each date that came to something, one for a stretch that did not, sums by currency.
Does not belong here: billing the dates (``run``), the report of one run (``runs``).
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from billing_assets.cli.deliver import NEEDS_A_LOOK
from billing_assets.cli.output import Screen, styled
from billing_assets.cli.runs import OUTCOMES, show_amounts

if TYPE_CHECKING:
    from billing_assets.cli.run import BilledDay

_OUTCOME_COLUMNS = [f">{outcome}" for outcome in OUTCOMES]
_SENT_LATER = ("without_address_count", "held_count")
_COLUMNS = ["billing date", ">run", ">due", *_OUTCOME_COLUMNS, ">sent", ">not sent", ">seconds"]


def add_amounts(days: "Sequence[BilledDay]") -> list[Mapping[str, Any]]:
    """Return invoices, net, tax and total of several days, by currency."""
    sums: dict[str, dict[str, Any]] = {}
    for row in (row for day in days for row in day.invoices):
        of_currency = sums.setdefault(row["currency"], {"currency": row["currency"]})
        for name in ("count", "net_minor", "tax_minor", "total_minor"):
            of_currency[name] = of_currency.get(name, 0) + row[name]
    return [sums[currency] for currency in sorted(sums)]


def show_days(screen: Screen, days: "Sequence[BilledDay]") -> None:
    """Show several dates in one table, and their invoices by currency."""
    rows = list(_rows(days))
    footer = [
        "total",
        "",
        *(_sum(days, column) for column in ("due_count", *OUTCOMES, "sent", "not_sent")),
        "",
    ]
    screen.table(_COLUMNS, rows, footer=footer)
    amounts = add_amounts(days)
    if amounts:
        screen.heading("Invoices")
        show_amounts(screen, amounts)


def _rows(days: "Sequence[BilledDay]") -> Iterator[list[object]]:
    """Yield the row of each date, and one for dates without anything that follow each other."""
    for is_empty, group in groupby(days, key=_is_empty):
        stretch = list(group)
        if is_empty and len(stretch) > 1:
            yield _stretch(stretch)
        else:
            yield from map(_row, stretch)


def _is_empty(day: "BilledDay") -> bool:
    """Tell whether nothing was due on a date, nothing sent, and nothing is left to be looked at."""
    return not (any(_numbers(day).values()) or day.needs_a_look or day.held_reasons)


def _stretch(days: "Sequence[BilledDay]") -> list[object]:
    runs = [day.run_id for day in days if day.run_id is not None]
    span = "-" if not runs else f"{runs[0]}" if len(runs) == 1 else f"{runs[0]} to {runs[-1]}"
    seconds = sum(map(_seconds, days))
    nothing = ["-"] * (len(_COLUMNS) - 4)
    return [f"{days[0].billing_date} to {days[-1].billing_date}", span, "0", *nothing, f"{seconds:.1f}"]


def _numbers(day: "BilledDay") -> dict[str, int]:
    sent = int(day.deliveries.get("sent_count", 0))
    missing = sum(int(day.deliveries.get(name, 0)) for name in (*NEEDS_A_LOOK, *_SENT_LATER))
    return {"due_count": day.due_count, **day.counts, "sent": sent, "not_sent": missing}


def _sum(days: "Sequence[BilledDay]", column: str) -> str:
    return f"{sum(_numbers(day).get(column, 0) for day in days):,}"


def _row(day: "BilledDay") -> list[object]:
    numbers = _numbers(day)
    cells: list[object] = [day.billing_date, day.run_id or "-", f"{day.due_count:,}"]
    for outcome in OUTCOMES:
        count = numbers.get(outcome, 0)
        is_bad = outcome == "failed" and count
        cells.append(styled("[red]{}[/red]", f"{count:,}") if is_bad else f"{count:,}" if count else "-")
    sent = f"{numbers['sent']:,}" if day.deliveries else "-"
    missing = f"{numbers['not_sent']:,}" if numbers["not_sent"] else "-"
    return [*cells, sent, missing, f"{_seconds(day):.1f}"]


def _seconds(day: "BilledDay") -> float:
    return sum(float(spent) for spent in day.seconds.values())
