"""``billing import``: policy books and changes of policies in.

Belongs here: the arguments of an import and its control totals as people read them.
Does not belong here: reading, checking and writing a book (``steps.read_policy_book``).
"""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from billing_assets.cli.arguments import Json, iso_date, open_desk
from billing_assets.cli.fact_rows import fact_rows
from billing_assets.cli.output import Screen, count_of, styled
from billing_assets.domain.money import parse_minor

if TYPE_CHECKING:
    from billing_assets.steps.result import StepResult

_COUNTS = (
    *("row_count", "new_count", "changed_count", "unchanged_count", "duplicate_count", "problem_count"),
    *("held_count", "missing_count", "unreadable_amount_count", "email_missing_count"),
    "email_bad_count",
)
_PREMIUMS = ("premium_in", "premium_accepted", "premium_duplicate", "premium_problem")
_NOTHING: dict[str, int | str] = {
    **dict.fromkeys(_COUNTS, 0),
    **dict.fromkeys(_PREMIUMS, ""),
    "imported_at": "",
}
"""What an import comes to that had nothing to do; ``imported_at`` is that of the first time."""

app = typer.Typer(no_args_is_help=True, help="Bring a policy book in.")


@app.callback()
def group() -> None:
    """Bring a policy book in."""


@app.command(
    "policies",
    epilog=(
        "billing import policies book.csv --mapping book.yaml\n\n"
        "billing import policies book.parquet -m book.yaml --cut-over 2025-01-01 --expect-rows 10000 "
        "--expect-premium EUR=1250000.00,GBP=93000.50"
    ),
)
def policies(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The policy book: CSV or Parquet.")],
    mapping: Annotated[
        Path, typer.Option("--mapping", "-m", metavar="FILE.yaml", help="Which column is which field.")
    ],
    cut_over: Annotated[
        date | None,
        typer.Option(
            "--cut-over",
            parser=iso_date,
            metavar="DATE",
            help="Bill from this day on; what was due before was billed elsewhere. Overrides the mapping.",
        ),
    ] = None,
    expect_rows: Annotated[
        int | None,
        typer.Option("--expect-rows", min=0, metavar="N", help="Refuse the file unless it has N rows."),
    ] = None,
    expect_premium: Annotated[
        str,
        typer.Option(
            "--expect-premium",
            metavar="TEXT",
            help="Refuse the file unless its premiums add up to: 1250.00, or EUR=1250.00,GBP=930.50.",
        ),
    ] = "",
    again: Annotated[
        bool,
        typer.Option(
            "--again",
            help="Take a file that a later book has replaced, or the last one once more after a plan was "
            "added: what it says counts again.",
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Import a policy book, all of it in one transaction.

    A bad row becomes a problem beside the good ones ('billing problems'); a changed row updates its policy,
    with history; the same file does nothing without --again, an older one is refused.
    """
    screen = Screen(as_json)
    with open_desk(screen) as desk, screen.progress(f"importing {file.name}") as progress:
        from billing_assets.domain.book_mapping import BookControls
        from billing_assets.feeds.mapping import expected_premium

        premium = expected_premium(expect_premium) if expect_premium else {}
        controls = BookControls(rows=expect_rows, premium=premium)
        result = desk.import_policies(file, mapping, cut_over, controls, is_again=again, progress=progress)
    screen.document(import_record(result))
    show_import(screen, result)


@app.command("changes", epilog="billing import changes changes.csv")
def changes(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The changes: CSV in UTF-8.")],
    as_json: Json = False,
) -> None:
    """Import endorsements, cancellations and reinstatements, all of a file in one transaction.

    The columns are policy_number, effective_date (of the term), change_number, change_kind (endorsement,
    cancellation, reinstatement), change_date, premium (of an endorsement: the new premium of the whole
    term) and method (of a cancellation: as 'billing quote cancellation' lists them). Cells are set apart by
    commas, dates are written 2025-06-01, amounts 123.45. The next run bills or gives back the difference to
    what was documented. A bad row becomes a problem ('billing problems') and holds its term; the same file
    again does nothing.
    """
    screen = Screen(as_json)
    with open_desk(screen) as desk, screen.progress(f"importing {file.name}") as progress:
        result = desk.import_changes(file, progress=progress)
    facts = result.facts
    screen.document({**facts, "seconds": seconds_of(result)})
    if facts["is_repeat"]:
        _say_repeat(screen, facts)
        return
    seconds = sum(result.seconds.values())
    screen.say(
        styled("[bold]{}[/bold]  batch {}, {} s", facts["file_name"], facts["batch_id"], f"{seconds:.1f}")
    )
    names = {
        "new_count": "new changes",
        "unchanged_count": "known changes",
        "duplicate_count": "repeated rows",
        "problem_count": "problems",
    }
    rows = fact_rows(names, facts)
    screen.table(["rows", ">count"], rows, footer=["in the file", f"{int(facts['row_count']):,}"])
    if facts["problem_count"]:
        screen.hint("see the bad rows: billing problems list")


def _say_repeat(screen: Screen, facts: Mapping[str, int | str]) -> None:
    at = str(facts["imported_at"])[:16].replace("T", " ")
    screen.say(
        f"{facts['file_name']} was imported before, as batch {facts['batch_id']} on {at}: nothing to do."
    )
    screen.hint("rows that were refused may be good since, by a plan that was added: import it with --again")


def show_import(screen: Screen, result: "StepResult") -> None:
    """Show what an import did: rows by what became of them, and premium in and out."""
    facts = {**_NOTHING, **result.facts}
    if facts["is_repeat"]:
        _say_repeat(screen, facts)
        return
    seconds = sum(result.seconds.values())
    told = f"batch {facts['batch_id']}, {seconds:.1f} s"
    screen.say(styled("[bold]{}[/bold]  {}", facts["file_name"], told))
    names = {
        "new_count": "new terms",
        "changed_count": "changed terms",
        "unchanged_count": "unchanged terms",
        "duplicate_count": "repeated rows",
        "problem_count": "problems",
    }
    rows = fact_rows(names, facts)
    screen.table(["rows", ">count"], rows, footer=["in the file", f"{int(facts['row_count']):,}"])
    screen.heading("Premium of whole terms, by what became of the rows")
    kinds = {
        "accepted": "taken (new, changed, unchanged)",
        "duplicate": "repeated rows",
        "problem": "rows with problems",
        "in": "in the file",
    }
    premiums = [[words, _grouped(str(facts[f"premium_{kind}"]))] for kind, words in kinds.items()]
    screen.facts([(words, text) for words, text in premiums if set(text) & set("123456789")])
    _say_left_out(screen, facts)
    _hint_at_problems(screen, facts)


def _hint_at_problems(screen: Screen, facts: Mapping[str, int | str]) -> None:
    """Say how many rows and terms somebody should look at, and where they stand."""
    held, missing, bad = (int(facts[name]) for name in ("held_count", "missing_count", "email_bad_count"))
    if held:
        screen.hint(
            f"{count_of(held, 'term')} held: billed before this book changed it. Which: billing problems list"
        )
    if missing:
        screen.hint(
            f"{count_of(missing, 'term')} in force left out by the book: "
            "billing problems list --code missing_from_book"
        )
    if bad:
        screen.hint(
            f"{count_of(bad, 'row')} with a bad e-mail address: "
            "billing problems list --code email_undeliverable"
        )
    if facts["problem_count"]:
        screen.hint("see the bad rows: billing problems list")


def _say_left_out(screen: Screen, facts: Mapping[str, int | str]) -> None:
    """Say what the premiums leave out, and to whom nothing can be sent."""
    unreadable, without_email = int(facts["unreadable_amount_count"]), int(facts["email_missing_count"])
    if unreadable:
        screen.say(f"not in these sums: {count_of(unreadable, 'row')} whose premium cannot be read")
    if without_email:
        screen.say(
            f"without an e-mail address, or with one that cannot be read: {count_of(without_email, 'row')}"
        )


def import_record(result: "StepResult") -> dict[str, object]:
    """Return what an import did as programs read it: of one shape, whether there was something to do or not.

    ``premiums`` has a row for each currency, in minor units; ``imported_at`` is null except of a repeat.
    """
    facts = {**_NOTHING, **result.facts}
    sums: dict[str, dict[str, object]] = {}
    for name in _PREMIUMS:
        kind = name.removeprefix("premium_")
        for part in filter(None, str(facts.pop(name)).split(", ")):
            currency, _, amount = part.partition(" ")
            row = sums.setdefault(currency, {"currency": currency})
            row[f"{kind}_minor"] = parse_minor(amount, currency)
    return {
        **facts,
        "is_repeat": bool(facts["is_repeat"]),
        "imported_at": facts["imported_at"] or None,
        "premiums": list(sums.values()),
        "seconds": seconds_of(result),
    }


def seconds_of(result: "StepResult") -> dict[str, float]:
    """Return the seconds of a step's parts, to the millisecond."""
    return {part: int(spent * 1_000) / 1_000 for part, spent in result.seconds.items()}


def _grouped(text: str) -> str:
    """Group the digits of ``EUR 1234.50, GBP 2.00``."""
    parts = []
    for part in filter(None, text.split(", ")):
        currency, _, digits = part.partition(" ")
        whole, point, fraction = digits.partition(".")
        parts.append(f"{currency} {int(whole):,}{point}{fraction}")
    return "   ".join(parts)
