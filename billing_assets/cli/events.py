"""``billing events``: what policy systems tell of policies, taken and billed without anybody asking.

Belongs here: adding, draining and looking at events. Does not belong here: what becomes of one (``steps``).
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from billing_assets.cli.arguments import Before, Json, Limit, Policy, hint_next_page, of_state, open_desk
from billing_assets.cli.output import Screen, count_of, state_cell
from billing_assets.domain.list_pages import page_of
from billing_assets.domain.policy_events import EVENT_REASONS, EventState
from billing_assets.domain.problems import meaning_of

if TYPE_CHECKING:
    from billing_assets.store.policy_events import EventRow

app = typer.Typer(no_args_is_help=True, help="Let a policy system tell of new and changed policies.")

_STATES = tuple(state.value for state in EventState)
_OUTCOMES = ("taken", "refused", "stale", "repeated")


@app.command("add", epilog="billing events add events.ndjson\n\nbilling events add - < events.csv")
def add(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="CSV or JSON lines with event_key, event_kind, version and the fields; '-' is the standard "
            "input.",
            allow_dash=True,
        ),
    ],
    as_json: Json = False,
) -> None:
    """Put the events of a file into the inbox; those that it has already are left out.

    An event has a key of the sender, a kind (policy or change), a version that grows with each event of a
    policy, and the fields of a policy book or of a file of changes under their own names.
    """
    from billing_assets.feeds.event_files import read_event_file
    from billing_assets.wiring.policy_events import EventDesk

    screen = Screen(as_json)
    with open_desk(screen) as desk, screen.waiting("adding events"):
        events = read_event_file(file)
        count = EventDesk(desk.billing).add(events)
    screen.document({"row_count": len(events), "added_count": count})
    known = len(events) - count
    screen.say(f"{count_of(count, 'event')} added" + (f", {known:,} known before" if known else ""))
    screen.hint("take them: billing events drain; Dagster's daemon does it by itself")


@app.command("drain", epilog="billing events drain")
def drain(
    batch: Annotated[
        int,
        typer.Option(
            "--batch", min=1, max=100_000, metavar="N", help="Take so many events in one transaction."
        ),
    ] = 10_000,
    as_json: Json = False,
) -> None:
    """Take the open events into the book, and bill what is due of their policies.

    A new policy has its first invoice made, whatever its date; of others what is due today is billed. What
    was interrupted goes on with the same command.
    """
    from billing_assets.wiring.policy_events import EventDesk

    screen = Screen(as_json)
    with open_desk(screen) as desk, screen.progress("draining") as progress:
        result = EventDesk(desk.billing).drain(batch_events=batch, progress=progress)
    facts = result.facts
    screen.document(dict(facts))
    told = ", ".join(f"{int(facts[f'{name}_count']):,} {name}" for name in _OUTCOMES)
    screen.say(f"{count_of(int(facts['event_count']), 'event')}: {told}")
    answered = {name: int(facts[f"request_{name}_count"]) for name in ("done", "failed", "waiting")}
    answers = ", ".join(f"{count:,} {name}" for name, count in answered.items())
    screen.say(f"{count_of(int(facts['request_count']), 'request')} to bill them: {answers}")
    if facts["awaiting_count"]:
        awaiting = count_of(int(facts["awaiting_count"]), "change")
        screen.hint(f"{awaiting} of a term that is not there yet: billing events list --state open")
    if facts["refused_count"]:
        screen.hint("why: billing events list --state refused, billing problems list")
    if answered["failed"]:
        screen.hint("what was not billed, and why: billing inbox list --state failed")


@app.command("list", epilog="billing events list --state refused\n\nbilling events list --policy MOT-1001")
def listed(
    state: Annotated[str, of_state(_STATES)] = "",
    policy: Policy = "",
    before: Before = None,
    limit: Limit = 20,
    as_json: Json = False,
) -> None:
    """List events, newest first, with the invoices that they led to."""
    from billing_assets.wiring.policy_events import EventDesk

    screen = Screen(as_json)
    with open_desk(screen) as desk:
        events = EventDesk(desk.billing).events(
            state=state, policy_number=policy, before_id=before, limit=limit + 1
        )
    found, following = page_of(events, limit, lambda row: row.event_id)
    screen.document({"events": found, "before": following})
    if not found:
        screen.say("No event fits.")
        return
    rows = [
        [
            row.event_id,
            row.event_key,
            row.record_key,
            row.version,
            state_cell(row.state),
            ", ".join(row.invoice_numbers) or _reason(row),
        ]
        for row in found
    ]
    columns = [">event", "key", "of", ">version", "state", "invoices, or why none"]
    screen.table(columns, rows, wrap=["invoices, or why none"])
    hint_next_page(screen, following)


def _reason(row: "EventRow") -> str:
    if row.state == EventState.OPEN and not row.reason_code:
        return "not taken yet: billing events drain"
    words = EVENT_REASONS.get(row.reason_code) or meaning_of(row.reason_code)
    return f"{words} (problem {row.problem_id})" if row.problem_id else words
