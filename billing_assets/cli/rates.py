"""``billing rates``: the exchange rates that reports add up by.

Belongs here: bringing rates in and listing them. Does not belong here: the conversion
(``domain.exchange_rates``); nothing that is billed is converted.
"""

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from billing_assets.cli.arguments import (
    Before,
    By,
    Json,
    Limit,
    hint_next_page,
    iso_date,
    name_of,
    open_desk,
)
from billing_assets.cli.fact_rows import fact_rows
from billing_assets.cli.output import Screen, instant, styled
from billing_assets.domain.list_pages import page_of

if TYPE_CHECKING:
    from billing_assets.domain.exchange_rates import ExchangeRate

app = typer.Typer(no_args_is_help=True, help="Exchange rates, for reports in one currency.")

Source = Annotated[str, typer.Option("--source", metavar="TEXT", help="Where the rates are from.")]


@app.command(
    "import",
    epilog="billing rates import eurofxref-hist.xml\n\nbilling rates import rates.csv --source treasury",
)
def bring_in(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="XML or CSV of rates.")],
    source: Source = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """Keep the rates of a file, whole or not at all.

    It reads the files of the European Central Bank (XML and CSV), and lists with the columns date,
    base_currency, currency, rate. A rate that differs from the one of its day takes its place from now on;
    the earlier one is kept.
    """
    screen = Screen(as_json)
    with open_desk(screen) as desk:
        facts = desk.import_rates(file, source, name_of(by)).facts
    screen.document(dict(facts))
    screen.say(
        styled("[bold]{}[/bold]  {} to {}", facts["file_name"], facts["first_date"], facts["last_date"])
    )
    names = {"new_count": "new", "corrected_count": "corrected", "unchanged_count": "unchanged"}
    screen.table(["rates", ">count"], fact_rows(names, facts))
    if facts["left_out"]:
        screen.hint(f"left out, as ISO 4217 does not list them any more: {facts['left_out']}")


@app.command("set", epilog="billing rates set EUR USD 1.0842 --on 2025-01-31 --source 'group treasury'")
def record(
    base: Annotated[str, typer.Argument(metavar="BASE", help="One unit of this currency ...")],
    currency: Annotated[str, typer.Argument(metavar="CURRENCY", help="... is so many of this one.")],
    rate: Annotated[str, typer.Argument(metavar="RATE", help="The rate, as 1.0842.")],
    day: Annotated[date, typer.Option("--on", parser=iso_date, metavar="DATE", help="The day of the rate.")],
    source: Annotated[str, typer.Option("--source", metavar="TEXT", help="Where the rate is from.")],
    by: By = "",
    as_json: Json = False,
) -> None:
    """Keep one rate: of the base's one unit, so many of the currency."""
    from billing_assets.domain.exchange_rates import checked_rate

    screen = Screen(as_json)
    kept = checked_rate(base.upper(), currency.upper(), day, rate, source)
    with open_desk(screen) as desk:
        counts = desk.set_rate(kept, name_of(by))
    state = "new" if counts.new_count else "corrected" if counts.corrected_count else "unchanged"
    screen.document({"currency": kept.currency, "rate_date": kept.rate_date, "state": state})
    screen.say(
        styled("1 {} = {} {} on {}: [bold]{}[/bold]", kept.base_currency, rate, kept.currency, day, state)
    )


@app.command("list", epilog="billing rates list --currency USD\n\nbilling rates list --on 2025-01-31")
def listed(
    currency: Annotated[str, typer.Option("--currency", metavar="CODE", help="Only of this one.")] = "",
    day: Annotated[
        date | None, typer.Option("--on", parser=iso_date, metavar="DATE", help="Only of this day.")
    ] = None,
    before: Before = None,
    limit: Limit = 20,
    as_json: Json = False,
) -> None:
    """List exchange rates, newest row first, with source and who recorded them."""
    screen = Screen(as_json)
    with open_desk(screen) as desk:
        found, following = page_of(
            desk.rates(currency.upper(), day, before, limit + 1), limit, lambda row: row[0].exchange_rate_id
        )
    rows = [_record(*each) for each in found]
    screen.document({"rates": rows, "before": following})
    if not rows:
        screen.say("No rate fits.")
        screen.hint("bring rates in: billing rates import FILE")
        return
    names = ("exchange_rate_id", "rate_date", "base_currency", "rate", "currency", "source")
    screen.table(
        [">id", "day", "one", "is", "", "source", "recorded (UTC)", "by"],
        [
            [*(row[name] for name in names), instant(at), by]
            for row, (_, by, at) in zip(rows, found, strict=True)
        ],
        wrap=["source"],
    )
    hint_next_page(screen, following)


def _record(rate: "ExchangeRate", recorded_by: str, recorded_at: datetime) -> dict[str, object]:
    from dataclasses import asdict

    from billing_assets.domain.exchange_rates import rate_text

    row = asdict(rate)
    row["rate"] = rate_text(row.pop("rate_e10"))
    return {**row, "recorded_by": recorded_by, "recorded_at": recorded_at}
