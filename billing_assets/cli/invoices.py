"""``billing invoices``: what was issued, and giving it back.

Belongs here: finding invoices, showing one, writing its PDF or its page to a file.
Does not belong here: making invoices (``run``), how a document looks (``documents``).
"""

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from billing_assets.cli.arguments import (
    BeforeNumber,
    Json,
    Limit,
    OfDate,
    Payer,
    Policy,
    hint_next_page,
    open_desk,
    state_in,
)
from billing_assets.cli.credit import EPILOG, credit
from billing_assets.cli.deliveries import reason_words
from billing_assets.cli.on_demand import EPILOG as REQUEST_EPILOG
from billing_assets.cli.on_demand import request
from billing_assets.cli.output import Screen, amount, instant, state_cell, styled
from billing_assets.cli.payments import allocation_table
from billing_assets.cli.regenerate import EPILOG as REGENERATE_EPILOG
from billing_assets.cli.regenerate import regenerate
from billing_assets.domain.charges import PREMIUM_CHANGE
from billing_assets.domain.deliveries import DeliveryState
from billing_assets.domain.errors import BillingError
from billing_assets.domain.invoices import DocumentKind
from billing_assets.domain.list_pages import page_of
from billing_assets.domain.money import CURRENCIES
from billing_assets.domain.payer_shares import percent_text
from billing_assets.domain.tax_rule import Category

if TYPE_CHECKING:
    from billing_assets.domain.invoices import Invoice, InvoiceLine, InvoiceTax
    from billing_assets.store.invoice_listings import InvoiceRow
    from billing_assets.wiring.invoice_details import InvoiceDetail

app = typer.Typer(
    no_args_is_help=True, help="Find invoices, show one, get its PDF, give it back, ask for one."
)
app.command("credit", epilog=EPILOG)(credit)
app.command("regenerate", epilog=REGENERATE_EPILOG)(regenerate)
app.command("request", epilog=REQUEST_EPILOG)(request)

_STATES = (*(state.value for state in DeliveryState), "none")
_PPM_PER_PERCENT = 10_000


def _currency(text: str) -> str:
    if text.upper() not in CURRENCIES:
        raise typer.BadParameter(f"'{text[:20]}' is no currency of ISO 4217; EUR is one")
    return text.upper()


@app.command(
    "list",
    epilog=(
        "billing invoices list\n\n"
        "billing invoices list --policy ES-00000042\n\n"
        "billing invoices list --payer C-51\n\n"
        "billing invoices list --date 2025-01-31 --delivery failed"
    ),
)
def listed(
    billing_date: OfDate = None,
    policy: Policy = "",
    payer: Payer = "",
    delivery: Annotated[
        str,
        typer.Option(
            "--delivery",
            callback=state_in(_STATES),
            metavar="STATE",
            help=f"Only where the delivery is {', '.join(_STATES[:-1])}, or none: there is no delivery yet.",
        ),
    ] = "",
    currency: Annotated[
        str,
        typer.Option(
            "--currency",
            callback=lambda text: _currency(text) if text else "",
            metavar="CODE",
            help="Only in this currency.",
        ),
    ] = "",
    before: BeforeNumber = "",
    limit: Limit = 20,
    as_json: Json = False,
) -> None:
    """List invoices and credit notes, newest first; what a credit note gives back stands below zero."""
    screen = Screen(as_json)
    with open_desk(screen) as desk:
        from billing_assets.store.invoice_listings import InvoiceFilter

        wanted = InvoiceFilter(
            billing_date=billing_date,
            policy_number=policy,
            payer_key=payer,
            delivery_state=delivery,
            currency=currency,
            before_number=before,
            limit=limit + 1,
        )
        found, following = page_of(desk.invoices(wanted), limit, lambda row: row.invoice_number)
    screen.document({"invoices": found, "before": following})
    _show_list(screen, found)
    hint_next_page(screen, following)


@app.command(
    "show",
    epilog="billing invoices show INV-00000001\n\nbilling invoices show INV-00000001 --pdf invoice.pdf",
)
def show(
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="Number of the invoice, as printed on it.")],
    pdf: Annotated[
        Path | None,
        typer.Option("--pdf", metavar="FILE", help="Write its PDF to this file; '-' writes it to stdout."),
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write its web page to this file.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show one invoice or credit note: payer, lines, taxes, what was given back, what became of its delivery.

    The PDF is the one the payer got or will get: its first bytes are kept, and every later one must equal
    them.
    """
    screen = Screen(as_json)
    with open_desk(screen) as desk:
        detail = desk.invoice(number)
        if pdf is not None and str(pdf) == "-":
            stdout = typer.get_binary_stream("stdout")
            stdout.write(desk.invoice_pdf(number))
            stdout.flush()
            return
        if pdf is not None:
            write_file(pdf, desk.invoice_pdf(number))
        if html is not None:
            write_file(html, desk.invoice_html(number).encode())
    screen.document({**_record(detail), "pdf": pdf, "html": html})
    show_invoice(screen, detail)
    for path in filter(None, (pdf, html)):
        screen.say(styled("\nwritten to [bold]{}[/bold]", path))


def show_invoice(screen: Screen, detail: "InvoiceDetail") -> None:
    """Show one invoice to a person."""
    invoice = detail.invoice
    screen.say(styled("[bold]{}[/bold]", invoice.invoice_number))
    payer = invoice.payer
    screen.facts(
        [
            ("payer", f"{payer.name} ({payer.payer_key})"),
            *([("share", f"{percent_text(invoice.share_ppm)} %")] if invoice.share_ppm else []),
            ("address", ", ".join((*payer.address_lines, payer.country_code))),
            ("e-mail", payer.email or "-"),
            *_dates(invoice),
            *([("replaced by", detail.replaced_by)] if detail.replaced_by else []),
            ("tax point", invoice.tax_point_date),
        ]
    )
    screen.heading("Lines")
    screen.table(
        ["policy", "product", "charge", "installment", "from", "to", ">net", ">tax"],
        [
            [
                line.policy_number,
                line.product_code,
                line.charge_name or line.charge_kind.replace("_", " "),
                _installment(line),
                line.period_from_date,
                line.period_to_date - timedelta(days=1),
                amount(line.net_minor, invoice.currency),
                amount(line.tax_minor, invoice.currency),
            ]
            for line in invoice.lines
        ],
    )
    _show_amounts(screen, invoice)
    _show_credit_notes(screen, detail)
    _show_settlement(screen, detail)
    _show_deliveries(screen, detail)


def _show_settlement(screen: Screen, detail: "InvoiceDetail") -> None:
    """Show what is paid and open of an invoice; a credit note is settled against its invoice."""
    found = detail.settlement
    if found is None:
        return
    screen.heading("Payments")
    sums = [("paid", found.paid_minor), ("written off", found.written_off_minor), ("open", found.open_minor)]
    shown = [
        (label, f"{amount(minor, found.currency)} {found.currency}")
        for label, minor in sums
        if minor or label == "open"
    ]
    of_parts = [
        (f"paid of {part}", f"{amount(paid, found.currency)} of {amount(whole, found.currency)}")
        for part, paid, whole in found.parts
        if found.paid_minor
    ]
    screen.facts([*shown, *of_parts])
    allocation_table(screen, found.allocations)


def _installment(line: "InvoiceLine") -> str:
    """Return which installment a line is of; the line of a change is of none."""
    if line.charge_kind == PREMIUM_CHANGE.charge_kind:
        return "-"
    return f"{line.installment_number} of {line.installment_count}"


def _dates(invoice: "Invoice") -> list[tuple[str, object]]:
    """Return the dates of a document; a credit note names its invoice where another says when it is due."""
    credited, replaced = invoice.credited, invoice.replaces
    if credited is None:
        facts: list[tuple[str, object]] = [("issued", invoice.issue_date), ("due", invoice.due_date)]
        if replaced:
            facts.append(("replaces", f"{replaced.invoice_number} of {replaced.issue_date}"))
        return facts
    return [
        ("issued", invoice.issue_date),
        ("credits", f"{credited.invoice_number} of {credited.issue_date}"),
        ("reason", credited.reason),
    ]


def _show_credit_notes(screen: Screen, detail: "InvoiceDetail") -> None:
    if not detail.credit_notes:
        return
    currency = detail.invoice.currency
    screen.heading("Credit notes")
    screen.table(
        ["number", "issued", f">{currency}", "reason"],
        [
            [row.invoice_number, row.issue_date, amount(row.total_minor, currency), row.reason]
            for row in detail.credit_notes
        ],
        wrap=["reason"],
    )
    left = [line for line in detail.left if line.net_minor or line.tax_minor]
    if not left:
        screen.say("Nothing is left of this invoice.")
        return
    screen.heading("Left")
    rows = [
        [line.line_number, amount(line.net_minor, currency), amount(line.tax_minor, currency)]
        for line in left
    ]
    screen.table([">line", ">net", ">tax"], rows)


def _show_deliveries(screen: Screen, detail: "InvoiceDetail") -> None:
    if detail.deliveries:
        screen.heading("Deliveries")
        screen.table(
            ["channel", "state", "since (UTC)", ">attempts", "reason"],
            [
                [
                    row.channel,
                    state_cell(row.state),
                    instant(row.changed_at),
                    row.attempt_count,
                    reason_words(row),
                ]
                for row in detail.deliveries
            ],
            wrap=["reason"],
        )


def _show_list(screen: Screen, found: "list[InvoiceRow]") -> None:
    if not found:
        screen.say("No invoice fits.")
        return
    rows = [
        [
            row.invoice_number,
            row.policy_number,
            row.payer_key,
            row.issue_date,
            "-" if row.document_kind == DocumentKind.CREDIT_NOTE else row.due_date,
            amount(DocumentKind(row.document_kind).sign * row.total_minor, row.currency),
            row.currency,
            state_cell(row.delivery_state or "-"),
        ]
        for row in found
    ]
    screen.table(["number", "policy", "payer", "issued", "due", ">total", "currency", "delivery"], rows)


def _show_amounts(screen: Screen, invoice: "Invoice") -> None:
    screen.heading("Amounts")
    rows = [["net", "", "", amount(invoice.net_minor, invoice.currency)]]
    for tax in invoice.taxes:
        base = amount(tax.base_minor, invoice.currency)
        rows.append([tax.tax_code, _rate(tax, invoice), base, amount(tax.tax_minor, invoice.currency)])
    total = amount(invoice.total_minor, invoice.currency)
    if invoice.rounding:
        rounding = amount(invoice.rounding.cash_rounding_minor, invoice.currency)
        unit = amount(invoice.rounding.cash_unit_minor, invoice.currency)
        rows += [["total", "", "", total], ["cash rounding", f"to {unit}", "", rounding]]
        total = amount(invoice.payable_minor, invoice.currency)
    last = "payable" if invoice.rounding else "total"
    screen.table(["", ">rate", ">on", f">{invoice.currency}"], rows, footer=[last, "", "", total])
    for tax in invoice.taxes:
        if tax.exemption_reason:
            screen.say(f"{tax.tax_code} exempt: {tax.exemption_reason}")


def _rate(tax: "InvoiceTax", invoice: "Invoice") -> str:
    if tax.category_code == Category.EXEMPT:
        return "exempt"
    return amount(tax.amount_minor, invoice.currency) if tax.amount_minor else percent(tax.rate_ppm)


def percent(rate_ppm: int) -> str:
    """Return a rate in parts per million as per cent.

    >>> percent(80_000), percent(1_500), percent(0)
    ('8 %', '0.15 %', '0 %')
    """
    whole, part = divmod(rate_ppm, _PPM_PER_PERCENT)
    fraction = f"{part:04d}".rstrip("0")
    return f"{whole}.{fraction} %" if fraction else f"{whole} %"


def _record(detail: "InvoiceDetail") -> dict[str, object]:
    from dataclasses import asdict

    beside = {"payable_minor": detail.invoice.payable_minor, "replaced_by": detail.replaced_by}
    parts = {
        "deliveries": detail.deliveries,
        "credit_notes": detail.credit_notes,
        "left": detail.left,
        "settlement": detail.settlement,
    }
    return {**asdict(detail.invoice), **beside, **parts}


def write_file(path: Path, content: bytes) -> None:
    """Write a file, or raise ``file_not_written``."""
    try:
        path.write_bytes(content)
    except OSError as error:
        raise BillingError(
            "file_not_written", f"{path}: {error.strerror}", "name a file in a folder that you may write to"
        ) from error
