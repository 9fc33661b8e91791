"""``billing runs``: what each run did.

Belongs here: the list of runs and the report of one. Does not belong here: running (``run``), deciding
(``approvals``), counting (``store``).
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from billing_assets.cli.arguments import Before, Json, Limit, Payer, hint_next_page, open_desk
from billing_assets.cli.output import Screen, amount, count_of, state_cell, styled
from billing_assets.cli.rehearsals import show_rehearsal
from billing_assets.domain.backdating import REHEARSAL_APPROVER
from billing_assets.domain.list_pages import page_of
from billing_assets.domain.runs import OUTCOME_REASONS, Outcome, RunKind, RunState
from billing_assets.domain.selections import Selection, selection_of

if TYPE_CHECKING:
    from billing_assets.store.charge_listings import ChargeRow
    from billing_assets.store.run_listings import RunDetail, RunRow

app = typer.Typer(
    help="See what the billing runs did; without a command, list the newest.", invoke_without_command=True
)

_RunId = Annotated[int, typer.Argument(metavar="ID", help="Number of the run, as 'billing runs' lists it.")]
_BeforeCharge = Annotated[
    str,
    typer.Option(
        "--before",
        metavar="NUMBER:N",
        help="Go on below this policy and installment of the list: the next page.",
    ),
]

_CHARGE_COLUMNS = [
    *("policy", "payer", ">installment", "charge", "due"),
    *("outcome", "currency", ">net", "invoice", "reason"),
]
NOT_BEGUN = (RunState.PLANNED, RunState.HELD, RunState.REJECTED)
OUTCOMES = tuple(outcome.value for outcome in Outcome)


@app.callback(
    epilog="billing runs --limit 5\n\nbilling runs show 12\n\nbilling runs show 12 --markdown > report.md"
)
def runs(ctx: typer.Context, before: Before = None, limit: Limit = 20, as_json: Json = False) -> None:
    """List the newest runs; `show` tells of one, `charges` of each policy in it."""
    if ctx.invoked_subcommand is not None:
        return
    screen = Screen(as_json)
    with open_desk(screen) as desk:
        found, following = page_of(desk.runs(limit + 1, before), limit, lambda run: run.run_id)
    screen.document({"runs": found, "before": following})
    if not found:
        screen.say("There is no run below that." if before else "Nothing was billed yet.")
        screen.hint("the newest: billing runs" if before else "bill a date: billing run 2025-01-31")
        return
    columns = [
        "run",
        "billing date",
        "kind",
        "state",
        ">due",
        *(f">{outcome}" for outcome in OUTCOMES),
        "numbers",
    ]
    screen.table([f">{columns[0]}", *columns[1:]], [_row(run) for run in found], wrap=["numbers"])
    hint_next_page(screen, following)


@app.command("show", epilog="billing runs show 12\n\nbilling runs show 12 --markdown > report.md")
def show(
    run_id: _RunId,
    is_markdown: Annotated[bool, typer.Option("--markdown", help="Print the report as Markdown.")] = False,
    as_json: Json = False,
) -> None:
    """Show one run: what was due and what became of it, amounts, numbers, deliveries, seconds."""
    screen = Screen(as_json)
    with open_desk(screen) as desk:
        detail = desk.run(run_id)
    screen.document(detail)
    if is_markdown:
        from billing_assets.reports.run_report import run_report_markdown

        for line in run_report_markdown(detail.report).splitlines():
            screen.say(line)
    else:
        show_run(screen, detail)


@app.command(
    "charges", epilog="billing runs charges 12 --outcome held\n\nbilling runs charges 12 --policy MOT-1001"
)
def charges(
    run_id: _RunId,
    outcome: Annotated[
        Outcome | None, typer.Option("--outcome", help="Only charges that ended like this.")
    ] = None,
    policy: Annotated[str, typer.Option("--policy", metavar="NUMBER", help="Only this policy.")] = "",
    payer: Payer = "",
    before: _BeforeCharge = "",
    limit: Limit = 20,
    as_json: Json = False,
) -> None:
    """List what became of each policy that was due in a run, with the reason where it was not invoiced."""
    from billing_assets.store.charge_listings import ChargeFilter

    screen = Screen(as_json)
    wanted = ChargeFilter(
        run_id=run_id,
        outcome=outcome.value if outcome else "",
        policy_number=policy,
        payer_key=payer,
        after=_place(before),
        limit=limit + 1,
    )
    with open_desk(screen) as desk:
        found, following = page_of(desk.charges(wanted), limit, _cursor)
        is_begun = bool(found) or desk.run(run_id).state not in NOT_BEGUN
    screen.document({"charges": found, "before": following})
    if not found:
        screen.say("No such charge in this run." if is_begun else "This run has not issued anything yet.")
        if not is_begun:
            screen.hint(f"what it would issue: billing runs show {run_id}")
        return
    screen.table(
        _CHARGE_COLUMNS,
        [_charge(row) for row in found],
        wrap=["reason"],
    )
    hint_next_page(screen, following)


def _cursor(row: "ChargeRow") -> str:
    return f"{row.policy_number}:{row.installment_number}"


def _place(before: str) -> tuple[str, int] | None:
    """Return policy and installment of ``NUMBER:N``, None where nothing is given."""
    if not before:
        return None
    policy, mark, number = before.rpartition(":")
    if not mark or not number.isdecimal():
        raise typer.BadParameter("give it as NUMBER:N, such as MOT-1001:3", param_hint="--before")
    return policy, int(number)


def _charge(row: "ChargeRow") -> list[object]:
    number = row.installment_number or "whole term"
    net, reason = amount(row.net_minor, row.currency), OUTCOME_REASONS.get(row.reason_code, row.reason_code)
    reason = row.advice or reason
    return [
        row.policy_number,
        row.payer_key,
        number,
        row.charge_code or row.charge_kind.replace("_", " "),
        row.due_date,
        row.outcome,
        row.currency,
        net,
        row.invoice_number,
        reason,
    ]


def _say_what_it_bills(screen: Screen, report: "Mapping[str, Any]") -> Selection:
    """Say of which policies a run is and which templates print it; return the selection."""
    selection = selection_of(report.get("selection"))
    if not selection.is_everything:
        screen.say(f"only {selection.words()}")
    if "template" in report:
        screen.say(f"printed by the templates called {report['template']}")
    return selection


def show_run(screen: Screen, detail: "RunDetail") -> None:
    """Show one run to a person."""
    report = detail.report
    sequence = f", number {report['sequence_number']} of its date" if report["sequence_number"] > 1 else ""
    told = f"run {detail.run_id}{sequence}  company {report['company_code']}"
    screen.say(styled("[bold]{}[/bold]  {}  {}", report["billing_date"], told, state_cell(detail.state)))
    selection = _say_what_it_bills(screen, report)
    if detail.correction_reason:
        _show_correction(screen, detail)
        return
    if detail.state in {"planned", "held", "rejected"}:
        show_rehearsal(screen, detail)
        _hint_at_decision(screen, detail)
        return
    if detail.state != "finalised":
        screen.say(f"{detail.committed_shard_count} of {detail.shard_count} shards are done")
        screen.hint(f"go on: billing run {report['billing_date']}{selection.options()}")
    if detail.decision is not None:
        screen.say(f"approved by {detail.decision.decided_by}: {detail.decision.reason}")
    _show_issue_date(screen, detail)
    counts = report["outcome_counts"]
    rows = [[outcome, f"{counts[outcome]:,}"] for outcome in OUTCOMES if counts.get(outcome)]
    if rows:
        screen.table(["charges", ">count"], rows, footer=["due", f"{report['due_count']:,}"])
    else:
        screen.say("Nothing was due.")
    reasons = [row for row in report["charges"] if row["reason_code"]]
    if reasons:
        screen.heading("Not invoiced")
        screen.table(
            ["outcome", ">charges", "currency", ">net", "reason"],
            [_reason(row) for row in reasons],
            wrap=["reason"],
        )
        screen.hint(
            f"policy by policy: billing runs charges {detail.run_id} --outcome {reasons[0]['outcome']}"
        )
    _show_documents(screen, report)
    _show_beside_amounts(screen, detail)
    if detail.state == RunState.FINALISED and report["run_kind"] != RunKind.ON_DEMAND:
        screen.hint(f"the proof that it is complete: billing runs certificate {detail.run_id}")
    if report["seconds"]:
        spent = "  ".join(f"{part} {seconds}" for part, seconds in report["seconds"].items())
        screen.say(styled("\n[dim]seconds  {}[/dim]", spent))


def _show_documents(screen: Screen, report: "Mapping[str, Any]") -> None:
    """Show the documents of a run: invoices, and credit notes where changes gave something back."""
    is_correction = report.get("run_kind") == RunKind.CORRECTION
    credit_notes = None if is_correction else report.get("credit_notes")
    if report["invoices"]:
        screen.heading("Invoices")
        show_amounts(screen, report["invoices"])
    if credit_notes:
        screen.heading("Credit notes")
        show_amounts(screen, credit_notes, "credit notes")
    if report["invoices"] or credit_notes:
        screen.say(_counted(report, credit_notes or []))


def _counted(report: "Mapping[str, Any]", credit_notes: "Sequence[Mapping[str, Any]]") -> str:
    """Say how many documents there are in all, why they can be fewer than the charges, and their numbers."""
    count, charges = sum(row["count"] for row in report["invoices"]), report["outcome_counts"]["invoiced"]
    why = "; charges of a policy, or of a payer by their plan, that fall due together share an invoice"
    shared = why if count < charges else ""
    counts = [(count, "invoice"), (sum(row["count"] for row in credit_notes), "credit note")]
    documents = " and ".join(count_of(number, name) for number, name in counts if number)
    spans = ", ".join(_span(span) for span in report["numbers"])
    return f"{documents}, numbers {spans}{shared}"


def _span(span: "Mapping[str, str]") -> str:
    """Return the numbers from the first to the last of a series; a single one stands alone."""
    first, last = span["first"], span["last"]
    return first if first == last else f"{first} to {last}"


def _hint_at_decision(screen: Screen, detail: "RunDetail") -> None:
    """Say how a run that has not begun goes on."""
    selected = selection_of(detail.report.get("selection")).options()
    run_id, day = detail.run_id, f"{detail.report['billing_date']}{selected}"
    if detail.state == "rejected":
        screen.hint(f"plan anew: billing run {day} --rehearse")
    elif detail.decision is not None:
        screen.hint(f"go on: billing run {day}")
    elif detail.rehearsal is None or not detail.rehearsal["due_count"]:
        screen.hint(f"bill it: billing run {day}")
    else:
        screen.hint(f"bill exactly this: billing runs approve {run_id} --reason TEXT --approved-by NAME")
        screen.hint(f"drop it: billing runs reject {run_id} --reason TEXT --rejected-by NAME")


def _show_correction(screen: Screen, detail: "RunDetail") -> None:
    """Show a run of credit notes: why, who approved it, what it gives back and bills in its place."""
    report = detail.report
    screen.say(f"correction: {detail.correction_reason} (approved by {detail.approved_by})")
    if report["invoices"]:
        screen.heading("Invoices")
        show_amounts(screen, report["invoices"])
    screen.heading("Credit notes")
    show_amounts(screen, report["credit_notes"], "credit notes")
    screen.say("numbers " + ", ".join(_span(span) for span in report["numbers"]))
    _show_beside_amounts(screen, detail)


def _show_beside_amounts(screen: Screen, detail: "RunDetail") -> None:
    """Show what belongs to the amounts of a run: cash rounding, their sum in one currency, deliveries."""
    _show_rounding(screen, detail.report)
    _show_reporting(screen, detail.report.get("reporting"))
    if detail.delivery_counts:
        screen.heading("Deliveries")
        show_deliveries(screen, detail.delivery_counts)


def _show_rounding(screen: Screen, report: "Mapping[str, Any]") -> None:
    """Show how many documents have a cash rounding, and what it comes to; reports of before have none."""
    rows = report.get("rounding", ())
    if rows:
        screen.heading("Cash rounding")
        cells = [
            [row["currency"], f"{row['count']:,}", amount(row["cash_rounding_minor"], row["currency"])]
            for row in rows
        ]
        screen.table(["currency", ">documents", ">rounding"], cells)


def _show_reporting(screen: Screen, reporting: "Mapping[str, Any] | None") -> None:
    """Show the invoices in the reporting currency, each amount with its rates."""
    if not reporting:
        return
    from billing_assets.reports.run_report import rate_words

    into = reporting["currency"]
    screen.heading(f"In {into}")
    screen.table(
        ["currency", ">total", "rate"],
        [[row["currency"], amount(row["total_minor"], into), rate_words(row)] for row in reporting["rows"]],
        footer=[into, amount(reporting["total_minor"], into), ""] if not reporting["missing"] else None,
    )
    if reporting["missing"]:
        screen.say(f"No rate for {', '.join(reporting['missing'])} on that day, so there is no total.")
        screen.hint("bring rates in: billing rates import FILE; the next runs add up by them")


def _show_issue_date(screen: Screen, detail: "RunDetail") -> None:
    """Say the dates on the invoices where they are not the billing date, or why they are past ones."""
    from billing_assets.reports.run_report import issue_date_words

    report, backdating = detail.report, detail.backdating
    issued, dates = issue_date_words(report), set((report["issue_dates"] or {}).values())
    if backdating.reason:
        told = issued or f"without an invoice, to be issued on {report['issuing_date']}"
        is_setting = backdating.approved_by == REHEARSAL_APPROVER
        why = "by the setting BILLING_ISSUE_ON" if is_setting else f"approved by {backdating.approved_by}"
        screen.say(f"{told}: {backdating.reason} ({why})")
    elif issued and dates != {report["billing_date"]}:
        screen.say(issued)


def show_amounts(screen: Screen, totals: Sequence[Mapping[str, Any]], what: str = "invoices") -> None:
    """Show documents, net, tax and total by currency."""
    rows = []
    for row in totals:
        currency = row["currency"]
        amounts = [amount(row[name], currency) for name in ("net_minor", "tax_minor", "total_minor")]
        rows.append([currency, f"{row['count']:,}", *amounts])
    screen.table(["currency", f">{what}", ">net", ">tax", ">total"], rows)


def show_deliveries(screen: Screen, counts: Mapping[str, int]) -> None:
    """Show deliveries by state."""
    screen.table(
        ["state", ">deliveries"], [[state_cell(state), f"{count:,}"] for state, count in counts.items()]
    )


def _row(run: "RunRow") -> list[object]:
    numbers = ", ".join(_span(span) for span in run.numbers)
    counts = [_count(outcome, run.counts.get(outcome)) for outcome in OUTCOMES]
    return [
        run.run_id,
        run.billing_date,
        run.run_kind if run.selection.is_everything else run.selection.words(),
        state_cell(run.state),
        f"{run.due_count:,}",
        *counts,
        numbers,
    ]


def _count(outcome: str, count: int | None) -> str:
    if not count:
        return "-" if count is None else "0"
    return styled("[red]{}[/red]", f"{count:,}") if outcome == "failed" else f"{count:,}"


def _reason(row: Mapping[str, Any]) -> list[object]:
    code, currency = row["reason_code"], row["currency"]
    net = amount(row["net_minor"], currency)
    return [row["outcome"], f"{row['count']:,}", currency, net, OUTCOME_REASONS.get(code, code)]
