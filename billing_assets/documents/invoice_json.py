"""An invoice as JSON and back, losing nothing.

Belongs here: the two directions for the record of ``domain/invoices.py``, as used by ``sample.json``
of a template and by previews.
Does not belong here: the view model (that is text for readers); the API's own formats.
"""

import json
from dataclasses import asdict
from datetime import date
from typing import Any

from billing_assets.domain.cash_rounding import CashRounding
from billing_assets.domain.errors import BillingError
from billing_assets.domain.invoices import (
    CreditedInvoice,
    Creditor,
    DocumentKind,
    Invoice,
    InvoiceLine,
    InvoiceTax,
    Payer,
    ReplacedInvoice,
)
from billing_assets.domain.product_names import ProductName

_NOT_OF_ALL = (
    *("credited", "credited_line_number", "rounding", "replaces"),
    *("charge_number", "charge_code", "charge_name", "change_number", "share_ppm", "whole_net_minor"),
    "product_names",
)


def invoice_to_json(invoice: Invoice) -> str:
    """Return ``invoice`` as indented JSON; dates are ISO 8601, amounts integers.

    What only a credit note, a replacement, a rounded document or one of several payers has, or a line of a
    change or of one of several charges, is left out of others.
    """
    record = asdict(invoice)
    for part in (record, record["creditor"], *record["lines"]):
        for name in _NOT_OF_ALL:
            if not part.get(name, True):
                del part[name]
    return json.dumps(record, ensure_ascii=False, indent=2, default=date.isoformat) + "\n"


def invoice_from_json(text: str) -> Invoice:
    """Return the invoice in ``text``; raises :class:`BillingError` where a field is missing or unknown.

    >>> from billing_assets.documents.templates import default_templates_dir, load_template
    >>> sample = load_template(default_templates_dir()).text("sample.json")
    >>> invoice_to_json(invoice_from_json(sample)) == sample
    True
    """
    try:
        row = json.loads(text)
        dates = {name: date.fromisoformat(row[name]) for name in ("issue_date", "due_date", "tax_point_date")}
        parts = {
            "document_kind": DocumentKind(row["document_kind"]),
            "creditor": _creditor(row["creditor"]),
            "payer": Payer(**_with_lines(row["payer"])),
            "lines": tuple(_line(line) for line in row["lines"]),
            "taxes": tuple(InvoiceTax(**tax) for tax in row["taxes"]),
            "credited": _credited(row.get("credited")),
            "replaces": _replaced(row.get("replaces")),
            "rounding": CashRounding(**row["rounding"]) if row.get("rounding") else None,
        }
        return Invoice(**{**row, **dates, **parts})
    except (ValueError, KeyError, TypeError) as error:
        raise BillingError(
            "invoice_json_unreadable",
            f"the JSON is not an invoice ({type(error).__name__})",
            "compare its fields with templates/invoice/sample.json",
        ) from error


def _credited(row: dict[str, Any] | None) -> CreditedInvoice | None:
    return (
        None
        if row is None
        else CreditedInvoice(**{**row, "issue_date": date.fromisoformat(row["issue_date"])})
    )


def _replaced(row: dict[str, Any] | None) -> ReplacedInvoice | None:
    if row is None:
        return None
    return ReplacedInvoice(**{**row, "issue_date": date.fromisoformat(row["issue_date"])})


def _creditor(row: dict[str, Any]) -> Creditor:
    given = _with_lines(row)
    return Creditor(
        **{**given, "product_names": tuple(ProductName(**each) for each in given.get("product_names", ()))}
    )


def _with_lines(party: dict[str, Any]) -> dict[str, Any]:
    lines = party["address_lines"]
    if not isinstance(lines, list):
        raise TypeError("address_lines is a list")
    return {**party, "address_lines": tuple(str(line) for line in lines)}


def _line(row: dict[str, Any]) -> InvoiceLine:
    dates = {name: date.fromisoformat(row[name]) for name in ("period_from_date", "period_to_date")}
    return InvoiceLine(**{**row, **dates})
