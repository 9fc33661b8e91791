"""What every page says alike: who writes, to whom, on what paper, and how to pay.

Belongs here: the parts of a view model that invoices and letters share.
Does not belong here: what is of an invoice (``view_model``) or of a letter (``letters``) alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from billing_assets.documents import formats, qr
from billing_assets.documents.cleaning import clean, fold_lines
from billing_assets.documents.labels import Catalogue
from billing_assets.domain.creditor_references import is_creditor_reference
from billing_assets.domain.invoices import Creditor, InvoiceTax, Payer
from billing_assets.domain.mail_forms import DOCUMENT_PLACE, PORTAL_PLACE, MailForm

_LETTER_COUNTRIES = frozenset("US CA MX PH CL CO VE GT CR PA PR DO SV NI".split())
_ADDRESS_LINES = 6

NO_SECTIONS: Mapping[str, object] = {"paragraphs": [], "tables": [], "sums": [], "sections": []}
"""What the page of an invoice has none of: its lines, taxes and totals have parts of their own."""


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom a document is written: the words, the locale, and the document's currency."""

    words: Catalogue
    locale_code: str
    currency: str

    def money(self, amount_minor: int) -> str:
        """Return an amount with its currency."""
        return formats.money(amount_minor, self.currency, self.locale_code)

    def amount(self, amount_minor: int) -> str:
        """Return an amount for a column whose heading names the currency."""
        return formats.plain_amount(amount_minor, self.currency, self.locale_code)

    def day(self, day: date) -> str:
        """Return a date with its month in words."""
        return formats.long_date(day, self.locale_code)


def link_view(words: Catalogue, form: MailForm) -> dict[str, object]:
    """Return the ``mail_link`` to its document, None in a mail of another form.

    A template that was frozen before there were such words has none, and its mails show no link.
    """
    if form is not MailForm.LINKED or "mail_link" not in words.text:
        return {"mail_link": None}
    said = words.fill("mail_link_help", portal=PORTAL_PLACE)
    return {"mail_link": {"url": DOCUMENT_PLACE, "label": words.text["mail_link"], "help": said}}


def paper_of(creditor: Creditor) -> str:
    """Return the paper that the creditor's country prints on."""
    return "us-letter" if creditor.country_code in _LETTER_COUNTRIES else "a4"


def creditor_view(creditor: Creditor, words: Catalogue) -> dict[str, object]:
    """Return name, address and contact of who writes, and what its tax number is called."""
    address = fold_lines(creditor.address_lines, _ADDRESS_LINES)
    country = formats.country(creditor.country_code, words.locale_code(creditor.country_code))
    numbers = words.names.get("tax_numbers", {})
    tax_label = numbers.get(creditor.country_code, numbers.get("default", ""))
    name = clean(creditor.name, 70)
    return {
        "name": name,
        "address": [*address, country],
        "sender_line": clean(" · ".join([name, *address]), 88),
        "tax_label": tax_label,
        "tax_number": clean(creditor.tax_number, 30),
        "email": clean(creditor.email, 60),
        "phone": clean(creditor.phone, 30),
        "website": clean(creditor.website, 60),
    }


def recipient_lines(payer: Payer, creditor: Creditor) -> list[str]:
    """Return the lines of the address window, with the country where the letter goes abroad."""
    is_abroad = payer.country_code != creditor.country_code
    # The sorting country writes the name: its own language, else English, in capitals (UPU S42).
    country = [formats.country(payer.country_code, "en_GB").upper()] if is_abroad else []
    address = fold_lines(payer.address_lines, _ADDRESS_LINES - 1 - len(country))
    return [clean(payer.name), *address, *country]


def subject_line(policies: Sequence[tuple[str, str]], words: Catalogue) -> str:
    """Return the line below the title for ``policies``, pairs of number and product code."""
    names = dict.fromkeys(clean(words.name("products", product), 50) for _number, product in policies)
    products = clean(", ".join(names), 90)
    numbers = dict.fromkeys(clean(number, 40) for number, _product in policies)
    if len(numbers) == 1:
        return words.fill("subject", products=products, policy=next(iter(numbers)))
    return words.fill("subject_many", products=products, count=str(len(numbers)))


def policy_fact(numbers: Sequence[str], words: Catalogue) -> tuple[str, str]:
    """Return the fact that names the policy, or says how many there are."""
    each = sorted(set(numbers))
    if len(each) == 1:
        return words.text["policy_number"], clean(each[0], 40)
    return words.text["policy_numbers"], words.fill("policies_count", count=str(len(each)))


def grouped_reference(text: str) -> str:
    """Return a payment reference as it is printed: a creditor reference in groups of four.

    >>> grouped_reference("RF18539007547034"), grouped_reference("ALO-2027-00000417")
    ('RF18 5390 0754 7034', 'ALO-2027-00000417')
    """
    return qr.grouped_iban(text) if is_creditor_reference(text) else text


def transfer_box(
    creditor: Creditor, reader: Reader, *, amount_minor: int, due_date: date, reference: str
) -> dict[str, object]:
    """Return how ``amount_minor`` is paid: text, rows of the account and the QR code where one may be shown.

    Above zero; without an IBAN the payer is asked to get in touch.
    """
    words = reader.words
    iban, bic = clean(creditor.iban, 34), clean(creditor.bic, 11)
    values = {
        "amount": reader.money(amount_minor),
        "date": reader.day(due_date),
        "name": clean(creditor.name, 70),
        "reference": grouped_reference(clean(reference, 40)),
    }
    rows = [
        (words.text["account_holder"], values["name"]),
        (words.text["iban"], qr.grouped_iban(iban)),
        (words.text["bic"], bic),
        (words.text["reference"], values["reference"]),
    ]
    payload = qr.epc_payload(
        name=values["name"],
        iban=iban,
        bic=bic,
        amount_minor=amount_minor,
        currency=reader.currency,
        reference=clean(reference, 40),
    )
    return {
        "text": words.fill("pay_by_transfer" if iban else "pay_by_contact", **values),
        "rows": [{"label": label, "value": value} for label, value in rows if value and iban],
        "qr": qr.drawing(payload) if payload else None,
        "qr_alt": words.fill("qr_alt", **values),
    }


def tax_row(tax: InvoiceTax, reader: Reader) -> dict[str, str]:
    """Return one row of the table of taxes."""
    is_exempt = tax.category_code == "E"
    rate = reader.words.text["exempt"] if is_exempt else formats.percent(tax.rate_ppm, reader.locale_code)
    if tax.amount_minor:
        rate = reader.amount(tax.amount_minor)
    return {
        "name": clean(reader.words.name("taxes", tax.tax_code), 80),
        "code": clean(tax.tax_code, 20),
        "category": clean(tax.category_code, 4),
        "rate": rate,
        "base": reader.amount(tax.base_minor),
        "tax": reader.amount(tax.tax_minor),
        "reason": clean(tax.exemption_reason, 200),
    }
