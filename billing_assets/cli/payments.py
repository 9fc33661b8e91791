"""``billing payments``: money that comes in, what it pays, and what goes back.

Belongs here: the commands. Does not belong here: what a payment pays (``frames.allocation``), payments
without an owner (``suspense``).
"""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from billing_assets.cli.arguments import (
    Before,
    By,
    Json,
    Limit,
    Note,
    Payer,
    hint_next_page,
    iso_date,
    name_of,
    of_state,
    open_desk,
)
from billing_assets.cli.output import Screen, amount, styled
from billing_assets.domain.list_pages import page_of
from billing_assets.domain.payments import (
    PAYMENT_PROBLEMS,
    NewPayment,
    PaymentState,
    SourceKind,
    amount_of,
    day_of,
    key_of,
)

if TYPE_CHECKING:
    from billing_assets.steps.result import StepResult
    from billing_assets.store.payment_listings import AllocationRow, PaymentDetail

app = typer.Typer(no_args_is_help=True, help="Take in payments, allocate them to invoices, reverse them.")

_STATES = tuple(state.value for state in PaymentState)
_PaymentId = Annotated[
    int, typer.Argument(metavar="ID", help="Number of the payment, as 'billing payments list' has it.")
]
_On = Annotated[
    date | None,
    typer.Option("--on", parser=iso_date, metavar="DATE", help="As of this date; today if left out."),
]
_Amount = Annotated[str, typer.Argument(metavar="AMOUNT", help="The amount, as 123.45.")]
_Currency = Annotated[str, typer.Argument(metavar="CURRENCY", help="Its currency, as EUR.")]


@app.command("import", epilog="billing payments import statement.xml\n\nbilling payments import payments.csv")
def bring_in(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A camt.053 statement, or a CSV list.")],
    by: By = "",
    as_json: Json = False,
) -> None:
    """Take in a file of payments, in one transaction; the same file again changes nothing.

    It reads statements of a bank (camt.053, versions 02 and 08) and lists with the columns key, value_date,
    amount, currency. An entry that cannot be taken becomes a problem.
    """
    screen = Screen(as_json)
    with open_desk(screen) as opened:
        from billing_assets.wiring.payment_desk import PaymentDesk

        result = PaymentDesk(opened.billing).bring_in(file, name_of(by))
    screen.document({**result.facts, "problem_count": result.problem_count})
    if result.facts["is_repeat"]:
        screen.say("This very file was taken in before: nothing was written.")
        return
    rows = [
        ["new", f"{int(result.facts['new_count']):,}"],
        ["there already", f"{int(result.facts['duplicate_count']):,}"],
        ["problems", f"{result.problem_count:,}"],
    ]
    screen.say(styled("[bold]{}[/bold]", result.facts["file_name"]))
    screen.table(["entries", ">count"], rows)
    if result.problem_count:
        screen.hint("what is wrong with each: billing problems list")
    screen.hint("to allocate what came in: billing payments allocate")


@app.command("add", epilog="billing payments add 120.00 EUR --payer C-51 --key receipt-17")
def add(
    written: _Amount,
    currency: _Currency,
    key: Annotated[
        str, typer.Option("--key", metavar="TEXT", help="What tells it from any other: a receipt.")
    ],
    payer: Annotated[
        str, typer.Option("--payer", metavar="KEY", help="Who paid, by the key of a payer.")
    ] = "",
    day: Annotated[str, typer.Option("--on", metavar="DATE", help="Its value date; today if left out.")] = "",
    remittance: Annotated[
        str, typer.Option("--for", metavar="TEXT", help="What the payer says it is for: an invoice number.")
    ] = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """Take in a payment in cash. The same key again changes nothing."""
    screen = Screen(as_json)
    with open_desk(screen) as opened:
        from billing_assets.wiring.payment_desk import PaymentDesk

        desk = PaymentDesk(opened.billing)
        payment = _payment(written, currency.upper(), key, day or str(desk.today), payer, remittance)
        is_new = desk.add(payment, name_of(by))
    screen.document({"is_new": is_new, "key": payment.external_key})
    screen.say("Taken in." if is_new else "It was taken in before: nothing was written.")
    screen.hint("to allocate it: billing payments allocate")


def _payment(written: str, currency: str, key: str, day: str, payer_key: str, remittance: str) -> NewPayment:
    try:
        value_date = day_of(day)
        return NewPayment(
            source_kind=SourceKind.CASH,
            external_key=key_of(key),
            currency=currency,
            amount_minor=amount_of(written, currency),
            value_date=value_date,
            booking_date=value_date,
            payer_key=payer_key,
            remittance_text=remittance,
        )
    except ValueError as error:
        raise typer.BadParameter(PAYMENT_PROBLEMS[str(error)][0]) from None


@app.command("list", epilog="billing payments list --state suspense\n\nbilling payments list --payer C-51")
def listed(
    state: Annotated[str, of_state(_STATES)] = "",
    payer: Payer = "",
    before: Before = None,
    limit: Limit = 20,
    as_json: Json = False,
) -> None:
    """List payments, newest first: who paid, how much, and how much of it pays something."""
    screen = Screen(as_json)
    with open_desk(screen) as opened:
        from billing_assets.store.payment_listings import PaymentFilter
        from billing_assets.wiring.payment_desk import PaymentDesk

        wanted = PaymentFilter(state=state, payer_key=payer, before_id=before, limit=limit + 1)
        rows = PaymentDesk(opened.billing).payments(wanted)
    found, following = page_of(rows, limit, lambda row: row.payment_id)
    screen.document({"payments": found, "before": following})
    if not found:
        screen.say("No payment fits.")
        screen.hint("bring payments in: billing payments import FILE")
        return
    screen.table(
        [">id", "value date", "payer", "key", ">amount", ">allocated", ">free", "", "state"],
        [
            [
                row.payment_id,
                row.value_date,
                row.payer_key,
                row.external_key,
                amount(row.amount_minor, row.currency),
                amount(row.allocated_minor, row.currency),
                amount(row.free_minor, row.currency),
                row.currency,
                row.state.value,
            ]
            for row in found
        ],
        wrap=["key"],
    )
    hint_next_page(screen, following)


@app.command("show", epilog="billing payments show 1001")
def show(payment_id: _PaymentId, as_json: Json = False) -> None:
    """Show one payment: what the payer wrote, what it pays, and what went back."""
    screen = Screen(as_json)
    with open_desk(screen) as opened:
        from billing_assets.wiring.payment_desk import PaymentDesk

        found = PaymentDesk(opened.billing).payment(payment_id)
    screen.document(found)
    _show(screen, found)


def _show(screen: Screen, found: "PaymentDetail") -> None:
    row = found.payment
    screen.say(
        styled(
            "Payment [bold]{}[/bold]  {} {} of {}  {}",
            row.payment_id,
            amount(row.amount_minor, row.currency),
            row.currency,
            row.value_date,
            row.state.value,
        )
    )
    for label, value in (
        ("payer", row.payer_key or found.payer_name),
        ("written", found.remittance_text),
        ("key", row.external_key),
        ("given its owner by", f"{found.assigned_by} {found.note}".strip()),
    ):
        if value:
            screen.say(styled("[dim]{}[/dim]  {}", label, value))
    allocation_table(screen, found.allocations)
    for back in found.reversals:
        screen.say(
            f"{amount(back.amount_minor, back.currency)} {back.currency} went back on {back.as_of_date}: "
            f"{back.reason_code}"
        )


def allocation_table(screen: Screen, rows: "tuple[AllocationRow, ...]") -> None:
    """Print rows of allocations; nothing where there are none."""
    if rows:
        screen.table(
            ["on", "document", ">payment", ">amount", "", "why"],
            [
                [
                    row.as_of_date,
                    row.document_number,
                    row.payment_id or "written off",
                    amount(row.amount_minor, row.currency),
                    row.currency,
                    row.reason_code,
                ]
                for row in rows
            ],
        )


@app.command("allocate", epilog="billing payments allocate\n\nbilling payments allocate --on 2025-01-31")
def allocate(day: _On = None, as_json: Json = False) -> None:
    """Let what is free pay what is due: what the payer names first, then the oldest due.

    Whatever went back is taken off first, the newest allocation first. Again it finds nothing to do.
    """
    screen = Screen(as_json)
    with open_desk(screen) as opened, screen.waiting("allocating"):
        from billing_assets.wiring.payment_desk import PaymentDesk

        result = PaymentDesk(opened.billing).allocate(day)
    screen.document(dict(result.facts))
    show_allocated(screen, result)


def show_allocated(screen: Screen, result: "StepResult") -> None:
    """Print what a run of allocation has done."""
    names = {
        "reversal_count": "reversals",
        "unallocation_count": "taken back",
        "owner_count": "owners found",
        "allocation_count": "allocations",
        "write_off_count": "write-offs",
    }
    rows = [[words, f"{int(result.facts[name]):,}"] for name, words in names.items() if result.facts[name]]
    if rows:
        screen.table([f"as of {result.facts['as_of_date']}", ">count"], rows)
    else:
        screen.say("There was nothing to allocate.")
    screen.hint("what nobody owns: billing suspense list")


@app.command("reverse", epilog="billing payments reverse 1001 --reason AM04")
def reverse(
    payment_id: _PaymentId,
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why: a code of the bank, or words.")
    ],
    part: Annotated[
        str, typer.Option("--amount", metavar="AMOUNT", help="Only so much of it; all of it if left out.")
    ] = "",
    reference: Annotated[
        str, typer.Option("--reference", metavar="TEXT", help="What tells this reversal from an earlier one.")
    ] = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """Say that a payment went back. What it paid is open again, at its own due date; the newest first."""
    screen = Screen(as_json)
    with open_desk(screen) as opened:
        from billing_assets.steps.reverse_payment import Reversal
        from billing_assets.wiring.payment_desk import PaymentDesk

        desk = PaymentDesk(opened.billing)
        currency = desk.payment(payment_id).payment.currency
        try:
            minor = amount_of(part, currency) if part else None
        except ValueError as error:
            raise typer.BadParameter(PAYMENT_PROBLEMS[str(error)][0]) from None
        wanted = Reversal(reason_code=reason, by=name_of(by), amount_minor=minor, reference=reference)
        result = desk.reverse(payment_id, wanted)
    screen.document({"is_new": result is not None, **(result.facts if result else {})})
    screen.say("Reversed." if result else "It was reversed before: nothing was written.")
    if result:
        show_allocated(screen, result)


@app.command("write-off", epilog='billing payments write-off INV-00000001 --note "too small to ask for"')
def write_off(
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="Number of the invoice.")],
    note: Note = "",
    approved_by: Annotated[
        str, typer.Option("--approved-by", metavar="NAME", help="Who approves more than the rule allows.")
    ] = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """Write off what is open of an invoice; more than the rule allows needs an approver."""
    screen = Screen(as_json)
    with open_desk(screen) as opened:
        from billing_assets.steps.write_off import WriteOff
        from billing_assets.wiring.payment_desk import PaymentDesk

        wanted = WriteOff(document_number=number, note=note, by=name_of(by), approved_by=approved_by)
        minor = PaymentDesk(opened.billing).write_off(wanted)
    screen.document({"document_number": number, "amount_minor": minor})
    screen.say(f"What was open of {number} is written off.")


@app.command(
    "tolerance",
    epilog="billing payments tolerance EUR 0.05 --approval-above 5 --from 2025-01-01 --source board",
)
def tolerance(
    currency: _Currency,
    written: _Amount,
    above: Annotated[
        str, typer.Option("--approval-above", metavar="AMOUNT", help="Above this an approver is needed.")
    ],
    valid_from: Annotated[
        date, typer.Option("--from", parser=iso_date, metavar="DATE", help="The first day of the rule.")
    ],
    source: Annotated[str, typer.Option("--source", metavar="TEXT", help="Who decided it, and where.")],
    by: By = "",
    as_json: Json = False,
) -> None:
    """Say how little may be left of an invoice to be written off by itself."""
    from billing_assets.domain.allocation import AllocationRule
    from billing_assets.domain.money import parse_minor

    screen = Screen(as_json)
    try:
        least, most = (parse_minor(each, currency.upper()) for each in (written, above))
    except ValueError:
        raise typer.BadParameter("an amount is a plain number such as 0.05") from None
    rule = AllocationRule(
        currency=currency.upper(),
        tolerance_minor=least,
        approval_above_minor=most,
        valid_from=valid_from,
        source=source,
    )
    with open_desk(screen) as opened:
        from billing_assets.wiring.payment_desk import PaymentDesk

        rule_id = PaymentDesk(opened.billing).set_rule(rule, name_of(by))
    screen.document({"allocation_rule_id": rule_id})
    screen.say(f"Rule {rule_id} is valid from {valid_from}.")
