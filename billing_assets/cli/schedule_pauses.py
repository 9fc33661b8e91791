"""``billing schedules pause`` and ``resume``: stopping what is scheduled, and taking it up again.

Belongs here: the commands. Does not belong here: schedules themselves (``schedules``), what a pause covers
(``domain``).
"""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from billing_assets.cli.arguments import By, Json, name_of, open_desk
from billing_assets.cli.output import Screen, amount, instant
from billing_assets.cli.schedules import schedule_desk
from billing_assets.domain.activities import Activity
from billing_assets.domain.errors import BillingError
from billing_assets.domain.schedule_pauses import Missed, PauseScope
from billing_assets.domain.time_zones import read_instant

if TYPE_CHECKING:
    from billing_assets.domain.schedule_pauses import Pause
    from billing_assets.wiring.pause_desk import MissedFirings, PauseDesk

_Why = Annotated[str, typer.Option("--why", metavar="TEXT", help="Why; shown to whoever looks, and kept.")]
_PauseId = Annotated[
    int, typer.Argument(metavar="ID", help="Number of the pause, as 'billing schedules pauses' lists it.")
]
MISSED_WORDS = (
    "skip does none of it, one_run does the last date alone, which bills what the others would have, "
    "each does every date, oldest first"
)

PAUSE_EPILOG = (
    'billing schedules pause nightly --why "the rates are late"\n\n'
    'billing schedules pause --activity delivery_retry --until "2025-01-31 18:00" --why "server moves"\n\n'
    'billing schedules pause --company --why "year end"'
)

RESUME_EPILOG = (
    'billing schedules missed 3\n\nbilling schedules resume 3 --missed one_run --why "the rates are there"'
)


def pause(
    schedule_code: Annotated[str, typer.Argument(metavar="[CODE]", help="One schedule.")] = "",
    *,
    activity: Annotated[
        Activity | None, typer.Option("--activity", help="All schedules of an activity.")
    ] = None,
    is_company: Annotated[bool, typer.Option("--company", help="All schedules of the company.")] = False,
    is_everything: Annotated[
        bool, typer.Option("--everything", help="All schedules of all companies.")
    ] = False,
    why: _Why = "",
    until: Annotated[
        str,
        typer.Option(
            "--until",
            metavar="TIME",
            help="When it ends by itself, by the company's clock: 2025-01-31 18:00.",
        ),
    ] = "",
    missed: Annotated[
        Missed, typer.Option("--missed", help=f"What becomes of what it leaves out then: {MISSED_WORDS}.")
    ] = Missed.ONE_RUN,
    by: By = "",
    as_json: Json = False,
) -> None:
    """Pause one schedule, an activity, the company or everything; what is missed meanwhile is kept."""
    scope, target = _scope_of(schedule_code, activity, is_company=is_company, is_everything=is_everything)
    screen = Screen(as_json)
    with open_desk(screen) as opened:
        end = _instant(until, opened.company().time_zone) if until else None
        kept = _pause_desk(opened).pause(scope, target, reason=why, by=name_of(by), until=end, missed=missed)
    screen.document({"pause": kept})
    screen.say(f"Pause {kept.pause_id} stops {_stopped(kept)}.")
    screen.hint(f"what it leaves out: billing schedules missed {kept.pause_id}")
    screen.hint(f"to go on: billing schedules resume {kept.pause_id} --why ...")


def missed(pause_id: _PauseId, as_json: Json = False) -> None:
    """Show what a pause has left out until now, and what one run of it would bill."""
    screen = Screen(as_json)
    with open_desk(screen) as opened, screen.progress("looking back") as progress:
        found = _pause_desk(opened).missed(pause_id, progress=progress)
        zone = ZoneInfo(opened.company().time_zone)
    screen.document({"pause": found.pause, "firings": found.firings, "preview": found.preview})
    if not found.firings:
        screen.say("It has left out nothing yet.")
        return
    rows = [
        [
            each.schedule_code,
            f"{each.due_at.astimezone(zone):%a %Y-%m-%d %H:%M}",
            each.nominal_date.isoformat(),
        ]
        for each in found.firings
    ]
    screen.table(["schedule", "was due", "for the date"], rows)
    _show_preview(screen, found)


def resume(
    pause_id: _PauseId,
    choice: Annotated[
        Missed | None, typer.Option("--missed", help=f"What becomes of what it left out: {MISSED_WORDS}.")
    ] = None,
    why: _Why = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """End a pause. What it left out is shown first; --missed says what becomes of it."""
    screen = Screen(as_json)
    with open_desk(screen) as opened:
        desk = _pause_desk(opened)
        with screen.progress("looking back") as progress:
            found = desk.missed(pause_id, progress=progress)
        if found.firings and choice is None:
            raise BillingError(
                "choice_missing",
                f"pause {pause_id} left out {len(found.firings)} firings: nothing says what becomes of them",
                f"look first: billing schedules missed {pause_id}; then --missed skip, one_run or each",
            )
        due = desk.resume(pause_id, choice or Missed.SKIP, reason=why, by=name_of(by))
    screen.document({"pause_id": pause_id, "firings": due})
    screen.say(
        f"Pause {pause_id} has ended; {len(due)} of {len(found.firings)} that it left out are due now."
    )


def pauses(
    is_all: Annotated[bool, typer.Option("--all", help="Those that have ended too.")] = False,
    as_json: Json = False,
) -> None:
    """List the pauses that go on: what is stopped, by whom, why and until when."""
    screen = Screen(as_json)
    with open_desk(screen) as opened:
        found = _pause_desk(opened).pauses(with_ended=is_all)
    screen.document({"pauses": found})
    if not found:
        screen.say("Nothing is paused.")
        return
    rows = [
        [
            str(each.pause_id),
            _stopped(each),
            each.reason,
            each.paused_by,
            instant(each.paused_at),
            instant(each.until_at),
            f"{instant(each.resumed_at)} {each.resumed_by}".strip(),
        ]
        for each in found
    ]
    columns = [">pause", "stops", "why", "by", "since (UTC)", "until (UTC)", "resumed"]
    screen.table(columns, rows, wrap=["why"])


def _scope_of(
    schedule_code: str, activity: Activity | None, *, is_company: bool, is_everything: bool
) -> tuple[PauseScope, str]:
    wanted = [
        (bool(schedule_code), PauseScope.SCHEDULE, schedule_code),
        (activity is not None, PauseScope.ACTIVITY, activity.value if activity else ""),
        (is_company, PauseScope.COMPANY, ""),
        (is_everything, PauseScope.EVERYTHING, ""),
    ]
    named = [(scope, target) for is_named, scope, target in wanted if is_named]
    if len(named) != 1:
        raise BillingError(
            "pause_unclear",
            "it names nothing to pause" if not named else "it names more than one thing to pause",
            "name one schedule, or give one of --activity, --company and --everything",
        )
    return named[0]


def _instant(given: str, time_zone: str) -> datetime:
    try:
        return read_instant(given, time_zone)
    except ValueError:
        raise typer.BadParameter(f"'{given[:30]}' is no time; write it as 2025-01-31 18:00") from None


def _stopped(pause: "Pause") -> str:
    named = {
        PauseScope.SCHEDULE: f"schedule '{pause.schedule_code}'",
        PauseScope.ACTIVITY: f"every {pause.activity}",
        PauseScope.COMPANY: "every schedule of the company",
        PauseScope.EVERYTHING: "every schedule of every company",
    }
    return named[pause.scope]


def _pause_desk(opened: Any) -> "PauseDesk":  # noqa: ANN401 - the desk of wiring, which is loaded late
    from billing_assets.wiring.pause_desk import PauseDesk

    return PauseDesk(schedule_desk(opened))


def _show_preview(screen: Screen, found: "MissedFirings") -> None:
    preview = found.preview
    if preview is None:
        return
    screen.say(f"One run of {preview.billing_date} would make {preview.per_period_count} invoices:")
    if not preview.selection.is_everything:
        screen.say(f"only {preview.selection.words()}")
    rows = [
        [
            f"{each.month:%Y-%m}",
            each.outcome.value,
            each.currency,
            str(each.charge_count),
            amount(each.net_minor, each.currency),
        ]
        for each in preview.months
    ]
    screen.table(["month", "outcome", "currency", ">charges", ">net"], rows)
