"""``billing inbox``: requests for invoices on demand, handed in by the thousand.

Belongs here: adding, draining and looking at requests.
Does not belong here: what one is answered (``steps``).
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from billing_assets.cli.arguments import Before, Json, Limit, Policy, hint_next_page, of_state, open_desk
from billing_assets.cli.output import Screen, count_of, instant, state_cell, styled
from billing_assets.domain.list_pages import page_of
from billing_assets.domain.on_demand import RequestState, reason_words

if TYPE_CHECKING:
    from billing_assets.store.inbox import InboxRow

app = typer.Typer(no_args_is_help=True, help="Hand in requests for invoices on demand and answer them.")

_STATES = tuple(state.value for state in RequestState)


@app.command("add", epilog="billing inbox add requests.csv\n\nbilling inbox add requests.jsonl")
def add(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="CSV or JSON lines (.jsonl) with request_key, policy_number and, if wanted, until.",
        ),
    ],
    as_json: Json = False,
) -> None:
    """Put the requests of a file into the inbox; keys that it has already are left out.

    A request without a date in 'until' bills the next installment of its policy.
    """
    from billing_assets.feeds.inbox_files import read_inbox_file
    from billing_assets.wiring.on_demand import OnDemandDesk

    screen = Screen(as_json)
    with open_desk(screen) as desk, screen.waiting("adding requests"):
        entries = read_inbox_file(file)
        count = OnDemandDesk(desk.billing).add(entries)
    screen.document({"row_count": len(entries), "added_count": count})
    known = len(entries) - count
    screen.say(f"{count_of(count, 'request')} added" + (f", {known:,} known before" if known else ""))
    screen.hint("answer them: billing inbox drain")


@app.command("drain", epilog="billing inbox drain")
def drain(
    batch: Annotated[
        int,
        typer.Option(
            "--batch", min=1, max=100_000, metavar="N", help="Answer so many requests in one transaction."
        ),
    ] = 10_000,
    as_json: Json = False,
) -> None:
    """Answer the open requests, oldest first, a batch with one run.

    What was interrupted goes on with the same command. A request whose policy a run under way is about to
    bill waits until that run is final.
    """
    from billing_assets.wiring.on_demand import OnDemandDesk

    screen = Screen(as_json)
    with open_desk(screen) as desk, screen.progress("draining") as progress:
        result = OnDemandDesk(desk.billing).drain(batch_requests=batch, progress=progress)
    screen.document(dict(result.facts))
    counts = {name: int(result.facts[f"{name}_count"]) for name in ("done", "failed", "waiting")}
    told = ", ".join(f"{count:,} {name}" for name, count in counts.items())
    screen.say(f"{count_of(int(result.facts['request_count']), 'request')}: {told}")
    if counts["waiting"]:
        screen.hint("what they wait for: billing inbox list --state waiting")
    if counts["failed"]:
        screen.hint("why: billing inbox list --state failed")


@app.command("list", epilog="billing inbox list --state failed\n\nbilling inbox list --policy ES-00000042")
def listed(
    state: Annotated[str, of_state(_STATES)] = "",
    policy: Policy = "",
    before: Before = None,
    limit: Limit = 20,
    as_json: Json = False,
) -> None:
    """List requests, newest first, with the invoices that they led to."""
    from billing_assets.wiring.on_demand import OnDemandDesk

    screen = Screen(as_json)
    with open_desk(screen) as desk:
        requests = OnDemandDesk(desk.billing).requests(
            state=state, policy_number=policy, before_id=before, limit=limit + 1
        )
    found, following = page_of(requests, limit, lambda row: row.request_id)
    screen.document({"requests": found, "before": following})
    if not found:
        screen.say("No request fits.")
        return
    rows = [
        [
            row.request_id,
            row.request_key,
            row.policy_number,
            row.until_date or "-",
            state_cell(row.state),
            ", ".join(row.invoice_numbers) or _reason(row),
        ]
        for row in found
    ]
    columns = [">request", "key", "policy", "until", "state", "invoices, or why none"]
    screen.table(columns, rows, wrap=["invoices, or why none"])
    hint_next_page(screen, following)


@app.command("show", epilog="billing inbox show 7")
def show(
    request: Annotated[int, typer.Argument(metavar="ID", help="Number of the request, as the list has it.")],
    as_json: Json = False,
) -> None:
    """Show one request: when it came, what became of it and why."""
    from billing_assets.wiring.on_demand import OnDemandDesk

    screen = Screen(as_json)
    with open_desk(screen) as desk:
        row = OnDemandDesk(desk.billing).request(request)
    screen.document(row)
    screen.say(styled("[bold]request {}[/bold]  {}", row.request_id, state_cell(row.state)))
    screen.facts(
        [
            ("policy", row.policy_number),
            ("key", row.request_key),
            ("until", row.until_date or "the next installment"),
            ("received", instant(row.received_at)),
            ("answered", instant(row.answered_at)),
            ("run", row.run_id or "-"),
            ("invoices", ", ".join(row.invoice_numbers) or "-"),
            ("reason", _reason(row) or "-"),
        ]
    )


def _reason(row: "InboxRow") -> str:
    if row.state == RequestState.QUEUED:
        return "not looked at yet: billing inbox drain"
    return reason_words(row.reason_code, row.run_id)
