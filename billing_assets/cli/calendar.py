"""``billing calendar``: which days are closed, and a company's own closed days.

Belongs here: the commands. Does not belong here: the calendars (``domain.calendars``, ``domain.places``),
what closing a day must hold (``steps.close_day``).
"""

from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from billing_assets.cli.arguments import By, Json, Note, iso_date, name_of, open_desk
from billing_assets.cli.output import Screen, count_of, instant, styled
from billing_assets.domain.calendar_rule import OWN_PURPOSES, PURPOSES, Purpose

if TYPE_CHECKING:
    from billing_assets.domain.calendar_rule import Calendar
    from billing_assets.store.closed_days import ClosedDayRow

app = typer.Typer(no_args_is_help=True, help="See which days are closed, and close days of your own.")

_FIRST_YEAR, _LAST_YEAR = 1950, 2199

ClosedDay = Annotated[date, typer.Argument(parser=iso_date, metavar="DAY", help="The day, as 2025-01-31.")]
OwnPurpose = Annotated[
    Purpose | None,
    typer.Option(
        "--for",
        metavar="PURPOSE",
        help=f"Only for one purpose: {', '.join(OWN_PURPOSES)}; for all of them if left out.",
    ),
]


@app.command(
    "show",
    epilog="billing calendar show ES 2025\n\nbilling calendar show target 2025\n\n"
    "billing calendar show ES 2025 --for debit",
)
def show(
    place_code: Annotated[
        str,
        typer.Argument(metavar="PLACE", help="A place (ES), a calendar (target), or several (target+ES)."),
    ],
    year: Annotated[int, typer.Argument(metavar="YEAR", min=_FIRST_YEAR, max=_LAST_YEAR, help="As 2025.")],
    purpose: Annotated[
        Purpose,
        typer.Option(
            "--for", metavar="PURPOSE", help="generate, send, due, debit or legal; due if left out."
        ),
    ] = Purpose.DUE,
    as_json: Json = False,
) -> None:
    """List the closed days of a year: those of a place's calendar, and those that the company has closed."""
    screen = Screen(as_json)
    with open_desk(screen) as desk:
        from billing_assets.domain.places import calendar_code_of
        from billing_assets.frames.calendars import calendars_named, closed_days

        code = calendar_code_of(place_code, purpose)
        calendars = calendars_named(code)
        days = closed_days(code, year)
        history = desk.closed_day_history(year)
        own = sorted(day for day in desk.closed_days().of(purpose) if day.year == year)
    rest = [weekend for calendar in calendars for weekend in calendar.weekends]
    screen.document(
        {
            "calendar_code": code,
            "purpose": purpose.value,
            "year": year,
            "roll": PURPOSES[purpose].roll.value,
            "weekends": rest,
            "closed_days": [{"day": day, "name": name} for day, name in days.items()],
            "own_closed_days": own,
            "own_history": history,
        }
    )
    names = " + ".join(calendar.name for calendar in calendars)
    screen.say(styled("[bold]{}[/bold], {}, {}", names, purpose.value, year))
    screen.table(["day", "weekday", "closed for"], [[day, f"{day:%A}", name] for day, name in days.items()])
    screen.say(f"{count_of(len(days), 'day')}, and each {_weekend_words(calendars, date(year, 12, 31))}.")
    if history:
        screen.heading(f"The company's own days ({count_of(len(own), 'day')} closed for {purpose.value})")
        _show_history(screen, history)


def _show_history(screen: Screen, history: "list[ClosedDayRow]") -> None:
    screen.table(
        ["day", "for", "act", "note", "by", "recorded (UTC)"],
        [
            [
                row.day,
                row.purpose,
                "closed" if row.is_closed else "opened again",
                row.note,
                row.recorded_by,
                instant(row.recorded_at),
            ]
            for row in history
        ],
        wrap=["note"],
    )


@app.command(
    "close",
    epilog='billing calendar close 2025-08-14 --note "the office moves"\n\n'
    'billing calendar close 2025-08-14 --for send --note "the mail house is closed"',
)
def close(day: ClosedDay, note: Note, purpose: OwnPurpose = None, by: By = "", as_json: Json = False) -> None:
    """Close a day for the company, beside the weekends and holidays of its place.

    Runs that are planned from now on go by it: what falls on the day moves as the payment plan says, and
    nothing is lost. Runs that were planned before keep the days that they saw.
    """
    _record(Screen(as_json), day, purpose, note, by, is_closed=True)


@app.command("open", epilog='billing calendar open 2025-08-14 --note "the move was put off"')
def reopen(
    day: ClosedDay, note: Note, purpose: OwnPurpose = None, by: By = "", as_json: Json = False
) -> None:
    """Take back that a day is closed for the company; weekends and holidays of its place stay closed."""
    _record(Screen(as_json), day, purpose, note, by, is_closed=False)


def _record(
    screen: Screen, day: date, purpose: Purpose | None, note: str, by: str, *, is_closed: bool
) -> None:
    recorded_by = name_of(by)
    with open_desk(screen) as desk:
        from billing_assets.steps.calendar_ports import ClosedDayOrder

        order = ClosedDayOrder(
            day=day, is_closed=is_closed, purpose=purpose, note=note, recorded_by=recorded_by
        )
        with screen.progress("calendar") as progress:
            facts = desk.billing.close_day(order, progress=progress).facts
        is_changed = bool(facts["changed_count"])
    words = purpose.value if purpose else "everything"
    screen.document(
        {
            "day": day,
            "purpose": purpose.value if purpose else "all",
            "is_closed": is_closed,
            "is_changed": is_changed,
            "recorded_by": recorded_by,
        }
    )
    done = "closed" if is_closed else "open again"
    screen.say(f"{day:%A} {day} is {done} for {words}{'' if is_changed else ', as it was before'}")


def _weekend_words(calendars: "tuple[Calendar, ...]", day: date) -> str:
    names = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    rest = {
        number
        for calendar in calendars
        for number in [weekend for weekend in calendar.weekends if weekend.from_date <= day][-1].weekdays
    }
    return " and ".join(names[number - 1] for number in sorted(rest))
