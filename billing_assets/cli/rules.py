"""``billing rules``: the dated rows that amounts are worked out by, each with its source.

Belongs here: listing tax rows and smallest cash amounts. Does not belong here: payment plans (``plans``),
the rows (``domain``, and the store), their amounts.
"""

from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from billing_assets.cli import plans
from billing_assets.cli.arguments import Json, iso_date, open_desk
from billing_assets.cli.output import Screen, amount

if TYPE_CHECKING:
    from billing_assets.domain.tax_rule import TaxRule

app = typer.Typer(
    no_args_is_help=True, help="See the dated rules, with their sources; add plans of your own."
)
app.add_typer(plans.app, name="plans")


@app.command(
    "taxes", epilog="billing rules taxes --place ES\n\nbilling rules taxes --place DE --on 2006-12-31"
)
def taxes(
    place: Annotated[str, typer.Option("--place", metavar="CODE", help="Only of this place.")] = "",
    day: Annotated[
        date | None,
        typer.Option("--on", parser=iso_date, metavar="DATE", help="Only what holds on this tax point."),
    ] = None,
    as_json: Json = False,
) -> None:
    """List the tax rows: what each falls on, how much it takes, from when, and by which law.

    A row that names a line of business replaces those for any line (*) of its place. What a row leaves out
    is not billed. The shipped rows are starting values: have counsel confirm them.
    """
    screen = Screen(as_json)
    with open_desk(screen) as desk:
        found = desk.rules.tax_rules(place.upper(), day)
    screen.document({"taxes": found})
    if not found:
        screen.say("No row fits.")
        return
    screen.table(
        ["place", "line of business", "tax", "rate", "falls on", "from", "to", "source"],
        [_cells(row) for row in found],
        wrap=["source"],
    )


@app.command("cash", epilog="billing rules cash\n\nbilling rules cash --on 2026-01-01")
def cash(
    day: Annotated[
        date | None,
        typer.Option("--on", parser=iso_date, metavar="DATE", help="Only what holds on this day of issue."),
    ] = None,
    as_json: Json = False,
) -> None:
    """List the smallest amounts that can be paid in cash, by currency, from when, and by which law.

    Sums payable are rounded by them only where the company's setting cash_rounding names the currency.
    """
    screen = Screen(as_json)
    with open_desk(screen) as desk:
        found = desk.rules.cash_units(day)
    screen.document({"cash_units": found})
    if not found:
        screen.say("No row fits.")
        return
    screen.table(
        ["currency", ">unit", "half-way", "from", "to", "source"],
        [
            [
                row.currency,
                amount(row.cash_unit_minor, row.currency),
                row.tie_rule,
                row.valid_from,
                row.valid_to,
                row.source,
            ]
            for row in found
        ],
        wrap=["half-way", "source"],
    )


def _cells(row: "TaxRule") -> list[object]:
    from billing_assets.domain.tax_rule import rate_words

    return [
        row.place_code,
        row.line_of_business,
        row.tax_code,
        rate_words(row),
        row.charge_kinds,
        row.valid_from,
        row.valid_to,
        f"{row.source}; {row.exemption_reason}" if row.exemption_reason else row.source,
    ]
