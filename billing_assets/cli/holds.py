"""``billing holds``: clocks that stand still by law, for some places, products and dates.

Belongs here: the commands. Does not belong here: what a hold covers (``domain.holds``), what it would touch
(``steps.simulate_hold``).
"""

from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from billing_assets.cli.arguments import By, Json, iso_date, name_of, open_desk
from billing_assets.cli.output import Screen, amount, count_of, instant
from billing_assets.domain.holds import HoldClock, hold_from

if TYPE_CHECKING:
    from billing_assets.domain.holds import Hold, HoldTerms
    from billing_assets.wiring.hold_desk import HoldPreview

app = typer.Typer(
    no_args_is_help=True,
    help="Stop billing or sending for some places and products, as a regulator orders after a storm.",
)

_FOR_STORM = "--place US-FL --from 2025-09-28 --until 2025-10-31"
_Clocks = Annotated[
    list[HoldClock] | None,
    typer.Option("--clock", help="What stands still; again for more than one. All, if left out."),
]
_Places = Annotated[
    list[str] | None,
    typer.Option(
        "--place",
        metavar="CODE",
        help="Only policies of this place, a country with its states; again for more.",
    ),
]
_Products = Annotated[
    list[str] | None,
    typer.Option("--product", metavar="CODE", help="Only policies of this product; again for more."),
]
_From = Annotated[
    date, typer.Option("--from", parser=iso_date, metavar="DATE", help="The first day, as 2025-09-28.")
]
_Until = Annotated[
    date | None,
    typer.Option(
        "--until", parser=iso_date, metavar="DATE", help="The last day; until it is lifted, if left out."
    ),
]
_HoldId = Annotated[
    int, typer.Argument(metavar="ID", help="Number of the hold, as 'billing holds list' has it.")
]
_Why = Annotated[str, typer.Option("--why", metavar="TEXT", help="Why; shown to whoever looks, and kept.")]


@app.command("simulate", epilog=f"billing holds simulate {_FOR_STORM}")
def simulate(
    from_date: _From,
    until_date: _Until = None,
    clocks: _Clocks = None,
    places: _Places = None,
    products: _Products = None,
    as_json: Json = False,
) -> None:
    """Show how many policies and how much money a hold would touch. Nothing is set."""
    screen = Screen(as_json)
    terms = _terms(clocks, places, products, from_date, until_date)
    with open_desk(screen) as opened, screen.progress("looking ahead") as progress:
        from billing_assets.wiring.hold_desk import HoldDesk

        found = HoldDesk(opened.billing).simulate(terms, progress=progress)
    _show_preview(screen, terms, found)


@app.command("set", epilog=f'billing holds set {_FOR_STORM} --why "order of the regulator after the storm"')
def set_hold(
    from_date: _From,
    until_date: _Until = None,
    clocks: _Clocks = None,
    places: _Places = None,
    products: _Products = None,
    why: _Why = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """Set a hold. What falls due on its days is held, and billed by the first run after it.

    What is issued stays issued. A run that is under way ends first.
    """
    screen = Screen(as_json)
    terms = _terms(clocks, places, products, from_date, until_date)
    with open_desk(screen) as opened, screen.progress("setting the hold") as progress:
        from billing_assets.wiring.hold_desk import HoldDesk

        hold = HoldDesk(opened.billing).set(terms, reason=why, by=name_of(by), progress=progress)
    screen.document({"hold": hold})
    screen.say(f"Hold {hold.hold_id} stops {_stopped(hold.terms)}.")
    screen.hint(f"to end it before its time: billing holds lift {hold.hold_id} --why ...")


@app.command("lift", epilog='billing holds lift 1 --why "the regulator has ended it"')
def lift(hold_id: _HoldId, why: _Why = "", by: By = "", as_json: Json = False) -> None:
    """End a hold before its time. The next run bills what it has held."""
    screen = Screen(as_json)
    with open_desk(screen) as opened, screen.progress("lifting the hold") as progress:
        from billing_assets.wiring.hold_desk import HoldDesk

        hold = HoldDesk(opened.billing).lift(hold_id, reason=why, by=name_of(by), progress=progress)
    screen.document({"hold": hold})
    screen.say(f"Hold {hold.hold_id} is lifted: the next run bills what it has held.")


@app.command("list", epilog="billing holds list --all")
def list_holds(
    is_all: Annotated[bool, typer.Option("--all", help="Those that were lifted too.")] = False,
    as_json: Json = False,
) -> None:
    """List the holds that stand: what stops where, from when until when, and why."""
    screen = Screen(as_json)
    with open_desk(screen) as opened:
        from billing_assets.wiring.hold_desk import HoldDesk

        found = HoldDesk(opened.billing).holds(with_lifted=is_all)
    screen.document({"holds": found})
    if not found:
        screen.say("Nothing is held.")
        return
    columns = [">hold", "stops", "place", "product", "from", "until", "why", "by"]
    if is_all:
        columns.append("lifted (UTC)")
    screen.table(columns, [_row(hold, is_all=is_all) for hold in found], wrap=["why"])


def _terms(
    clocks: list[HoldClock] | None,
    places: list[str] | None,
    products: list[str] | None,
    from_date: date,
    until_date: date | None,
) -> "HoldTerms":
    return hold_from(
        {
            "clocks": ",".join(clocks or list(HoldClock)),
            "place_codes": ",".join(places or ()),
            "product_codes": ",".join(products or ()),
            "from_date": str(from_date),
            "until_date": str(until_date or ""),
        }
    )


def _stopped(terms: "HoldTerms") -> str:
    """Return what a hold stops, in words."""
    what = {HoldClock.BILL: "billing", HoldClock.SEND: "sending"}
    places = ", ".join(terms.place_codes) or "every place"
    products = ", ".join(terms.product_codes) or "every product"
    until = f"until {terms.until_date}" if terms.until_date else "until it is lifted"
    stops = " and ".join(what[clock] for clock in terms.clocks)
    return f"{stops} for {products} of {places} from {terms.from_date} {until}"


def _row(hold: "Hold", *, is_all: bool) -> list[str]:
    terms = hold.terms
    row = [
        str(hold.hold_id),
        ", ".join(terms.clocks),
        ", ".join(terms.place_codes) or "all",
        ", ".join(terms.product_codes) or "all",
        str(terms.from_date),
        str(terms.until_date or ""),
        hold.reason,
        hold.set_by,
    ]
    return [*row, f"{instant(hold.lifted_at)} {hold.lifted_by}".strip()] if is_all else row


def _show_preview(screen: Screen, terms: "HoldTerms", found: "HoldPreview") -> None:
    volume = found.volume
    screen.document({"hold": terms, "totals": volume.totals if volume else [], "preview": found})
    screen.say(f"It would stop {_stopped(terms)}.")
    if volume is not None:
        screen.say(
            f"{count_of(volume.policy_count, 'policy')} of that place and product are in force; "
            f"{volume.billed_policy_count} of them have something due by {volume.to_date}:"
        )
        rows = [
            [row.currency, str(row.invoice_count), amount(row.total_minor, row.currency)]
            for row in volume.totals
        ]
        screen.table(["currency", ">invoices held", ">with tax"], rows)
    if HoldClock.SEND in terms.clocks:
        screen.say(f"{count_of(found.waiting_count, 'message')} in the outbox would wait.")
    screen.hint("nothing is set: 'billing holds set' with the same options and --why sets it")
