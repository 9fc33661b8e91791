"""``billing invoices regenerate``: an issued invoice is given back, and another is issued in its place.

Belongs here: the options, and both documents side by side. Does not belong here: what may be replaced and the
order of work (``steps.replace_invoice``).
"""

from datetime import timedelta
from typing import Annotated, Any

import typer

from billing_assets.cli.arguments import Json, open_desk
from billing_assets.cli.credit import ApprovedBy, CorrectionDate, CorrectionReason, InvoiceNumber
from billing_assets.cli.output import Screen, amount, styled
from billing_assets.domain.money import plain_amount
from billing_assets.domain.replacements import CHANGE_WORDS, Change

EPILOG = (
    'billing invoices regenerate INV-00000001 --reason "a wrong premium" --approved-by ana --dry-run\n\n'
    'billing invoices regenerate INV-00000001 --reason "a wrong premium" --approved-by ana'
)
_SUMS = ("net_minor", "tax_minor", "total_minor", "payable_minor")


def regenerate(
    number: InvoiceNumber,
    reason: CorrectionReason,
    approved_by: ApprovedBy,
    as_of: CorrectionDate = None,
    is_forced: Annotated[
        bool, typer.Option("--even-if-same", help="Also where the new invoice says what the old one says.")
    ] = False,
    is_dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show both documents and the difference, and write nothing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Give an invoice back in full and issue another in its place, by today's book and rules.

    The new invoice bills the same installments, with a number of its own, and each document names the other.
    What was given back of the invoice before is not given back again. Invoices of policies with several
    payers or with changes of terms are refused, and so is what would come out as it is.
    """
    screen = Screen(as_json)
    with open_desk(screen) as desk, screen.progress("regenerating") as progress:
        from billing_assets.wiring import replacements

        order = replacements.replacement_order(
            desk.billing,
            number,
            reason=reason,
            approved_by=approved_by,
            billing_date=as_of,
            is_forced=is_forced,
        )
        outcome = replacements.regenerate(desk.billing, order, is_dry_run=is_dry_run, progress=progress)
    found = replacements.outcome_record(outcome, is_dry_run=is_dry_run)
    screen.document(found)
    _show(screen, found)
    if is_dry_run:
        screen.hint("a dry run: nothing was written")
    else:
        screen.hint(f"send: billing deliver {order.billing_date}")


def _show(screen: Screen, found: dict[str, Any]) -> None:
    note, invoice = found["credit_note"], found["invoice"]
    name = invoice["number"] or "a new invoice"
    screen.say(styled("[bold]{}[/bold]  replaces {}", name, found["replaced_number"]))
    changed = "; ".join(CHANGE_WORDS[Change(each)] for each in found["changes"])
    screen.say(f"what is otherwise: {changed or 'nothing'}")
    for heading, currency, lines in (
        ("Before", note["currency"], found["replaced"]["lines"]),
        ("Now", invoice["currency"], invoice["lines"]),
    ):
        screen.heading(heading)
        _show_lines(screen, currency, lines)
    screen.heading("Amounts")
    rows = [
        [words, *(plain_amount(part[sum_name], part["currency"]) for sum_name in _SUMS), part["currency"]]
        for words, part in ((f"{note['number'] or 'credit note'}, given back", note), (name, invoice))
    ]
    footer = _difference(found)
    screen.table(["", ">net", ">tax", ">total", ">payable", "currency"], rows, footer=footer)


def _show_lines(screen: Screen, currency: str, lines: list[dict[str, Any]]) -> None:
    rows = [
        [
            line["policy_number"],
            line["charge_kind"].replace("_", " "),
            line["installment_number"],
            line["period_from_date"],
            line["period_to_date"] - timedelta(days=1),
            amount(line["net_minor"], currency),
            amount(line["tax_minor"], currency),
        ]
        for line in lines
    ]
    screen.table(["policy", "charge", ">installment", "from", "to", ">net", ">tax"], rows)


def _difference(found: dict[str, Any]) -> list[str] | None:
    """Return what the payer owes more; of two currencies there is no difference."""
    if found["difference"] is None:
        return None
    currency = found["invoice"]["currency"]
    return ["difference", *(plain_amount(found["difference"][name], currency) for name in _SUMS), currency]
