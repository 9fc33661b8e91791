"""``billing ledger``: what was posted for the documents that were issued.

Belongs here: showing accounts, balances and entries. Does not belong here: the chart of accounts
(``domain.ledger``), what a document posts (``frames.ledger``).
"""

from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from billing_assets.cli.arguments import Json, iso_date, open_desk
from billing_assets.cli.output import Screen, amount, styled

if TYPE_CHECKING:
    from billing_assets.store.ledger_listings import AccountBalance

app = typer.Typer(no_args_is_help=True, help="The ledger: accounts, balances, the entry of a document.")


@app.command("accounts", epilog="billing ledger accounts")
def accounts(as_json: Json = False) -> None:
    """List the chart of accounts: what each account is, and what is posted there."""
    screen = Screen(as_json)
    with open_desk(screen) as desk:
        found = desk.ledger.accounts()
    screen.document({"accounts": found})
    screen.table(
        [">account", "name", "kind", "what is posted there"],
        [[row.account_number, row.account_name, row.account_kind, row.content] for row in found],
        wrap=["what is posted there"],
    )


@app.command("balances", epilog="billing ledger balances\n\nbilling ledger balances --on 2025-01-31")
def balances(
    day: Annotated[
        date | None,
        typer.Option(
            "--on", parser=iso_date, metavar="DATE", help="As of the end of this day; now if left out."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Show the trial balance: debits, credits and balance of each account, by currency.

    A document is posted on its day of issue. A balance below zero is a credit; those of a currency add up to
    zero.
    """
    screen = Screen(as_json)
    with open_desk(screen) as desk:
        found = desk.ledger.balances(day)
    screen.document({"balances": found})
    if not found:
        screen.say("Nothing was posted.")
        return
    rows = []
    for currency in dict.fromkeys(row.currency for row in found):
        own = [row for row in found if row.currency == currency]
        rows += [_cells(row) for row in own]
        sums = [sum(column) for column in zip(*(_amounts(row) for row in own), strict=True)]
        rows.append(["", "", "sum", *(amount(each, currency) for each in sums)])
    screen.table([">account", "name", "currency", ">debit", ">credit", ">balance"], rows)


@app.command("show", epilog="billing ledger show INV-00000001")
def show(
    number: Annotated[
        str, typer.Argument(metavar="NUMBER", help="Number of the invoice or credit note, as printed on it.")
    ],
    as_json: Json = False,
) -> None:
    """Show the ledger entry of a document: what it debits and what it credits."""
    screen = Screen(as_json)
    with open_desk(screen) as desk:
        entry = desk.ledger.entry(number)
    screen.document(entry)
    screen.say(styled("[bold]{}[/bold]  posted on {}", entry.document_number, entry.posting_date))
    if not entry.postings:
        screen.say("It moves no account: its lines make up for each other.")
        return
    screen.table(
        [">account", "name", "currency", ">debit", ">credit"],
        [
            [
                row.account_number,
                row.account_name,
                row.currency,
                amount(row.amount_minor, row.currency) if row.amount_minor > 0 else "",
                amount(-row.amount_minor, row.currency) if row.amount_minor < 0 else "",
            ]
            for row in entry.postings
        ],
    )


def _amounts(row: "AccountBalance") -> tuple[int, int, int]:
    return row.debit_minor, row.credit_minor, row.balance_minor


def _cells(row: "AccountBalance") -> list[object]:
    amounts = (amount(each, row.currency) for each in _amounts(row))
    return [row.account_number, row.account_name, row.currency, *amounts]
