"""The view model: everything a document shows, already in the reader's language, as JSON.

Belongs here: choosing words, formats and what is shown, once for all renderers.
Does not belong here: layout (templates), text processing (``cleaning``), arithmetic: a document
whose amounts do not add up is refused, never corrected.
"""

from functools import lru_cache

from billing_assets.documents import formats
from billing_assets.documents.change_reasons import reason_words
from billing_assets.documents.cleaning import clean
from billing_assets.documents.document_sums import check_sums
from billing_assets.documents.labels import Catalogue, catalogues_of, choose, region_of
from billing_assets.documents.page_parts import (
    NO_SECTIONS,
    Reader,
    creditor_view,
    link_view,
    paper_of,
    policy_fact,
    recipient_lines,
    subject_line,
    tax_row,
    transfer_box,
)
from billing_assets.documents.templates import Template, default_templates_dir, load_template
from billing_assets.domain.invoices import DocumentKind, Invoice, InvoiceLine
from billing_assets.domain.mail_forms import MailForm
from billing_assets.domain.product_names import names_in

_REASON_LIMIT = 1_000


@lru_cache(maxsize=4)
def _default_template(kind: DocumentKind = DocumentKind.INVOICE) -> Template:
    return load_template(default_templates_dir(), kind)


def build_view(
    invoice: Invoice, template: Template | None = None, *, form: MailForm = MailForm.ATTACHED
) -> dict[str, object]:
    """Return what the document of ``invoice`` shows: JSON of strings, with lists of rows.

    The words come from ``template`` (the project's own by default), in the payer's language or
    else in English. ``form`` is of its mail, which says of the PDF what is true. Raises
    ``document_does_not_add_up`` where the amounts do not add up.

    >>> from billing_assets.documents.invoice_json import invoice_from_json
    >>> sample = invoice_from_json(_default_template().text("sample.json"))
    >>> build_view(sample)["title"]
    'Factura de prima'
    """
    check_sums(invoice)
    region = region_of(invoice.payer.language, invoice.payer.country_code)
    words = _words(invoice, template).for_region(region)
    words = words if form is MailForm.ATTACHED else words.bare()
    reader = Reader(words, words.locale_code(region), invoice.currency)
    creditor = creditor_view(invoice.creditor, words)
    document_number = clean(invoice.invoice_number, 40)
    return {
        "schema": 1,
        "language": words.language,
        "locale": reader.locale_code.replace("_", "-"),
        "paper": paper_of(invoice.creditor),
        "title": words.text["title"],
        "document_number": document_number,
        "continued": words.fill("continued", title=words.text["title"], number=document_number),
        "issue_date_iso": invoice.issue_date.isoformat(),
        "issue_date": formats.long_date(invoice.issue_date, reader.locale_code),
        "due_date_iso": invoice.due_date.isoformat(),
        "due_date": formats.long_date(invoice.due_date, reader.locale_code),
        "currency": invoice.currency,
        "amounts_in": words.fill("amounts_in", currency=invoice.currency),
        "labels": dict(words.text),
        "creditor": creditor,
        "logo_alt": words.fill("logo_alt", name=str(creditor["name"])),
        "recipient": recipient_lines(invoice.payer, invoice.creditor),
        "payer_name": clean(invoice.payer.name),
        "subject": subject_line([(each.policy_number, each.product_code) for each in invoice.lines], words),
        "statement": _statement(invoice, reader),
        "facts": _facts(invoice, reader),
        "lines": _lines(invoice, reader),
        "taxes": [tax_row(tax, reader) for tax in invoice.taxes],
        "totals": _totals(invoice, reader),
        "due": _due(invoice, reader),
        "payment": _payment(invoice, reader),
        **NO_SECTIONS,
        "mail": _mail(invoice, reader),
        **link_view(words, form),
    }


def _words(invoice: Invoice, template: Template | None) -> Catalogue:
    used = template or _default_template(invoice.document_kind)
    words = choose(catalogues_of(used), invoice.payer.language)
    return words.with_own("products", names_in(invoice.creditor.product_names, words.language))


def _is_single(invoice: Invoice) -> bool:
    return len({line.policy_number for line in invoice.lines}) == 1


def _facts(invoice: Invoice, reader: Reader) -> list[dict[str, str]]:
    text, locale_code = reader.words.text, reader.locale_code
    first = min(line.period_from_date for line in invoice.lines)
    last = max(line.period_to_date for line in invoice.lines)
    policy = policy_fact([line.policy_number for line in invoice.lines], reader.words)
    credited = invoice.credited
    settled = (
        [
            (text["credited_invoice"], clean(credited.invoice_number, 40)),
            (text["credited_date"], formats.long_date(credited.issue_date, locale_code)),
        ]
        if credited
        else [(text["due_date"], formats.long_date(invoice.due_date, locale_code))]
    )
    # A template that was frozen before invoices were replaced has no word for it.
    if invoice.replaces and "replaced_invoice" in text:
        settled.insert(0, (text["replaced_invoice"], clean(invoice.replaces.invoice_number, 40)))
    facts = [
        (text["document_number"], clean(invoice.invoice_number, 40)),
        (text["issue_date"], formats.long_date(invoice.issue_date, locale_code)),
        *settled,
        policy,
        (text["period"], formats.period(first, last, locale_code)),
        (text["customer_number"], clean(invoice.payer.payer_key, 40)),
    ]
    if invoice.tax_point_date != invoice.issue_date:
        facts.insert(
            2 + len(settled), (text["tax_point_date"], formats.long_date(invoice.tax_point_date, locale_code))
        )
    # A template that was frozen before policies had several payers has no word for a share.
    if invoice.share_ppm and "share" in text:
        facts.append((text["share"], formats.percent(invoice.share_ppm, locale_code)))
    return [{"label": label, "value": value} for label, value in facts]


_KEPT_TOGETHER = 15
"""So many charges fit on a page also where each name takes two lines."""


def _lines(invoice: Invoice, reader: Reader) -> list[dict[str, object]]:
    """Return the lines; of those that share an installment the first says for all which one it is.

    ``kept_count`` of a line is how many from it on stay on one page: the charges of an installment, of many
    at most ``_KEPT_TOGETHER``; 0 of a line that is kept with one before it.
    """
    is_single = _is_single(invoice)
    rows: list[dict[str, object]] = []
    first = kept_count = 0
    before: InvoiceLine | None = None
    for line in invoice.lines:
        row = _line(line, reader, is_single=is_single)
        if before and line.charge_number and before.charge_number and _is_same(line, before):
            row |= {"installment": "", "notes": ""}
            is_first = kept_count == _KEPT_TOGETHER
        else:
            is_first = True
        if is_first:
            first, kept_count = len(rows), 0
        kept_count += 1
        rows.append({**row, "kept_count": 0})
        rows[first]["kept_count"] = kept_count
        before = line
    return rows


def _is_same(line: InvoiceLine, other: InvoiceLine) -> bool:
    """Tell whether two lines are of one installment."""

    def key(of: InvoiceLine) -> tuple[object, ...]:
        return (of.policy_number, of.installment_number, of.period_from_date, of.period_to_date)

    return key(line) == key(other)


def _line(line: InvoiceLine, reader: Reader, *, is_single: bool) -> dict[str, object]:
    words = reader.words
    kind = clean(words.name("charge_kinds", line.charge_kind), 50)
    notes = [clean(words.name("products", line.product_code), 50)]
    if line.charge_name:
        notes.insert(0, kind)
    # A template that was frozen before changes were named has no word for them.
    if line.change_number and "change" in words.text:
        notes.append(words.fill("change", number=str(line.change_number)))
    if line.whole_net_minor and "share_of" in words.text:
        notes.append(words.fill("share_of", amount=reader.amount(line.whole_net_minor)))
    if not is_single:
        notes.append(words.fill("policy", number=clean(line.policy_number, 40)))
    number, count = str(line.installment_number), str(line.installment_count)
    installment = words.fill("installment", number=number, count=count) if line.installment_count > 1 else ""
    return {
        "number": str(line.line_number),
        "description": clean(line.charge_name, 50) or kind,
        "installment": installment,
        "notes": " · ".join(notes),
        "period": formats.period(line.period_from_date, line.period_to_date, reader.locale_code),
        "net": reader.amount(line.net_minor),
        "tax": reader.amount(line.tax_minor),
        "total": reader.amount(line.net_minor + line.tax_minor),
    }


def _totals(invoice: Invoice, reader: Reader) -> dict[str, str]:
    """Return the totals; ``rounding`` is empty where the sum payable is the total."""
    rounding_minor = invoice.payable_minor - invoice.total_minor
    return {
        "net": reader.money(invoice.net_minor),
        "tax": reader.money(invoice.tax_minor),
        "total": reader.money(invoice.total_minor),
        "rounding": reader.money(rounding_minor) if rounding_minor else "",
        "payable": reader.money(invoice.payable_minor),
    }


def _due(invoice: Invoice, reader: Reader) -> dict[str, object]:
    text, is_credit = reader.words.text, invoice.credited is not None
    is_payable = invoice.payable_minor > 0 and not is_credit
    if is_credit:
        label = text["credit_amount"]
    elif invoice.payable_minor > 0:
        label = text["amount_due"]
    else:
        label = text["credit_amount"] if invoice.payable_minor < 0 else text["nothing_due"]
    return {
        "label": label,
        "amount": reader.money(abs(invoice.payable_minor)),
        "date_label": text["pay_by"],
        "date": formats.long_date(invoice.due_date, reader.locale_code) if is_payable else "",
        "date_iso": invoice.due_date.isoformat() if is_payable else "",
        "is_payable": is_payable,
    }


def _credit_values(invoice: Invoice, reader: Reader) -> dict[str, str]:
    """Return what the sentences of a credit note name; empty for an invoice."""
    credited = invoice.credited
    if credited is None:
        return {}
    return {
        "number": clean(invoice.invoice_number, 40),
        "amount": reader.money(invoice.payable_minor),
        "invoice": clean(credited.invoice_number, 40),
        "date": formats.long_date(credited.issue_date, reader.locale_code),
        "reason": clean(reason_words(credited.reason, reader.words, reader.locale_code), _REASON_LIMIT),
    }


def _statement(invoice: Invoice, reader: Reader) -> str:
    """Return which invoice a credit note corrects or an invoice replaces, or its share; else empty."""
    values = _credit_values(invoice, reader)
    if values:
        return reader.words.fill("statement", **values)
    replaced = invoice.replaces
    if replaced and "replacement_statement" in reader.words.text:
        return reader.words.fill(
            "replacement_statement",
            invoice=clean(replaced.invoice_number, 40),
            date=formats.long_date(replaced.issue_date, reader.locale_code),
        )
    # A template that was frozen before has no such sentence.
    if not invoice.share_ppm or "share_statement" not in reader.words.text:
        return ""
    share = formats.percent(invoice.share_ppm, reader.locale_code)
    return reader.words.fill("share_statement", share=share, policy=clean(invoice.lines[0].policy_number, 40))


def _settlement(invoice: Invoice, reader: Reader) -> dict[str, object]:
    """Return how a credit note is settled, in the form in which an invoice says how it is paid."""
    text = reader.words.fill("settled", **_credit_values(invoice, reader))
    return {"text": text, "rows": [], "qr": None, "qr_alt": ""}


def _payment(invoice: Invoice, reader: Reader) -> dict[str, object]:
    if invoice.credited:
        return _settlement(invoice, reader)
    if invoice.payable_minor <= 0:
        return {"text": reader.words.text["pay_nothing"], "rows": [], "qr": None, "qr_alt": ""}
    return transfer_box(
        invoice.creditor,
        reader,
        amount_minor=invoice.payable_minor,
        due_date=invoice.due_date,
        reference=invoice.invoice_number,
    )


def _mail(invoice: Invoice, reader: Reader) -> dict[str, str]:
    values = {
        "number": clean(invoice.invoice_number, 40),
        "amount": reader.money(invoice.payable_minor),
        "date": formats.long_date(invoice.due_date, reader.locale_code),
    }
    nothing = "" if invoice.payable_minor > 0 or invoice.credited else "_nothing"
    values |= _credit_values(invoice, reader)
    return {
        "subject": reader.words.fill(f"mail_subject{nothing}", **values),
        "preheader": reader.words.fill(f"mail_preheader{nothing}", **values),
        "greeting": reader.words.fill("mail_greeting", name=clean(invoice.payer.name)),
        "intro": reader.words.fill("mail_intro", **values),
        "reason": reader.words.fill("mail_reason", name=clean(invoice.creditor.name, 70)),
    }
