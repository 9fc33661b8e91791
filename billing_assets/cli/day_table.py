"""What billing dates came to: one of them, the table of several, their sums.

Belongs here: what is told of a date, a row for each that came to something, one for a stretch that did not,
sums by currency.
Does not belong here: billing the dates (``run``), the report of one run (``runs``).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING, Any

from billing_assets.cli.deliver import NEEDS_A_LOOK
from billing_assets.cli.output import Screen, styled
from billing_assets.cli.runs import OUTCOMES, show_amounts

if TYPE_CHECKING:
    from billing_assets.store.charge_listings import StandingCharges

_OUTCOME_COLUMNS = [f">{outcome}" for outcome in OUTCOMES]
_SENT_LATER = ("without_address_count", "held_count")
_COLUMNS = ["billing date", ">run", ">due", *_OUTCOME_COLUMNS, ">sent", ">not sent", ">seconds"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BilledDay:
    """What a day came to.

    ``counts`` maps an outcome to the charges of this call's run, ``invoices`` has a row per currency.
    ``standing`` are the charges of the date that any of its runs held or failed and none has billed since;
    those of them that are held no more need no look, but the run of a later date.
    ``held_reasons`` are the safety bounds that hold the run itself; nothing of it was issued then.
    """

    billing_date: date
    run_id: int | None
    due_count: int
    counts: Mapping[str, int]
    invoices: Sequence[Mapping[str, Any]]
    document_count: int
    deliveries: Mapping[str, int | str]
    standing: "Sequence[StandingCharges]" = ()
    held_reasons: Sequence[Mapping[str, str]] = ()
    seconds: Mapping[str, str] = field(default_factory=dict)

    @property
    def needs_a_look(self) -> bool:
        """Whether a charge is held or failed, or a message was not simply sent."""
        stands = any(not (row.is_lifted or row.is_under_hold) for row in self.standing)
        return stands or any(self.deliveries.get(name) for name in NEEDS_A_LOOK)


def add_amounts(days: Sequence[BilledDay]) -> list[Mapping[str, Any]]:
    """Return invoices, net, tax and total of several days, by currency."""
    sums: dict[str, dict[str, Any]] = {}
    for row in (row for day in days for row in day.invoices):
        of_currency = sums.setdefault(row["currency"], {"currency": row["currency"]})
        for name in ("count", "net_minor", "tax_minor", "total_minor"):
            of_currency[name] = of_currency.get(name, 0) + row[name]
    return [sums[currency] for currency in sorted(sums)]


def show_days(screen: Screen, days: Sequence[BilledDay]) -> None:
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


def _rows(days: Sequence[BilledDay]) -> Iterator[list[object]]:
    """Yield the row of each date, and one for dates without anything that follow each other."""
    for is_empty, group in groupby(days, key=_is_empty):
        stretch = list(group)
        if is_empty and len(stretch) > 1:
            yield _stretch(stretch)
        else:
            yield from map(_row, stretch)


def _is_empty(day: BilledDay) -> bool:
    """Tell whether nothing was due on a date, nothing sent, and nothing is left to be looked at."""
    return not (any(_numbers(day).values()) or day.needs_a_look or day.held_reasons)


def _stretch(days: Sequence[BilledDay]) -> list[object]:
    runs = [day.run_id for day in days if day.run_id is not None]
    span = "-" if not runs else f"{runs[0]}" if len(runs) == 1 else f"{runs[0]} to {runs[-1]}"
    seconds = sum(map(_seconds, days))
    nothing = ["-"] * (len(_COLUMNS) - 4)
    return [f"{days[0].billing_date} to {days[-1].billing_date}", span, "0", *nothing, f"{seconds:.1f}"]


def _numbers(day: BilledDay) -> dict[str, int]:
    sent = int(day.deliveries.get("sent_count", 0))
    missing = sum(int(day.deliveries.get(name, 0)) for name in (*NEEDS_A_LOOK, *_SENT_LATER))
    return {"due_count": day.due_count, **day.counts, "sent": sent, "not_sent": missing}


def _sum(days: Sequence[BilledDay], column: str) -> str:
    return f"{sum(_numbers(day).get(column, 0) for day in days):,}"


def _row(day: BilledDay) -> list[object]:
    numbers = _numbers(day)
    run: object = day.run_id or "-"
    if day.held_reasons:
        run = styled("[yellow]{} held[/yellow]", run)
    cells: list[object] = [day.billing_date, run, f"{day.due_count:,}"]
    for outcome in OUTCOMES:
        count = numbers.get(outcome, 0)
        is_bad = outcome == "failed" and count
        cells.append(styled("[red]{}[/red]", f"{count:,}") if is_bad else f"{count:,}" if count else "-")
    sent = f"{numbers['sent']:,}" if day.deliveries else "-"
    missing = f"{numbers['not_sent']:,}" if numbers["not_sent"] else "-"
    return [*cells, sent, missing, f"{_seconds(day):.1f}"]


def _seconds(day: BilledDay) -> float:
    return sum(float(spent) for spent in day.seconds.values())
