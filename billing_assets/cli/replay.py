"""``billing replay``: closed periods worked out again, and what comes out otherwise.

Belongs here: two dates, the table of differences. Does not belong here: the comparison (``frames.replays``).
"""

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from billing_assets.cli.arguments import Json, Limit, iso_date, open_desk
from billing_assets.cli.failures import ExitCode
from billing_assets.cli.output import Screen, count_of, styled

if TYPE_CHECKING:
    from billing_assets.steps.replay_runs import Replay

EPILOG = (
    "billing replay --from 2025-01-01 --to 2025-03-31\n\n"
    "billing replay --from 2025-01-31 --to 2025-01-31 --json"
)
_FROM_HELP = "First billing date, as 2025-01-31."


def replay(
    first: Annotated[date, typer.Option("--from", parser=iso_date, metavar="DATE", help=_FROM_HELP)],
    last: Annotated[date, typer.Option("--to", parser=iso_date, metavar="DATE", help="Last billing date.")],
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """Work closed billing dates out again and name whatever comes out otherwise.

    The book is the one that each run read, the rule rows, closed days and holds are those of then; the code
    is today's. Every charge, line, tax and document is compared, and of each invoice the hash of its frozen
    record. Nothing is written. It ends with 1 where anything differs.
    """
    if last < first:
        raise typer.BadParameter(f"{last} lies before {first}", param_hint="--to")
    screen = Screen(as_json)
    with open_desk(screen) as desk, screen.progress("replaying") as progress:
        found = desk.billing.replay(first, last, limit=limit, progress=progress)
    screen.document(_document(first, last, found))
    _show(screen, first, last, found)
    if found.result.facts["difference_count"]:
        raise typer.Exit(ExitCode.FOUND)


def _document(first: date, last: date, found: "Replay") -> dict[str, Any]:
    return {"from": first, "to": last, **found.result.facts, "differences": list(found.differences)}


def _show(screen: Screen, first: date, last: date, found: "Replay") -> None:
    from billing_assets.domain.replays import DIFFERENCE_WORDS

    facts = {name: int(value) for name, value in found.result.facts.items()}
    screen.say(styled("[bold]{} to {}[/bold]  replayed by today's code", first, last))
    screen.facts(
        [
            (noun, f"{facts[name]:,}")
            for name, noun in (
                ("run_count", "runs"),
                ("charge_count", "charges"),
                ("invoice_count", "invoices"),
                ("difference_count", "differences"),
            )
        ]
    )
    if facts["unknown_rules_count"]:
        screen.hint(
            f"{count_of(facts['unknown_rules_count'], 'shard')} of an earlier version of the program kept no "
            "list of the rule rows: replayed by today's rows"
        )
    if not found.differences:
        screen.say(styled("[green]{}[/green]", "Everything comes out as it was recorded."))
        return
    screen.table(
        [">run", "date", "policy", ">part", "document", "what", "field", "recorded", "comes out"],
        [
            [
                each.run_id,
                each.billing_date,
                each.policy_number,
                each.installment_number,
                each.document_number or "-",
                DIFFERENCE_WORDS[each.kind],
                each.field_name,
                each.recorded or "-",
                each.recomputed or "-",
            ]
            for each in found.differences
        ],
        wrap=["what"],
    )
    if len(found.differences) < facts["difference_count"]:
        screen.hint(f"{len(found.differences)} of {facts['difference_count']:,} are shown: raise --limit")
