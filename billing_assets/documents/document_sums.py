"""The sums of a document, before it is printed: net, taxes, total and cash rounding come from its parts.

Belongs here: refusing what does not add up. Does not belong here: how sums are printed (``view_model``).
"""

from billing_assets.domain.errors import BillingError
from billing_assets.domain.invoices import Invoice


def check_sums(invoice: Invoice) -> None:
    """Raise ``document_does_not_add_up`` where a document would print sums that its parts do not come to.

    >>> from billing_assets.documents.invoice_json import invoice_from_json
    >>> from billing_assets.documents.templates import default_templates_dir, load_template
    >>> check_sums(invoice_from_json(load_template(default_templates_dir()).text("sample.json")))
    """
    net_minor = sum(line.net_minor for line in invoice.lines)
    line_tax_minor = sum(line.tax_minor for line in invoice.lines)
    tax_minor = sum(tax.tax_minor for tax in invoice.taxes)
    unit = invoice.rounding.cash_unit_minor if invoice.rounding else 1
    over = invoice.payable_minor % unit
    found = (net_minor, line_tax_minor, tax_minor, invoice.net_minor + invoice.tax_minor, over)
    expected = (invoice.net_minor, invoice.tax_minor, invoice.tax_minor, invoice.total_minor, 0)
    if found != expected:
        names = ("net of lines", "tax of lines", "tax of taxes", "net + tax", "total + rounding")
        wrong = [name for name, left, right in zip(names, found, expected, strict=True) if left != right]
        raise BillingError(
            "document_does_not_add_up",
            f"document {invoice.invoice_number}: {', '.join(wrong)} differs from what it must be",
            "the record was changed after it was issued: run the audit, and restore it from a backup",
        )
