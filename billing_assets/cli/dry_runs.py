"""``billing run --dry-run``: what is due on a date, and what would be caught up.

Belongs here: the tables of a dry run. Does not belong here: billing (``run``), the counting (``steps``).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from billing_assets.cli.arguments import open_desk
from billing_assets.cli.output import Screen, amount, count_of, styled, total_rows
from billing_assets.cli.waiting import why_waiting
from billing_assets.domain.selections import EVERYTHING, Selection

if TYPE_CHECKING:
    from billing_assets.domain.runs import CurrencyTotal
    from billing_assets.steps.preview_catch_up import CatchUpPreview


def dry_run(screen: Screen, days: Sequence[date], selection: Selection = EVERYTHING) -> None:
    """Count what is due of a selection on each date, and of one date what is late; nothing is written."""
    with open_desk(screen) as desk, screen.progress("planning") as progress:
        billing = desk.billing
        found: list[tuple[date, Sequence[CurrencyTotal]]] = []
        orders = [replace(billing.order(day), selection=selection) for day in days]
        preview = billing.preview_catch_up(orders[0]) if len(days) == 1 else None
        for number, order in enumerate(orders):
            progress(order.billing_date.isoformat(), number, len(days))
            found.append((order.billing_date, billing.plan(order, is_dry_run=True).totals))
        reasons = why_waiting(desk, days[0]) if len(days) == 1 else []
    screen.document(
        {
            "is_dry_run": True,
            "selection": selection.record(),
            "dates": [
                {
                    "billing_date": day,
                    "due_count": sum(total.charge_count for total in totals),
                    "totals": totals,
                }
                for day, totals in found
            ],
            "catch_up": preview,
        }
    )
    if not selection.is_everything:
        screen.say(f"only {selection.words()}")
    if len(days) == 1:
        _show_plan(screen, *found[0])
        for reason in reasons:
            screen.say(reason)
        _show_catch_up(screen, preview)
        screen.hint("a dry run: nothing was written")
        return
    counts = [(day, sum(total.charge_count for total in totals)) for day, totals in found]
    screen.table(["billing date", ">due"], [[day, f"{count:,}"] for day, count in counts])
    screen.hint("each date is counted as if none before it were billed; nothing was written")


def _show_plan(screen: Screen, day: date, totals: "Sequence[CurrencyTotal]") -> None:
    due_count = sum(total.charge_count for total in totals)
    screen.say(styled("[bold]{}[/bold]  {} due", day, count_of(due_count, "charge")))
    if totals:
        screen.table(["outcome", "currency", ">charges", ">net"], total_rows(totals))


def _show_catch_up(screen: Screen, preview: "CatchUpPreview | None") -> None:
    """Show what was to be billed before and was not, and how many invoices there would be either way."""
    if preview is None or not preview.months:
        return
    screen.heading("Of these, to be billed on an earlier day")
    screen.table(
        ["month", "outcome", "currency", ">charges", ">net"],
        [
            [
                f"{row.month:%Y-%m}",
                row.outcome,
                row.currency,
                f"{row.charge_count:,}",
                amount(row.net_minor, row.currency),
            ]
            for row in preview.months
        ],
    )
    each, fewer = count_of(preview.per_period_count, "invoice"), f"{preview.one_invoice_count:,}"
    screen.say(
        f"{each}, one for each due date; with --catch-up one_invoice {fewer}, one for each policy term "
        "(of plans that bill per payer: for each payer)"
    )
