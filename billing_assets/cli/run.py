"""``billing run``: bill a date, or one date after the other.

Belongs here: the order of days as a person asks for them, the row of each day.
Does not belong here: the order of steps (``wiring.build``), what a step does (``steps``), the report of one
run (``runs``).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Any

import typer

from billing_assets.cli.arguments import Day, Json, NoDeliver, iso_date, open_desk
from billing_assets.cli.day_table import BilledDay, add_amounts, show_days
from billing_assets.cli.deliver import NEEDS_A_LOOK
from billing_assets.cli.dry_runs import dry_run
from billing_assets.cli.failures import HELD_CODES, ExitCode, UnfinishedError
from billing_assets.cli.interrupts import Progress, Stop, stop_on_request
from billing_assets.cli.output import Screen, count_of
from billing_assets.cli.runs import show_run
from billing_assets.cli.selections import PayerGroups, Places, Plans, Products, selection_of_options
from billing_assets.cli.waiting import closed_words, has_unsent, held_words, why_waiting
from billing_assets.domain.backdating import Backdating
from billing_assets.domain.errors import BillingError
from billing_assets.domain.runs import CatchUp, RunOrder
from billing_assets.domain.selections import EVERYTHING, Selection

if TYPE_CHECKING:
    from billing_assets.steps.result import StepResult
    from billing_assets.store.charge_listings import StandingCharges
    from billing_assets.wiring.build import Billing
    from billing_assets.wiring.desk import Desk

EPILOG = (
    "billing run 2025-01-31 --dry-run\n\n"
    "billing run 2025-01-31 --rehearse\n\n"
    "billing run 2025-01-31\n\n"
    "billing run 2025-01-01 --until 2025-03-31\n\n"
    "billing run 2025-01-31 --no-deliver\n\n"
    "billing run 2025-01-31 --product motor,home --payer-group fleet\n\n"
    "billing run 2025-01-31 --issuing-date 2025-01-31 --reason 'the auditor asked' --approved-by 'A. Gil'"
)


@dataclass(frozen=True, slots=True)
class Dating:
    """Which date the invoices are to carry, the day of issue where None, and why it is a past one.

    ``catch_up``: whether what was missed makes an invoice for each due date, or one for each policy term;
    None: as the run was planned. ``selection``: which policies are billed. ``template``: the name of the
    company's templates that print them.
    """

    issuing_date: date | None
    backdating: Backdating
    catch_up: CatchUp | None = None
    selection: Selection = EVERYTHING
    template: str = ""

    def order(self, billing: "Billing", day: date) -> RunOrder:
        """Return the order of a run of a date; raises what ``Billing.order`` does."""
        order = billing.order(day, self.issuing_date, self.backdating, self.catch_up)
        return replace(order, selection=self.selection, template_name=self.template)

    def options(self) -> str:
        """Return the same as options of the command line."""
        given = {
            "--issuing-date": str(self.issuing_date or ""),
            "--reason": self.backdating.reason,
            "--approved-by": self.backdating.approved_by,
            "--catch-up": "" if self.catch_up is None else self.catch_up.value,
            "--template": self.template,
        }
        told = "".join(f" {name} {quote(value)}" for name, value in given.items() if value)
        return told + self.selection.options()


_IssuingDate = Annotated[
    date | None,
    typer.Option(
        "--issuing-date",
        parser=iso_date,
        metavar="DATE",
        help="Date on the invoices, no later than today; moved forward where later ones exist.",
    ),
]
_Reason = Annotated[
    str,
    typer.Option(
        "--reason", metavar="TEXT", help="Why the invoices carry a date long past; kept with the run."
    ),
]
_ApprovedBy = Annotated[
    str, typer.Option("--approved-by", metavar="NAME", help="Who approved that date; kept with the run.")
]


_CatchUp = Annotated[
    CatchUp | None,
    typer.Option(
        "--catch-up",
        help="What was missed: an invoice for each due date (per_period), or one_invoice for each policy "
        "term, of plans that bill per payer for each payer; as the run was planned if left out.",
    ),
]


_Template = Annotated[
    str,
    typer.Option(
        "--template", metavar="NAME", help="Print by the company's templates of this name ('templates own')."
    ),
]


def bill(
    day: Day,
    *,
    until: Annotated[
        date | None,
        typer.Option("--until", parser=iso_date, metavar="DATE", help="Bill every date up to this one."),
    ] = None,
    is_dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Count what is due and write nothing.")
    ] = False,
    is_rehearsal: Annotated[
        bool,
        typer.Option(
            "--rehearse", help="Price the whole run and show what it would issue; 'runs approve' bills that."
        ),
    ] = False,
    issuing_date: _IssuingDate = None,
    reason: _Reason = "",
    approved_by: _ApprovedBy = "",
    catch_up: _CatchUp = None,
    products: Products = None,
    places: Places = None,
    plans: Plans = None,
    payer_groups: PayerGroups = None,
    template: _Template = "",
    is_quiet: NoDeliver = False,
    as_json: Json = False,
) -> None:
    """Bill a date: invoices, documents, checks, deliveries; of a selection, its policies alone.

    Running it again does what is missing and nothing twice. A date that was missed is billed in the same way;
    its invoices carry today's date. Ctrl-C ends it at a point where nothing is half done.
    """
    days = _days(day, until)
    screen = Screen(as_json)
    backdating = Backdating(reason=reason, approved_by=approved_by)
    selection = selection_of_options(products, places, plans, payer_groups)
    dating = Dating(issuing_date, backdating, catch_up, selection, template)
    if is_dry_run:
        dry_run(screen, days, selection)
    elif is_rehearsal:
        _rehearse(screen, days, dating)
    else:
        _bill(screen, days, dating, is_quiet=is_quiet)


def _bill(screen: Screen, days: Sequence[date], dating: Dating, *, is_quiet: bool) -> None:
    """Bill the days and end as ``failures.EXIT_CODES`` says."""
    done: list[BilledDay] = []
    try:
        is_unsent = _bill_days(screen, days, dating, is_quiet=is_quiet, report=done.append)
    except (Exception, KeyboardInterrupt) as error:
        if len(done) > 1:
            show_days(screen, done)
        raise UnfinishedError(days_document(done)) from error
    screen.document(days_document(done))
    if len(days) > 1:
        show_days(screen, done)
    if is_unsent:
        screen.hint(f"send: billing deliver{f' {days[0]}' if len(days) == 1 else ''}")
    end_with(screen, done)


def end_with(screen: Screen, done: Sequence[BilledDay]) -> None:
    """Say what somebody has to look at, and end with its exit code."""
    _hint_at(screen, done)
    held = [billed for billed in done if billed.held_reasons]
    if held:
        for billed in held:
            found = "; ".join(reason["found"] for reason in billed.held_reasons)
            screen.warn(f"run {billed.run_id} of {billed.billing_date} is held, nothing was issued: {found}")
        raise typer.Exit(ExitCode.HELD)
    if any(billed.needs_a_look for billed in done):
        raise typer.Exit(ExitCode.ATTENTION)


def _rehearse(screen: Screen, days: Sequence[date], dating: Dating) -> None:
    """Plan one date with all its prices, and show it; nothing is issued."""
    if len(days) > 1:
        raise typer.BadParameter("a rehearsal is of one date", param_hint="--until")
    (day,) = days
    with open_desk(screen) as desk, screen.progress(f"rehearsing {day}") as progress:
        billing = desk.billing
        order = dating.order(billing, day)
        run_id = billing.plan(order, progress=progress).facts.get("run_id")
        detail = desk.run(int(run_id)) if run_id is not None else None
        is_empty = detail is None or not (detail.rehearsal or {}).get("due_count")
        closed, held = closed_words(desk, day), held_words(desk, day)
    reasons = [words for words in (closed, held) if words]
    screen.document({"billing_date": day, "run": detail})
    if detail is None or (is_empty and closed):
        screen.say(f"Nothing is due on {day}.")
        _say_all(screen, reasons)
        return
    show_run(screen, detail)
    _say_all(screen, reasons)
    if detail.state == "held" and detail.decision is None:
        raise typer.Exit(ExitCode.HELD)


def _say_all(screen: Screen, sentences: Sequence[str]) -> None:
    for sentence in sentences:
        screen.say(sentence)


def _hint_at(screen: Screen, days: Sequence[BilledDay]) -> None:
    """Say what somebody has to look at, where it is listed, and what bills the charges that wait."""
    for row in next((day.standing for day in reversed(days) if day.standing), ()):
        if row.is_under_hold:
            screen.hint(f"{count_of(row.charge_count, 'charge')} under a hold: billing holds list --all")
        elif not row.is_lifted:
            where = f"billing runs charges {row.run_id} --outcome {row.outcome}"
            screen.hint(f"{count_of(row.charge_count, 'charge')} {row.outcome}: {where}")
            screen.hint(f"once that is put right: {_billed_by(row)}")
        elif days[-1].billing_date <= row.held_on_date:
            what = f"{count_of(row.charge_count, 'charge')} of run {row.run_id}"
            screen.hint(f"{what} held no more: {_billed_by(row)}")
    if any(day.deliveries.get(name) for day in days for name in NEEDS_A_LOOK):
        screen.hint("messages that were not sent: billing deliveries")


def _billed_by(row: "StandingCharges") -> str:
    """Say which run bills charges that wait; a date that told of them does not tell of them again."""
    return f"the run of any open day after {row.held_on_date} bills them"


def _days(first: date, last: date | None) -> list[date]:
    if last is not None and last < first:
        raise typer.BadParameter(f"{last} lies before {first}", param_hint="--until")
    return [first + timedelta(days=number) for number in range(((last or first) - first).days + 1)]


def _bill_days(
    screen: Screen,
    days: Sequence[date],
    dating: Dating,
    *,
    is_quiet: bool,
    report: Callable[[BilledDay], None],
) -> bool:
    """Bill the days, and tell of each; return whether messages wait that were not to be sent."""
    until = f" --until {days[-1]}" if len(days) > 1 else ""
    options = f"{dating.options()}{' --no-deliver' if is_quiet else ''}"
    todo = (
        f"go on with the same command: billing run {days[0]}{until}{options}; what is done is not done again"
    )
    title = f"billing {days[0]}" if len(days) == 1 else "billing"
    with (
        open_desk(screen) as desk,
        stop_on_request(todo, lambda: screen.warn("stopping where nothing is half done ...")) as stop,
        screen.progress(title) as progress,
    ):
        for number, day in enumerate(days):
            stop.check()
            told = progress if len(days) == 1 else _of_day(progress, day, number, len(days))
            billed = bill_day(desk, day, dating, is_quiet=is_quiet, stop=stop, progress=told)
            report(billed)
            if len(days) == 1:
                _show_one(screen, desk, billed)
        return is_quiet and any(has_unsent(desk, day) for day in days)


def bill_day(
    desk: "Desk", day: date, dating: Dating, *, is_quiet: bool, stop: Stop, progress: Progress
) -> BilledDay:
    """Return what one date came to, after every step; a run that a safety bound holds is no error.

    Raises ``audit_failed`` before anything is sent.
    """
    order = dating.order(desk.billing, day)
    try:
        return bill_order(desk, order, is_quiet=is_quiet, stop=stop, progress=progress)
    except BillingError as error:
        if error.code not in HELD_CODES:
            raise
    return _held_day(desk, day)


def _held_day(desk: "Desk", day: date) -> BilledDay:
    run_id = desk.last_run_of(day)
    detail = desk.run(run_id) if run_id is not None else None
    return BilledDay(
        billing_date=day,
        run_id=run_id,
        due_count=int((detail.rehearsal or {}).get("due_count", 0)) if detail else 0,
        counts={},
        invoices=(),
        document_count=0,
        deliveries={},
        standing=desk.standing_charges(day),
        held_reasons=detail.held_reasons if detail else (),
    )


def bill_order(desk: "Desk", order: RunOrder, *, is_quiet: bool, stop: Stop, progress: Progress) -> BilledDay:
    """Return what one order came to, after every step; raises what any of them raises."""
    billing, told, day = desk.billing, stop.checked(progress), order.billing_date
    results: dict[str, StepResult] = {}
    for result in billing.run(order, is_quiet=is_quiet, progress=told):
        results[result.step] = result
        if "deliver_documents" not in results:
            stop.check()
    raised = results["raise_invoices"].facts
    run_id = raised.get("run_id")
    detail = desk.run(int(run_id)) if run_id is not None else None
    return BilledDay(
        billing_date=day,
        run_id=detail.run_id if detail else None,
        due_count=int(raised["due_count"]),
        counts=detail.report["outcome_counts"] if detail else {},
        invoices=detail.report["invoices"] if detail else (),
        document_count=int(results["print_documents"].facts["document_count"]),
        deliveries={} if is_quiet else dict(results["deliver_documents"].facts),
        standing=desk.standing_charges(day),
        seconds={step: f"{sum(result.seconds.values()):.3f}" for step, result in results.items()},
    )


def _of_day(progress: Progress, day: date, number: int, day_count: int) -> Progress:
    """Tell of days instead of a day's own steps: one bar for the whole range."""
    return lambda _stage, _done, _total: progress(day.isoformat(), number, day_count)


def days_document(days: Sequence[BilledDay]) -> dict[str, Any]:
    """Return what days came to, as programs read it."""
    return {"dates": list(days), "invoices": add_amounts(days)}


def _show_one(screen: Screen, desk: "Desk", billed: BilledDay) -> None:
    """Show the run of a single date as ``billing runs show`` does, and what waits for another day."""
    day = billed.billing_date
    run_id = desk.last_run_of(day)
    if run_id is None:
        screen.say(f"Nothing was due on {day}.")
    else:
        if billed.run_id is None:
            screen.say("Nothing new: this date was billed before; below is its report.")
        show_run(screen, desk.run(run_id))
    _say_all(screen, why_waiting(desk, day))
