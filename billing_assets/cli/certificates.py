"""``billing runs certificate`` and ``verify``: the proof that a run is complete, shown, exported, compared.

Belongs here: the two commands. Does not belong here: what a certificate says (``domain.certificates``).
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from billing_assets.cli.arguments import Json, open_desk
from billing_assets.cli.failures import ExitCode
from billing_assets.cli.invoices import write_file
from billing_assets.cli.output import HAS_DOCUMENT, Screen, amount, count_of, styled
from billing_assets.domain.certificate_files import read_exported, require_same
from billing_assets.domain.certificates import NOT_DUE, TIES, Phase, side_text
from billing_assets.domain.errors import BillingError
from billing_assets.domain.runs import OUTCOME_REASONS
from billing_assets.domain.selections import selection_of

if TYPE_CHECKING:
    from billing_assets.domain.certificate_files import KeptCertificate

CERTIFICATE_EPILOG = (
    "billing runs certificate 12\n\nbilling runs certificate 12 --output run-12.json\n\n"
    "billing runs certificate 12 --json"
)
VERIFY_EPILOG = "billing runs verify run-12.json"


def certificate(
    run_id: Annotated[
        int, typer.Argument(metavar="ID", help="Number of the run, as 'billing runs' lists it.")
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", metavar="FILE", help="Write the certificate and its hash to this file."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Show the proof that a run is complete: what was due, what became of it, and that both sides agree.

    Each figure was counted twice, apart from each other, when the run was finalised, and is kept with a
    hash. It ends with 1 where any two of them differ.
    """
    screen = Screen(as_json)
    with open_desk(screen) as desk:
        kept = desk.certificate(run_id)
    if output is not None:
        write_file(output, kept.file_text.encode())
    if screen.is_json:
        # As it is kept, to the byte: whoever hashes the certificate in it finds the hash beside it.
        sys.stdout.write(kept.file_text)
        HAS_DOCUMENT.set(True)
    record = kept.record
    _show(screen, kept, record)
    if output is not None:
        screen.hint(f"written to {output}; compare it with the store: billing runs verify {output}")
    if not record["is_complete"]:
        raise typer.Exit(ExitCode.FOUND)


def verify(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="A certificate that was exported.")],
    as_json: Json = False,
) -> None:
    """Hash an exported certificate again, and compare it with the one that the store keeps of its run."""
    screen = Screen(as_json)
    exported = read_exported(_read(path))
    with open_desk(screen) as desk:
        require_same(exported, desk.certificate(exported.run_id))
    is_complete = exported.record["is_complete"]
    screen.document(
        {
            "run_id": exported.run_id,
            "content_sha256": exported.content_sha256,
            "is_complete": is_complete,
        }
    )
    said = "complete" if is_complete else "not complete"
    screen.say(f"the certificate of run {exported.run_id} is the one that the store keeps; the run is {said}")
    screen.say(f"hash  {exported.content_sha256}")


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = (error.strerror or "") if isinstance(error, OSError) else "it is not a text in UTF-8"
        raise BillingError(
            "file_unreadable", f"{path}: {why}", "name a file of 'billing runs certificate ID --output FILE'"
        ) from error


def _show(screen: Screen, kept: "KeptCertificate", record: Mapping[str, Any]) -> None:
    run, is_complete = record["run"], record["is_complete"]
    state = styled("[green]complete[/green]" if is_complete else "[red]NOT COMPLETE[/red]")
    told = f"run {kept.run_id}  company {run['company_code']}"
    screen.say(styled("[bold]{}[/bold]  {}  {}", run["billing_date"], told, state))
    if "selection" in run:
        screen.say(f"only {selection_of(run['selection']).words()}")
    _show_book(screen, record)
    _show_outcomes(screen, record)
    screen.heading("Documents")
    for row in record["documents"]:
        count = count_of(row["document_count"], row["document_kind"].replace("_", " "))
        net, total = (amount(row[name], row["currency"]) for name in ("net_minor", "total_minor"))
        screen.say(f"{count}, net {net}, total {total} {row['currency']}")
    spans = ", ".join(f"{span['first']} to {span['last']}" for span in record["numbers"])
    screen.say(f"numbers {spans}" if spans else "none")
    _show_ties(screen, record)
    earlier = ", ".join(f"{each['run_id']} ({each['state']})" for each in record["earlier_runs"])
    if earlier:
        screen.say(f"earlier runs of the date: {earlier}")
    screen.say(f"hash  {kept.content_sha256}")


def _show_book(screen: Screen, record: Mapping[str, Any]) -> None:
    """Show the book that the run read, and which of its terms were due."""
    book, due = record["book"], record["due"]
    screen.heading("Policy book")
    screen.say(f"import {book['batch_id']}, file {book.get('file_sha256', 'none')[:12]}")
    rows = [
        [row["currency"], f"{row['term_count']:,}", amount(row["premium_minor"], row["currency"])]
        for row in book["terms"]
    ]
    screen.table(["currency", ">terms", ">written premium"], rows)
    screen.heading("Terms")
    reasons = [
        ["not due", NOT_DUE[Phase(row["reason_code"])], f"{row['term_count']:,}"]
        for row in due["not_due_terms"]
    ]
    screen.table(["", "why", ">terms"], [["due", "", f"{due['term_count']:,}"], *reasons], wrap=["why"])


def _show_outcomes(screen: Screen, record: Mapping[str, Any]) -> None:
    """Show what became of the due terms, each once, and of their charges with the reason."""
    outcomes = record["outcomes"]
    screen.heading("Due terms")
    terms = [[outcome, f"{count:,}"] for outcome, count in outcomes["terms"].items()]
    screen.table(["outcome", ">terms"], terms, footer=["due", f"{record['due']['term_count']:,}"])
    screen.heading("Charges")
    charges = [
        [
            row["outcome"],
            f"{row['charge_count']:,}",
            row["currency"],
            amount(row["net_minor"], row["currency"]),
            OUTCOME_REASONS.get(row["reason_code"], row["reason_code"]),
        ]
        for row in outcomes["charges"]
    ]
    screen.table(["outcome", ">charges", "currency", ">net", "reason"], charges, wrap=["reason"])


def _show_ties(screen: Screen, record: Mapping[str, Any]) -> None:
    screen.heading("Both sides")
    rows = []
    for tie in record["ties"]:
        expected, found = TIES[tie["tie"]]
        mark = styled("[green]yes[/green]" if tie["is_equal"] else "[red]NO[/red]")
        rows.append([expected, side_text(tie, "expected"), found, side_text(tie, "found"), mark])
    columns = ["expected", ">so many", "found", ">so many", "agree"]
    screen.table(columns, rows, wrap=["expected", "found"])
