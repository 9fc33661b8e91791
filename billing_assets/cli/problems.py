"""``billing problems``: the bad rows of policy books, and who deals with them.

Belongs here: listing, showing, closing and giving away problems. Does not belong here: finding them
(``frames``).

A list says where a bad row is, of which policy, and what to do; what else the row says is shown for one
problem at a time.
"""

from typing import TYPE_CHECKING, Annotated

import typer

from billing_assets.cli.arguments import (
    Before,
    By,
    Json,
    Limit,
    Note,
    hint_next_page,
    name_of,
    open_desk,
)
from billing_assets.cli.output import Screen, instant, styled
from billing_assets.domain.list_pages import page_of
from billing_assets.domain.problems import PROBLEM_CODES, meaning_of

if TYPE_CHECKING:
    from billing_assets.store.problem_listings import ProblemRow

app = typer.Typer(
    help="See the bad rows of policy books and deal with them; without a command, count them.",
    invoke_without_command=True,
)

Id = Annotated[int, typer.Argument(metavar="ID", help="Number of the problem, as the list has it.")]


@app.callback(
    epilog="billing problems\n\nbilling problems list --code amount_too_fine\n\nbilling problems show 7\n\n"
    'billing problems assign 7 --to claims\n\nbilling problems close 7 --note "the policy was withdrawn"'
)
def problems(ctx: typer.Context, as_json: Json = False) -> None:
    """Count the open problems by kind; `list` has each of them."""
    if ctx.invoked_subcommand is not None:
        return
    screen = Screen(as_json)
    with open_desk(screen) as desk:
        counts = desk.problem_counts()
    screen.document({"open_counts": counts})
    if not counts:
        screen.say("No problem is open.")
        return
    rows = [[f"{count:,}", code, meaning_of(code)] for code, count in counts.items()]
    screen.table([">open", "code", "what is wrong"], rows, wrap=["what is wrong"])
    screen.hint("each of them: billing problems list")


@app.command(
    "list", epilog="billing problems list --owner claims\n\nbilling problems list --code date_invalid"
)
def listed(
    code: Annotated[str, typer.Option("--code", metavar="CODE", help="Only of this kind.")] = "",
    owner: Annotated[
        str, typer.Option("--owner", metavar="NAME", help="Only those that NAME deals with.")
    ] = "",
    batch: Annotated[
        int | None, typer.Option("--batch", metavar="ID", help="Only of this import, by its batch number.")
    ] = None,
    with_closed: Annotated[bool, typer.Option("--all", help="Also closed ones.")] = False,
    before: Before = None,
    limit: Limit = 20,
    as_json: Json = False,
) -> None:
    """List problems, newest first: where each is and what to do about it."""
    screen = Screen(as_json)
    with open_desk(screen) as desk:
        from billing_assets.store.problem_listings import ProblemFilter

        wanted = ProblemFilter(
            problem_code=code,
            owner=owner,
            batch_id=batch,
            with_closed=with_closed,
            before_id=before,
            limit=limit + 1,
        )
        found, following = page_of(desk.problems(wanted), limit, lambda row: row.problem_id)
    screen.document({"problems": [_record(row) for row in found], "before": following})
    if not found:
        screen.say("No problem fits.")
        return
    _show_list(screen, found, "what became of it" if with_closed else "what to do")
    hint_next_page(screen, following)


@app.command("show", epilog="billing problems show 7")
def show(problem_id: Id, as_json: Json = False) -> None:
    """Show one problem with what the file says. It holds personal data: mind who looks on."""
    screen = Screen(as_json)
    with open_desk(screen) as desk:
        detail = desk.problem(problem_id)
    row = detail.problem
    texts = {"original_value": detail.original_value, "original_row": detail.original_row}
    screen.document({**_record(row), **texts})
    state = "open" if row.is_open else "closed"
    screen.say(styled("[bold]problem {}[/bold]  {}  {}", row.problem_id, row.problem_code, state))
    screen.facts(
        [
            ("what is wrong", meaning_of(row.problem_code, row.field_name)),
            ("what to do", todo(row)) if row.is_open else ("closed", closing_words(row)),
            ("file", f"{row.file_name}, row {row.row_number}" if row.row_number else row.file_name),
            ("field", row.field_name or "-"),
            ("key", row.record_key or "-"),
            ("value", repr(detail.original_value)),
            ("owner", row.owner),
            ("found (UTC)", instant(row.recorded_at)),
        ]
    )
    screen.heading("The row as it stands in the file")
    screen.say(detail.original_row)


@app.command("close", epilog='billing problems close 7 --note "the policy was withdrawn"')
def close(problem_id: Id, note: Note, by: By = "", as_json: Json = False) -> None:
    """Close a problem that needs no further work, and keep why and who.

    A corrected file closes its problems by itself. 'billing problems list --all' shows closed ones.
    """
    screen = Screen(as_json)
    closed_by = name_of(by)
    with open_desk(screen) as desk:
        row = desk.close_problem(problem_id, note, closed_by)
    screen.document({"problem_id": problem_id, "is_open": False, "closing": row.closing})
    screen.say(f"problem {problem_id} is closed")


@app.command("assign", epilog="billing problems assign 7 --to claims")
def assign(
    problem_id: Id,
    owner: Annotated[
        str, typer.Option("--to", metavar="NAME", help="Who deals with it: a person or a team.")
    ],
    as_json: Json = False,
) -> None:
    """Give a problem to somebody."""
    screen = Screen(as_json)
    with open_desk(screen) as desk:
        desk.assign_problem(problem_id, owner)
    screen.document({"problem_id": problem_id, "owner": owner.strip()})
    screen.say(styled("problem {} is with [bold]{}[/bold]", problem_id, owner.strip()))


def todo(row: "ProblemRow") -> str:
    """Return what to do about a problem."""
    return PROBLEM_CODES[row.problem_code].todo if row.problem_code in PROBLEM_CODES else ""


def closing_words(row: "ProblemRow") -> str:
    """Return when and by whom a problem was closed, and why."""
    closing = row.closing
    if closing is None:
        return "closed"
    if closing.batch_id is not None:
        return f"closed {instant(closing.closed_at)}: answered by import {closing.batch_id}"
    return f"closed {instant(closing.closed_at)} by {closing.closed_by}: {closing.note}"


def _show_list(screen: Screen, found: "list[ProblemRow]", last_column: str) -> None:
    # One file needs no column of its own: who looks at a list knows what was imported.
    has_files = len({row.file_name for row in found}) > 1
    screen.table(
        [">id", "code", *(["file"] if has_files else []), ">row", "policy", "field", "owner", last_column],
        [
            [
                row.problem_id,
                row.problem_code,
                *([row.file_name] if has_files else []),
                row.row_number,
                row.record_key,
                row.field_name,
                row.owner,
                todo(row) if row.is_open else closing_words(row),
            ]
            for row in found
        ],
        wrap=[last_column],
    )


def _record(row: "ProblemRow") -> dict[str, object]:
    from dataclasses import asdict

    return {**asdict(row), "meaning": meaning_of(row.problem_code, row.field_name), "todo": todo(row)}
