"""``billing invoices credit``: give back what was wrongly billed, by a numbered credit note.

Belongs here: which lines and amounts are meant, and what is shown of it.
Does not belong here: the tax of a credit (``frames.credits``), the order of work (``steps.credit_invoices``).
"""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from billing_assets.cli.arguments import Json, iso_date, open_desk
from billing_assets.cli.output import Screen, amount, styled
from billing_assets.domain.credits import WantedCredit
from billing_assets.domain.money import parse_minor, plain_amount

if TYPE_CHECKING:
    from billing_assets.steps.credit_invoices import CreditOutcome

EPILOG = (
    'billing invoices credit INV-00000001 --reason "the car was sold" --approved-by ana --dry-run\n\n'
    'billing invoices credit INV-00000001 --line 1 --net 12.50 --reason "a discount" --approved-by ana'
)
_ALL = "all"
_HEAD_NAMES = ("currency", "net_minor", "tax_minor", "total_minor", "cash_rounding_minor")
_AMOUNT_FAULTS = {
    "amount_empty": "it is empty",
    "amount_not_a_number": "write plain digits and a point",
    "amount_too_fine": "it has more decimals than the currency",
    "amount_out_of_range": "it is beyond any credible charge",
}


InvoiceNumber = Annotated[
    str, typer.Argument(metavar="NUMBER", help="Number of the invoice, as printed on it.")
]
CorrectionReason = Annotated[
    str, typer.Option("--reason", metavar="TEXT", help="Why; printed on the credit note.")
]
ApprovedBy = Annotated[
    str, typer.Option("--approved-by", metavar="NAME", help="Who approved it; kept with the run.")
]
CorrectionDate = Annotated[
    date | None,
    typer.Option(
        "--date", parser=iso_date, metavar="DATE", help="Date of the correction; today if left out."
    ),
]


def credit(
    number: InvoiceNumber,
    reason: CorrectionReason,
    approved_by: ApprovedBy,
    lines: Annotated[
        list[int] | None,
        typer.Option("--line", metavar="N", help="Only this line; once for each. All lines if left out."),
    ] = None,
    nets: Annotated[
        list[str] | None,
        typer.Option(
            "--net",
            metavar="AMOUNT",
            help="Net to give back of the --line before it, in the invoice's currency, or 'all'.",
        ),
    ] = None,
    as_of: CorrectionDate = None,
    is_dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be given back and write nothing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Give back an invoice, lines of it or a part of a line, by a credit note with its own number.

    The tax is that of the invoice's own tax rows. What was given back before is taken off, and more than is
    left is refused; the same again finds nothing left and writes nothing. The credit note leaves by e-mail
    with the next 'billing deliver'. What was credited is not billed again by itself.
    """
    screen = Screen(as_json)
    with open_desk(screen) as desk, screen.progress("crediting") as progress:
        currency = desk.invoice(number).invoice.currency
        wanted = wanted_credits(number, lines or [], nets or [], currency)
        order = desk.billing.credit_order(wanted, reason=reason, approved_by=approved_by, billing_date=as_of)
        outcome = desk.billing.credit(order, is_dry_run=is_dry_run, progress=progress)
    screen.document(_record(outcome, is_dry_run=is_dry_run))
    if not outcome.drafts.invoices.height:
        screen.say(f"Nothing is left to give back of {number}; nothing was written.")
        return
    _show(screen, outcome)
    if is_dry_run:
        screen.hint("a dry run: nothing was written")
    else:
        screen.hint(f"send: billing deliver {order.billing_date}")


def wanted_credits(
    number: str, lines: Sequence[int], nets: Sequence[str], currency: str
) -> list[WantedCredit]:
    """Return what the options ask for: each amount belongs to the line in the same place.

    >>> [
    ...     (each.line_number, each.net_minor)
    ...     for each in wanted_credits("INV-1", [2, 1], ["all", "12.5"], "EUR")
    ... ]
    [(2, None), (1, 1250)]
    """
    if nets and len(nets) != len(lines):
        raise typer.BadParameter(
            "give one amount for each --line, or none; 'all' is what is left of a line", param_hint="--net"
        )
    if not lines:
        return [WantedCredit(invoice_number=number)]
    amounts = [_net(text, currency) for text in nets] or [None] * len(lines)
    return [
        WantedCredit(invoice_number=number, line_number=line, net_minor=net)
        for line, net in zip(lines, amounts, strict=True)
    ]


def _net(text: str, currency: str) -> int | None:
    if text.strip().lower() == _ALL:
        return None
    try:
        return parse_minor(text, currency)
    except ValueError as error:
        fault = _AMOUNT_FAULTS.get(str(error), str(error))
        raise typer.BadParameter(
            f"'{text[:40]}' is no amount in {currency}: {fault}", param_hint="--net"
        ) from None


def _record(outcome: "CreditOutcome", *, is_dry_run: bool) -> dict[str, Any]:
    """Return the outcome as a program reads it: amounts in minor units beside their currency."""
    heads, lines, taxes = (
        part.sort("draft_index")
        for part in (outcome.drafts.invoices, outcome.drafts.lines, outcome.drafts.taxes)
    )
    line_names = ["line_number", "credited_line_number", "net_minor", "tax_minor"]
    tax_names = ["tax_code", "rate_ppm", "base_minor", "tax_minor"]
    notes = [
        {
            "number": outcome.numbers[index] if outcome.numbers else None,
            **{name: head[name] for name in _HEAD_NAMES},
            "payable_minor": head["total_minor"] + head["cash_rounding_minor"],
            "credited_number": head["original_number"],
            "lines": lines.filter(lines["draft_index"] == index).select(line_names).to_dicts(),
            "taxes": taxes.filter(taxes["draft_index"] == index).select(tax_names).to_dicts(),
        }
        for index, head in enumerate(heads.iter_rows(named=True))
    ]
    return {"is_dry_run": is_dry_run, **outcome.result.facts, "credit_notes": notes}


def _show(screen: Screen, outcome: "CreditOutcome") -> None:
    for note in _record(outcome, is_dry_run=False)["credit_notes"]:
        currency, number = note["currency"], note["number"] or "a credit note"
        total = f"{plain_amount(note['payable_minor'], currency)} {currency}"
        screen.say(styled("[bold]{}[/bold]  gives back {} of {}", number, total, note["credited_number"]))
        rows = [
            [
                line["credited_line_number"],
                *(amount(line[name], currency) for name in ("net_minor", "tax_minor")),
            ]
            for line in note["lines"]
        ]
        sums = [amount(note[name], currency) for name in ("net_minor", "tax_minor")]
        screen.table([">line", ">net", ">tax"], rows, footer=["total", *sums])
        if note["cash_rounding_minor"]:
            screen.say(f"with a cash rounding of {amount(note['cash_rounding_minor'], currency)} {currency}")
