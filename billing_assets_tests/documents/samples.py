"""Invoices that the document tests print: the sample of the template, and changes of it."""

import struct
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache
from pathlib import Path

import pypdfium2

from billing_assets.documents.invoice_json import invoice_from_json
from billing_assets.documents.templates import Template, default_templates_dir, load_template
from billing_assets.domain.invoices import Invoice, Payer

GOLDEN = Path(__file__).parents[1] / "golden"


@lru_cache(maxsize=1)
def template() -> Template:
    """The project's own template."""
    return load_template(default_templates_dir())


RARE = "\u038c"
"""A character that a cut font lacks."""


@lru_cache(maxsize=1)
def cut_template() -> Template:
    """The project's template with fonts that cannot draw ``RARE``."""
    cut = {name: _without_rare(font) for name, font in template().fonts().items()}
    return replace(template(), files={**template().files, **cut})


def added_fonts() -> dict[str, bytes]:
    """A whole font under a name that the cut template does not have."""
    return {"_shared/fonts/Added-Regular.otf": template().files["_shared/fonts/Inter-Regular.otf"]}


def _without_rare(font: bytes) -> bytes:
    """Move the one-character segments and groups of ``RARE`` to the code behind it."""
    made, code = bytearray(font), ord(RARE)
    tables = (struct.unpack_from(">4sIII", font, 12 + 16 * index) for index in range(font[5]))
    base = next(offset for tag, _, offset, _ in tables if tag == b"cmap")
    (count,) = struct.unpack_from(">H", font, base + 2)
    for index in range(count):
        (offset,) = struct.unpack_from(">I", font, base + 8 + 8 * index)
        table = base + offset
        if struct.unpack_from(">H", font, table) == (4,):
            (doubled,) = struct.unpack_from(">H", font, table + 6)
            ends = struct.unpack_from(f">{doubled // 2}H", font, table + 14)
            at = 2 * ends.index(code)
            struct.pack_into(">H", made, table + 14 + at, code + 1)
            struct.pack_into(">H", made, table + 16 + doubled + at, code + 1)
        else:
            (group_count,) = struct.unpack_from(">I", font, table + 12)
            for at in range(table + 16, table + 16 + 12 * group_count, 12):
                if struct.unpack_from(">II", font, at) == (code, code):
                    struct.pack_into(">II", made, at, code + 1, code + 1)
    return bytes(made)


def spanish() -> Invoice:
    """The sample of the template: Spanish, two lines, two taxes."""
    return invoice_from_json(template().text("sample.json"))


@lru_cache(maxsize=1)
def credit_template() -> Template:
    """The project's own template of a credit note."""
    return load_template(default_templates_dir(), "credit_note")


def spanish_credit() -> Invoice:
    """The sample of the credit note: half of the premium of the sample invoice."""
    return invoice_from_json(credit_template().text("sample.json"))


def english_credit() -> Invoice:
    """The same credit note for the reader in the United Kingdom."""
    note = replace(spanish_credit(), payer=english().payer)
    assert note.credited is not None
    return replace(note, credited=replace(note.credited, reason="The car was sold on 1 March 2027."))


def english() -> Invoice:
    """The same invoice for a reader in the United Kingdom."""
    address = ("Flat 4, 18 Rosebery Crescent", "Newcastle upon Tyne", "NE2 1EX")
    return with_payer(
        spanish(), language="en", name="Eleanor Whitcombe", address_lines=address, country_code="GB"
    )


def with_payer(invoice: Invoice, **changes: object) -> Invoice:
    """Return ``invoice`` with another payer."""
    payer: Payer = replace(invoice.payer, **changes)  # type: ignore[arg-type]
    return replace(invoice, payer=payer)


def in_currency(invoice: Invoice, currency: str) -> Invoice:
    """Return ``invoice`` with the same minor units of another currency."""
    return replace(invoice, currency=currency)


def with_lines(invoice: Invoice, count: int) -> Invoice:
    """Return ``invoice`` with ``count`` monthly lines on three policies, adding up."""
    lines = []
    for number in range(count):
        month, following = divmod(number, 12), divmod(number + 1, 12)
        line = replace(
            invoice.lines[0],
            line_number=number + 1,
            policy_number=f"MOT-2027-{118204 + number % 3}",
            installment_number=number % 12 + 1,
            installment_count=12,
            period_from_date=date(2027 + month[0], month[1] + 1, 1),
            period_to_date=date(2027 + following[0], following[1] + 1, 1),
            net_minor=100_000 + number,
            tax_minor=8_150,
        )
        lines.append(line)
    net_minor = sum(line.net_minor for line in lines)
    tax_minor = sum(line.tax_minor for line in lines)
    tax = replace(invoice.taxes[0], base_minor=net_minor, tax_minor=tax_minor)
    return replace(
        invoice,
        lines=tuple(lines),
        taxes=(tax,),
        net_minor=net_minor,
        tax_minor=tax_minor,
        total_minor=net_minor + tax_minor,
    )


def with_charges(invoice: Invoice) -> Invoice:
    """Return ``invoice`` with a premium that is made of three charges, adding up; its fee stays."""
    premium, fee = invoice.lines
    is_spanish = invoice.payer.language == "es"
    charges = [
        (
            "third_party_liability",
            "Responsabilidad civil" if is_spanish else "Third-party liability",
            305_00,
            24_86,
        ),
        ("own_damage", "Daños propios" if is_spanish else "Own damage", 122_00, 9_94),
        ("legal_expenses", "Defensa jurídica" if is_spanish else "Legal expenses", 30_50, 2_49),
    ]
    lines = [
        replace(
            premium,
            line_number=number,
            charge_number=number,
            charge_code=code,
            charge_name=name,
            net_minor=net_minor,
            tax_minor=tax_minor,
        )
        for number, (code, name, net_minor, tax_minor) in enumerate(charges, start=1)
    ]
    return replace(invoice, lines=(*lines, replace(fee, line_number=4)))


def with_installments(invoice: Invoice, names: Sequence[str], count: int, *, before: int = 0) -> Invoice:
    """Return ``invoice`` with ``count`` installments of these charges below ``before`` plain lines."""
    plain = replace(invoice.lines[0], net_minor=100, tax_minor=8)
    lines = [replace(plain, installment_number=100 + number) for number in range(before)]
    lines += [
        replace(plain, installment_number=number, charge_number=charge, charge_code="c", charge_name=name)
        for number in range(1, count + 1)
        for charge, name in enumerate(names, start=1)
    ]
    numbered = tuple(replace(line, line_number=number) for number, line in enumerate(lines, start=1))
    net_minor, tax_minor = 100 * len(lines), 8 * len(lines)
    return replace(
        invoice,
        lines=numbered,
        taxes=(replace(invoice.taxes[0], base_minor=net_minor, tax_minor=tax_minor),),
        net_minor=net_minor,
        tax_minor=tax_minor,
        total_minor=net_minor + tax_minor,
    )


def page_texts(content: bytes) -> list[str]:
    """Return the text of each page of a PDF, as a reader would copy it."""
    document = pypdfium2.PdfDocument(content)
    texts = [page.get_textpage().get_text_bounded().replace("\r\n", "\n") for page in document]
    document.close()
    return texts
