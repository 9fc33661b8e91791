"""``billing suspense``: payments that nobody owns yet, and giving them an owner.

Belongs here: the commands. Does not belong here: reasons and candidates (``frames.suspense``).
"""

from typing import TYPE_CHECKING, Annotated

import typer

from billing_assets.cli.arguments import By, Json, Limit, Note, name_of, open_desk
from billing_assets.cli.output import Screen, amount
from billing_assets.cli.payments import show_allocated

if TYPE_CHECKING:
    from billing_assets.store.suspense_listings import Candidate

app = typer.Typer(no_args_is_help=True, help="Payments whose owner is not known, and who they may be of.")


@app.command("list", epilog="billing suspense list")
def listed(limit: Limit = 50, as_json: Json = False) -> None:
    """List the payments without an owner, oldest first, why, and which invoices they may be for."""
    screen = Screen(as_json)
    with open_desk(screen) as opened:
        from billing_assets.wiring.payment_desk import PaymentDesk

        desk = PaymentDesk(opened.billing)
        found, waiting = desk.suspense(limit=limit), desk.waiting_returns(limit)
    screen.document({"suspense": found, "waiting_returns": waiting})
    if not found:
        screen.say("Every payment has an owner.")
    else:
        screen.table(
            [">payment", ">days", ">amount", "", "why", "it may be for"],
            [
                [
                    row.payment_id,
                    row.age_days,
                    amount(row.amount_minor, row.currency),
                    row.currency,
                    row.reason_code.replace("_", " "),
                    "; ".join(map(_candidate, row.candidates)),
                ]
                for row in found
            ],
            wrap=["it may be for"],
        )
        screen.hint("to give one an owner: billing suspense resolve ID --document NUMBER --note ...")
    if waiting:
        screen.say("Went back, and fits no payment:")
        screen.table(
            ["key", "of", ">amount", "", "why"],
            [
                [
                    row.external_key,
                    row.original_key,
                    amount(row.amount_minor, row.currency),
                    row.currency,
                    row.reason_code,
                ]
                for row in waiting
            ],
        )


def _candidate(each: "Candidate") -> str:
    marks = [
        words
        for words, is_so in (
            ("number", each.is_named),
            ("name", each.is_same_name),
            ("amount", each.is_same_amount),
        )
        if is_so
    ]
    return f"{each.document_number} ({', '.join(marks)})"


@app.command(
    "resolve", epilog='billing suspense resolve 1001 --document INV-00000001 --note "the payer called"'
)
def resolve(
    payment_id: Annotated[int, typer.Argument(metavar="ID", help="Number of the payment.")],
    document: Annotated[
        str, typer.Option("--document", metavar="NUMBER", help="The invoice that it is for.")
    ] = "",
    payer: Annotated[str, typer.Option("--payer", metavar="KEY", help="The payer whose it is.")] = "",
    note: Note = "",
    by: By = "",
    as_json: Json = False,
) -> None:
    """Give a payment its owner, by an invoice or by a payer. It then pays what is due of them."""
    screen = Screen(as_json)
    with open_desk(screen) as opened:
        from billing_assets.wiring.payment_desk import PaymentDesk

        result = PaymentDesk(opened.billing).resolve(
            payment_id, payer_key=payer, document_number=document, note=note, by=name_of(by)
        )
    screen.document(dict(result.facts))
    screen.say(f"Payment {payment_id} has its owner.")
    show_allocated(screen, result)
