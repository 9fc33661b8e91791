"""``billing months``: what was billed month by month, and months that leave the store and come back.

Belongs here: listing, detaching, attaching. Does not belong here: which month may go
(``domain.detached_months``, the store), the files (``feeds.month_folders``).
"""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from billing_assets.cli.arguments import Json, open_desk
from billing_assets.cli.output import Screen, amount, count_of, styled
from billing_assets.domain.detached_months import (
    BOUND_MONTHS,
    LEAST_BOUND_MONTHS,
    month_from,
    month_name,
)
from billing_assets.domain.errors import BillingError

if TYPE_CHECKING:
    from billing_assets.store.month_listings import MonthRow

app = typer.Typer(no_args_is_help=True, help="Billing months: list them, detach old ones, attach them again.")


def _month(text: str) -> date:
    try:
        return month_from(text)
    except BillingError as error:
        raise typer.BadParameter(f"{error.found}; {error.todo}") from None


Bound = Annotated[
    int,
    typer.Option(
        "--closed-for",
        min=LEAST_BOUND_MONTHS,
        max=1200,
        metavar="MONTHS",
        help="A term is closed for good so many months after its end.",
    ),
]


@app.command("list", epilog="billing months list\n\nbilling months list --closed-for 60")
def listed(bound_months: Bound = BOUND_MONTHS, as_json: Json = False) -> None:
    """List the months with what was billed in each, what it takes, and whether it is or can be detached."""
    screen = Screen(as_json)
    with open_desk(screen) as desk:
        found = desk.months.list(bound_months)
    screen.document({"months": [_plain(row, bound_months) for row in found]})
    if not found:
        screen.say("Nothing was billed.")
        return
    rows = [cells for row in found for cells in _rows(row, bound_months)]
    columns = ["month", "documents", ">count", "currency", ">total", ">MB", "state", "why not"]
    screen.table(columns, rows, wrap=["why not"])


@app.command("detach", epilog="billing months detach 2021-01 --to /archive/2021-01")
def detach(
    month: Annotated[date, typer.Argument(parser=_month, metavar="MONTH", help="Billing month, as 2021-01.")],
    folder: Annotated[
        Path, typer.Option("--to", metavar="FOLDER", help="A folder of its own for the month.")
    ],
    bound_months: Bound = BOUND_MONTHS,
    as_json: Json = False,
) -> None:
    """Write a month to Parquet files, read them back, and take its rows out of the store.

    A month goes when every policy term that it billed is closed for good. Stopped anywhere, the same command
    goes on.
    """
    screen = Screen(as_json)
    with open_desk(screen) as desk, screen.progress(f"detach {month_name(month)}") as progress:
        result = desk.months.detach(month, folder, bound_months, progress=progress)
    facts = result.facts
    screen.document({**facts, "folder": folder, "seconds": result.seconds})
    state = "was detached before; every file is there" if facts["is_repeat"] else "detached"
    screen.say(styled("[bold]{}[/bold]  {}", facts["month"], state))
    screen.facts(
        [
            ("documents", f"{int(facts['document_count']):,}"),
            ("rows", f"{int(facts['row_count']):,} in {count_of(int(facts['file_count']), 'file')}"),
            ("bytes", f"{int(facts['byte_count']):,}"),
            ("manifest", facts["content_sha256"]),
        ]
    )
    screen.hint(f"keep the folder; it comes back with: billing months attach {folder}")


@app.command("attach", epilog="billing months attach /archive/2021-01")
def attach(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A folder that a month was detached to.")],
    as_json: Json = False,
) -> None:
    """Bring a detached month back, proved to be what went. Stopped anywhere, the same command does it all."""
    screen = Screen(as_json)
    with open_desk(screen) as desk, screen.progress("attach") as progress:
        facts = desk.months.attach(folder, progress=progress).facts
    screen.document(dict(facts))
    state = "is attached already" if facts["is_repeat"] else "attached"
    rows = f"{int(facts['document_count']):,} documents, {int(facts['row_count']):,} rows"
    screen.say(styled("[bold]{}[/bold]  {}: {}", facts["month"], state, rows))


def _plain(row: "MonthRow", bound_months: int) -> dict[str, object]:
    return {
        "month": month_name(row.month),
        "is_detached": row.detached_at is not None,
        "can_be_detached": row.detached_at is None and not row.obstacles,
        "document_count": row.document_count,
        "totals": row.totals,
        "byte_count": row.byte_count,
        "detached_at": row.detached_at,
        "content_sha256": row.content_sha256,
        "obstacles": [
            {
                "obstacle_code": one.obstacle_code,
                "obstacle_count": one.obstacle_count,
                "words": one.words(bound_months),
                "todo": one.todo,
            }
            for one in row.obstacles
        ],
    }


def _rows(row: "MonthRow", bound_months: int) -> list[list[object]]:
    """Return a line of the table for each kind and currency, the month and its state on the first."""
    state = "attached" if row.obstacles else "can go"
    if row.detached_at is not None:
        state = f"detached {row.content_sha256[:12]}"
    why = row.obstacles[0].words(bound_months) if row.obstacles else ""
    size = f"{row.byte_count / 1_000_000:,.1f}"
    lines: list[list[object]] = []
    for place, total in enumerate(row.totals):
        first = place == 0
        lines.append(
            [
                month_name(row.month) if first else "",
                "credit notes" if total.document_kind == "credit_note" else "invoices",
                f"{total.document_count:,}",
                total.currency,
                amount(total.total_minor, total.currency),
                size if first else "",
                state if first else "",
                why if first else "",
            ]
        )
    return lines
