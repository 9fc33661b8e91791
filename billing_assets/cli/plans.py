"""``billing rules plans``: the payment plans, and those that you add and end yourself.

Belongs here: the commands. Does not belong here: what a field may hold (``domain.plan_records``), what
keeps a row from being added or ended (``store.plan_rows``).
"""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from billing_assets.cli.arguments import By, Json, Note, iso_date, name_of, open_desk
from billing_assets.cli.fact_rows import fact_rows
from billing_assets.cli.output import Screen, instant, styled

if TYPE_CHECKING:
    from billing_assets.store.plan_rows import PlanRow

app = typer.Typer(no_args_is_help=True, help="Payment plans: see them, add your own, end one.")

PlanCode = Annotated[str, typer.Argument(metavar="PLAN", help="The code of the plan, as monthly.")]


@app.command(
    "list", epilog="billing rules plans list\n\nbilling rules plans list --plan monthly --on 2025-01-31"
)
def listed(
    plan_code: Annotated[str, typer.Option("--plan", metavar="PLAN", help="Only of this plan.")] = "",
    day: Annotated[
        date | None,
        typer.Option("--on", parser=iso_date, metavar="DATE", help="Only what holds on this day."),
    ] = None,
    as_json: Json = False,
) -> None:
    """List the plan rows: how often each bills, when it is due, from when, and who added or ended it.

    The row that holds on the day on which a policy term begins is the one that bills the whole term.
    """
    screen = Screen(as_json)
    with open_desk(screen) as desk:
        found = desk.rules.plans(plan_code, day)
    screen.document({"plans": [_record(row) for row in found]})
    if not found:
        screen.say("No row fits.")
        return
    screen.table(
        ["plan", "bills", "lead", "due", "other fields", "from", "to", "source", "by"],
        [_cells(row) for row in found],
        wrap=["other fields", "source"],
    )


@app.command("import", epilog='billing rules plans import plans.csv --note "the board decided"')
def bring_in(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV of plan rows.")],
    note: Note,
    by: By = "",
    as_json: Json = False,
) -> None:
    """Keep the plan rows of a file, whole or not at all.

    The first row names the fields. A row that is there already stays as it is; where it is open and the file
    says when it ends, it ends. Nothing else of a row is ever changed: end it, and begin another.
    """
    screen = Screen(as_json)
    with open_desk(screen) as desk:
        facts = desk.rules.import_plans(file, note, name_of(by)).facts
    screen.document(dict(facts))
    screen.say(styled("[bold]{}[/bold]", facts["file_name"]))
    names = {"new_count": "new", "ended_count": "ended", "unchanged_count": "unchanged"}
    screen.table(["plan rows", ">count"], fact_rows(names, facts))


@app.command(
    "add",
    epilog="billing rules plans add plan_code=monthly_10 frequency_code=monthly lead_days=10 "
    'valid_from=2025-01-01 source="board decision 12" --note "ten days are enough"',
)
def add(
    values: Annotated[
        list[str],
        typer.Argument(metavar="FIELD=VALUE", help="The fields, as plan_code=monthly_10 lead_days=10."),
    ],
    note: Note,
    by: By = "",
    as_json: Json = False,
) -> None:
    """Add one plan row; fields that are left out have their default."""
    texts: dict[str, str] = {}
    for value in values:
        name, sign, text = value.partition("=")
        if not sign or name in texts:
            raise typer.BadParameter(f"'{value[:40]}': write each field once, as lead_days=10")
        texts[name] = text
    screen = Screen(as_json)
    with open_desk(screen) as desk:
        kept = desk.rules.add_plan(texts, note, name_of(by))
    state = "new" if kept.new_count else "ended" if kept.ended_count else "unchanged"
    screen.document({"plan_code": texts["plan_code"], "valid_from": texts["valid_from"], "state": state})
    screen.say(styled("plan {} from {}: [bold]{}[/bold]", texts["plan_code"], texts["valid_from"], state))


@app.command("end", epilog='billing rules plans end monthly_10 2026-01-01 --note "no longer sold"')
def end(
    plan_code: PlanCode,
    day: Annotated[
        date, typer.Argument(parser=iso_date, metavar="DAY", help="The first day on which it holds no more.")
    ],
    note: Note,
    by: By = "",
    as_json: Json = False,
) -> None:
    """End a plan: it bills no term that begins on that day or later; terms that began before go on.

    A plan is ended once, and not before the last term that was billed by it began.
    """
    screen = Screen(as_json)
    with open_desk(screen) as desk:
        is_changed = desk.rules.end_plan(plan_code, day, note, name_of(by))
    screen.document({"plan_code": plan_code, "valid_to": day, "is_changed": is_changed})
    screen.say(f"plan {plan_code} ends before {day}{'' if is_changed else ', as it did already'}")


def _record(row: "PlanRow") -> dict[str, object]:
    from dataclasses import asdict

    return {
        "payment_plan_id": row.payment_plan_id,
        **asdict(row.plan),
        "note": row.note,
        "recorded_by": row.recorded_by,
        "recorded_at": row.recorded_at,
    }


def _cells(row: "PlanRow") -> list[object]:
    from billing_assets.domain.plan_records import own_words

    plan = row.plan
    by = f"{row.recorded_by}, {instant(row.recorded_at)}" if row.recorded_at else "shipped"
    return [
        plan.plan_code,
        plan.frequency_code,
        f"{plan.lead_days} {plan.lead_unit.value}",
        f"+{plan.due_days}",
        own_words(plan),
        plan.valid_from,
        plan.valid_to,
        plan.source,
        by,
    ]
