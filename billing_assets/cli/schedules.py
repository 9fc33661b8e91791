"""``billing schedules``: what is done when, by whom it is kept, and what becomes of it.

Belongs here: lists and the acts on schedules. Does not belong here: pauses (``schedule_pauses``), when a
schedule fires (``frames``), firing (``defs.activities``).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from billing_assets.cli.arguments import By, Json, Limit, Note, hint_next_page, name_of, open_desk
from billing_assets.cli.output import Screen, styled
from billing_assets.cli.selections import PayerGroups, Places, Plans, Products, selection_texts
from billing_assets.domain.activities import ACTIVITIES, Activity
from billing_assets.domain.activity_schedules import MAX_TIMES, ActivitySchedule, schedule_texts
from billing_assets.domain.business_days import LeadUnit, Roll
from billing_assets.domain.frequencies import FREQUENCIES, OWN_UNITS
from billing_assets.domain.list_pages import page_of
from billing_assets.domain.schedule_pauses import FIRING_WORDS
from billing_assets.domain.selections import SELECTION_FIELDS

if TYPE_CHECKING:
    from billing_assets.frames.firings import Firing
    from billing_assets.steps.schedule_ports import KeptFiring
    from billing_assets.wiring.schedule_desk import ScheduleDesk, ScheduleView

app = typer.Typer(
    help="See and keep what is done when; without a command, list every schedule.",
    invoke_without_command=True,
)

Code = Annotated[str, typer.Argument(metavar="CODE", help="The schedule's code: nightly.")]
_Activity = Annotated[
    Activity,
    typer.Option(
        "--activity",
        help="What is done: "
        + "; ".join(f"{each.value} {rule.meaning}" for each, rule in ACTIVITIES.items())
        + ".",
    ),
]
_DryRun = Annotated[bool, typer.Option("--dry-run", help="Show when it would fire; keep nothing.")]
_Name = Annotated[str, typer.Option("--name", metavar="TEXT", help="What people call it.")]
_Every = Annotated[
    str,
    typer.Option(
        "--every",
        metavar="FREQUENCY",
        help=f"How often: {', '.join((*FREQUENCIES, *OWN_UNITS))}. The last two need --pattern.",
    ),
]
_Pattern = Annotated[
    str,
    typer.Option(
        "--pattern",
        metavar="TEXT",
        help="For own_rule a rule of RFC 5545, FREQ=MONTHLY;BYDAY=2TU; for own_dates the dates.",
    ),
]
_From = Annotated[
    str, typer.Option("--from", metavar="DATE", help="Where the frequency counts from; today if left out.")
]
_Until = Annotated[str, typer.Option("--until", metavar="DATE", help="Its last date; none if left out.")]
_At = Annotated[
    list[str] | None,
    typer.Option("--at", metavar="TIME", help=f"Time of day, as 06:00; up to {MAX_TIMES} of them."),
]
_Zone = Annotated[
    str, typer.Option("--zone", metavar="ZONE", help="Time zone of these times; the company's if left out.")
]
_Calendar = Annotated[
    str,
    typer.Option(
        "--calendar", metavar="CODE", help="Whose closed days count: a place, target, or target+ES; none."
    ),
]
_Roll = Annotated[str, typer.Option("--roll", metavar="ROLL", help=f"On a closed day: {', '.join(Roll)}.")]
_Lead = Annotated[str, typer.Option("--lead", metavar="N", help="So many days before the date.")]
_LeadUnit = Annotated[
    str, typer.Option("--lead-unit", metavar="UNIT", help=f"What the lead counts: {' or '.join(LeadUnit)}.")
]
_Template = Annotated[
    str,
    typer.Option(
        "--template", metavar="NAME", help="Print by the company's templates of this name ('templates own')."
    ),
]
_Owner = Annotated[str, typer.Option("--owner", metavar="NAME", help="Who answers for it.")]

LIST_EPILOG = (
    "billing schedules\n\nbilling schedules show nightly\n\n"
    'billing schedules add nightly --activity invoice_run --every daily --at 06:00 --owner "billing team" '
    '--note "the daily run"'
)


@app.callback(epilog=LIST_EPILOG)
def schedules(ctx: typer.Context, as_json: Json = False) -> None:
    """List every schedule with its last and its next firing; `show` tells all of one."""
    if ctx.invoked_subcommand is not None:
        return
    screen = Screen(as_json)
    with open_desk(screen) as opened:
        found = schedule_desk(opened).schedules()
    screen.document({"schedules": [_document(view) for view in found]})
    if not found:
        screen.say("No schedule is kept: nothing starts by itself.")
        screen.hint(
            "add one: billing schedules add nightly --activity invoice_run --every daily --at 06:00 ..."
        )
        return
    screen.table(
        ["schedule", "activity", "name", "state", "last", "next", "owner"],
        [_row(view) for view in found],
        wrap=["name"],
    )


@app.command("show", epilog="billing schedules show nightly\n\nbilling schedules show nightly --next 30")
def show(
    schedule_code: Code,
    count: Annotated[
        int, typer.Option("--next", min=1, max=400, metavar="N", help="So many coming firings.")
    ] = 10,
    as_json: Json = False,
) -> None:
    """Show what a schedule says and has said, its last firings and its next ones."""
    from billing_assets.store.schedule_firings import FiringFilter

    screen = Screen(as_json)
    with open_desk(screen) as opened:
        desk = schedule_desk(opened)
        view = desk.schedule(schedule_code, count)
        revisions = desk.revisions(schedule_code)
        before = desk.firings(FiringFilter(schedule_code=schedule_code, limit=count))
    screen.document({**_document(view), "revisions": revisions, "firings": before})
    schedule = view.kept.schedule
    screen.say(styled("[bold]{}[/bold]: {} ({})", schedule_code, schedule.name, view.state))
    screen.table(
        ["field", "what it says"], [[name, text] for name, text in schedule_texts(schedule).items() if text]
    )
    if view.pause is not None:
        screen.say(f"Paused by {view.pause.paused_by}: {view.pause.reason}")
    if view.following:
        screen.say("Next:")
        show_firings(screen, schedule, view.following)
    if before:
        screen.say("Before:")
        screen.table(
            _KEPT_COLUMNS,
            [_kept_row(each, schedule.time_zone) for each in before],
            wrap=["what became of it"],
        )


@app.command(
    "add",
    epilog="billing schedules add nightly --activity invoice_run --every daily --at 06:00 --calendar ES "
    '--roll following --owner "billing team" --note "the daily run"\n\n'
    "billing schedules add motor --activity invoice_run --every daily --at 07:00 --product motor "
    '--owner "motor team" --note "motor is billed first"\n\n'
    "billing schedules add retries --activity delivery_retry --every daily --at 09:00 --at 15:00 "
    '--owner "billing team" --note "keep trying" --dry-run',
)
def add(
    schedule_code: Code,
    *,
    activity: _Activity,
    every: _Every,
    owner: _Owner,
    at_times: _At = None,
    name: _Name = "",
    pattern: _Pattern = "",
    from_date: _From = "",
    until_date: _Until = "",
    zone: _Zone = "",
    calendar: _Calendar = "",
    roll: _Roll = "",
    lead: _Lead = "",
    lead_unit: _LeadUnit = "",
    products: Products = None,
    places: Places = None,
    plans: Plans = None,
    payer_groups: PayerGroups = None,
    template: _Template = "",
    note: Note = "",
    by: By = "",
    is_dry_run: _DryRun = False,
    as_json: Json = False,
) -> None:
    """Add a schedule. It fires for what is due from now on, wherever Dagster runs (`billing ui`)."""
    from billing_assets.wiring.build import today_of

    first = (every, owner, name or schedule_code, pattern, from_date, until_date)
    parts = (*first, zone, calendar, roll, lead, lead_unit, template)
    given = _texts(at_times, parts) | selection_texts(products, places, plans, payer_groups)
    screen = Screen(as_json)
    with open_desk(screen) as opened:
        desk, company = schedule_desk(opened), opened.company()
        defaults = {"anchor_date": today_of(company).isoformat(), "time_zone": company.time_zone}
        filled = {key: given[key] or text for key, text in defaults.items()}
        texts = {**given, **filled, "activity": activity.value}
        if is_dry_run:
            _show_preview(screen, texts, desk.preview(texts))
            return
        view = desk.add(schedule_code, texts, note, name_of(by))
    _say_kept(screen, view, "is kept")


@app.command("edit", epilog='billing schedules edit nightly --at 07:00 --note "the book comes later"')
def edit(
    schedule_code: Code,
    *,
    every: _Every = "",
    owner: _Owner = "",
    at_times: _At = None,
    name: _Name = "",
    pattern: _Pattern = "",
    from_date: _From = "",
    until_date: _Until = "",
    zone: _Zone = "",
    calendar: _Calendar = "",
    roll: _Roll = "",
    lead: _Lead = "",
    lead_unit: _LeadUnit = "",
    products: Products = None,
    places: Places = None,
    plans: Plans = None,
    payer_groups: PayerGroups = None,
    template: _Template = "",
    note: Note = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """Let a schedule say something else from now on; what it was due before stays as it was.

    'none' empties a pattern, a last date, a calendar, a template, and what --product and the like select by.
    """
    first = (every, owner, name, pattern, from_date, until_date)
    parts = (*first, zone, calendar, roll, lead, lead_unit, template)
    given = _texts(at_times, parts) | selection_texts(products, places, plans, payer_groups)
    changes = {
        field: "" if text == "none" and field in _MAY_BE_NONE else text
        for field, text in given.items()
        if text
    }
    screen = Screen(as_json)
    with open_desk(screen) as opened:
        view = schedule_desk(opened).edit(schedule_code, changes, note, name_of(by))
    _say_kept(screen, view, "is changed")


def _texts(at_times: list[str] | None, given: Sequence[str]) -> dict[str, str]:
    """Return the fields of a schedule by what was given for their options, in the order of ``_FIELDS``."""
    return {"at_times": " ".join(at_times or []), **dict(zip(_FIELDS, given, strict=True))}


_FIELDS = (
    *(
        "frequency_code",
        "owner",
        "name",
        "pattern",
        "anchor_date",
        "until_date",
        "time_zone",
        "calendar_code",
    ),
    *("roll", "lead_days", "lead_unit", "template"),
)
_MAY_BE_NONE = frozenset({"pattern", "until_date", "calendar_code", "template", *SELECTION_FIELDS})


@app.command("retire", epilog='billing schedules retire nightly --note "another system bills"')
def retire(schedule_code: Code, note: Note = "", by: By = "", as_json: Json = False) -> None:
    """Let a schedule fire no more; its history stays, and what it was due before is still done."""
    screen = Screen(as_json)
    with open_desk(screen) as opened:
        view = schedule_desk(opened).retire(schedule_code, note, name_of(by))
    _say_kept(screen, view, "is retired")


@app.command("firings", epilog="billing schedules firings\n\nbilling schedules firings --schedule nightly")
def list_firings(
    schedule_code: Annotated[
        str, typer.Option("--schedule", metavar="CODE", help="Only of this schedule.")
    ] = "",
    before: Annotated[
        int | None, typer.Option("--before", metavar="ID", help="Go on below this one: the next page.")
    ] = None,
    limit: Limit = 20,
    as_json: Json = False,
) -> None:
    """List what was due, the latest first, and what became of it."""
    from billing_assets.store.schedule_firings import FiringFilter

    screen = Screen(as_json)
    wanted = FiringFilter(schedule_code=schedule_code, before_id=before, limit=limit + 1)
    with open_desk(screen) as opened:
        found, following = page_of(schedule_desk(opened).firings(wanted), limit, lambda each: each.firing_id)
        zone = opened.company().time_zone
    screen.document({"firings": found, "before": following})
    if not found:
        screen.say("Nothing was due yet.")
        return
    rows = [[str(each.firing_id), each.schedule_code, *_kept_row(each, zone)] for each in found]
    screen.table([">firing", "schedule", *_KEPT_COLUMNS], rows, wrap=["what became of it"])
    hint_next_page(screen, following)


def schedule_desk(opened: Any) -> "ScheduleDesk":  # noqa: ANN401 - the desk of wiring, which is loaded late
    """Return the schedules of the company of an open desk."""
    from billing_assets.wiring.schedule_desk import ScheduleDesk

    return ScheduleDesk(opened.billing)


def show_firings(screen: Screen, schedule: ActivitySchedule, following: "Sequence[Firing]") -> None:
    """Show when a schedule fires, by its own clock."""
    zone = ZoneInfo(schedule.time_zone)
    rows = [
        [f"{each.due_at.astimezone(zone):%a %Y-%m-%d %H:%M}", each.nominal_date.isoformat()]
        for each in following
    ]
    screen.table([f"fires ({schedule.time_zone})", "for the date"], rows)


_KEPT_COLUMNS = ["due", "for the date", "state", "what became of it"]


def _kept_row(firing: "KeptFiring", time_zone: str) -> list[str]:
    due = f"{firing.due_at.astimezone(ZoneInfo(time_zone)):%Y-%m-%d %H:%M}"
    return [due, firing.nominal_date.isoformat(), firing.state.value, FIRING_WORDS[firing.state]]


def _document(view: "ScheduleView") -> dict[str, Any]:
    return {
        "schedule_code": view.kept.schedule_code,
        "state": view.state,
        "revision": view.kept.revision,
        **schedule_texts(view.kept.schedule),
        "pause": view.pause,
        "last": view.last,
        "next": view.following,
    }


def _row(view: "ScheduleView") -> list[str]:
    schedule = view.kept.schedule
    zone = ZoneInfo(schedule.time_zone)
    last = f"{view.last.due_at.astimezone(zone):%Y-%m-%d %H:%M} {view.last.state.value}" if view.last else ""
    following = f"{view.following[0].due_at.astimezone(zone):%a %Y-%m-%d %H:%M}" if view.following else ""
    return [
        view.kept.schedule_code,
        schedule.activity.value,
        schedule.name,
        view.state,
        last,
        following if view.pause is None else f"paused by {view.pause.paused_by}",
        schedule.owner,
    ]


def _show_preview(screen: Screen, texts: dict[str, str], following: "Sequence[Firing]") -> None:
    from billing_assets.domain.activity_schedules import schedule_from

    screen.document({**texts, "next": following})
    screen.say("It would fire:" if following else "It would never fire.")
    show_firings(screen, schedule_from(texts), following)


def _say_kept(screen: Screen, view: "ScheduleView", what: str) -> None:
    screen.document(_document(view))
    screen.say(f"Schedule '{view.kept.schedule_code}' {what}.")
    if view.following:
        show_firings(screen, view.kept.schedule, view.following)
