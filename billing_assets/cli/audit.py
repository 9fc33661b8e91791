"""``billing audit``: does what must always hold hold?

Belongs here: running every check and showing what it found. Does not belong here: the checks
(``store.checks``).
"""

from typing import Annotated

import typer

from billing_assets.cli.arguments import AnyDay, Json, open_desk
from billing_assets.cli.failures import ExitCode
from billing_assets.cli.output import Screen, count_of, styled

EPILOG = "billing audit\n\nbilling audit 2025-01-31\n\nbilling audit --json | jq .is_clean"


def check(
    billing_date: AnyDay = None,
    is_short: Annotated[bool, typer.Option("--offenders", help="Show only what does not hold.")] = False,
    as_json: Json = False,
) -> None:
    """Check what must always hold, over one billing date or over everything; ends with 1 where it does not.

    Everything is what the company of BILLING_COMPANY has, or the whole store where none is named there.
    """
    screen = Screen(as_json)
    with open_desk(screen) as desk, screen.progress("audit") as progress:
        results = desk.billing.audit(billing_date, progress=progress)
    broken = [result for result in results if result.offender_count]
    screen.document(
        {
            "billing_date": billing_date,
            "is_clean": not broken,
            "checks": [
                {
                    "check_id": result.check.check_id,
                    "statement": result.check.statement,
                    "offender_count": result.offender_count,
                    "examples": result.examples,
                }
                for result in results
            ],
        }
    )
    rows = []
    for result in broken if is_short else results:
        check = result.check
        if result.offender_count:
            found = styled("[red]{}[/red]", count_of(result.offender_count, "offender"))
            said = styled("{}\n[red]{}[/red]", check.statement, ", ".join(result.examples))
        else:
            found, said = styled("[green]ok[/green]"), styled("{}", check.statement)
        rows.append([check.check_id, found, said])
    if rows:
        screen.table(["id", "result", "what holds"], rows, wrap=["what holds"])
    if broken:
        screen.hint("nothing is sent while an invariant is broken; keep the store as it is and find out why")
        raise typer.Exit(ExitCode.FOUND)
    screen.say(styled("\n[green]{}, no offender[/green]", count_of(len(results), "check")))
