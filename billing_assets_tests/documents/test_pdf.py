"""The PDF: complete text, archival and accessible, the same bytes everywhere."""

import hashlib
import multiprocessing
import os
import re
import subprocess
import sys
import unicodedata
from dataclasses import replace
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import zxingcpp

from billing_assets.documents.coverage import code_points
from billing_assets.documents.invoice_json import invoice_to_json
from billing_assets.documents.pdf import PdfPrinter
from billing_assets.documents.qr import epc_payload
from billing_assets.documents.templates import from_archive
from billing_assets.documents.view_model import build_view
from billing_assets.domain.errors import BillingError
from billing_assets.domain.invoices import Invoice
from billing_assets_tests.documents.samples import (
    GOLDEN,
    english,
    in_currency,
    page_texts,
    spanish,
    template,
    with_installments,
    with_lines,
    with_payer,
)

PRINTER = PdfPrinter(template())
ROOT = Path(__file__).parents[2]


def text_of(invoice: Invoice) -> str:
    return "\n".join(page_texts(PRINTER.pdf(invoice)))


def spaced(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize(("language", "invoice"), [("en", english()), ("es", spanish())])
def test_the_text_of_the_page_is_the_golden_one(language: str, invoice: Invoice) -> None:
    golden = GOLDEN / f"invoice.{language}.pdf.txt"
    assert text_of(invoice) + "\n" == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("currency", ["EUR", "GBP", "USD", "JPY", "KWD"])
def test_the_text_holds_every_amount_of_the_view(currency: str) -> None:
    invoice = in_currency(with_lines(english(), 5), currency)
    view: dict[str, Any] = build_view(invoice)
    text = spaced(text_of(invoice))
    rows = [*view["lines"], *view["taxes"], view["totals"]]
    amounts = [row[name] for row in rows for name in ("net", "tax", "total", "base") if name in row]
    assert len(amounts) == 5 * 3 + 2 + 3
    assert [amount for amount in amounts if spaced(amount) not in text] == []


def test_sixty_lines_flow_over_pages_that_repeat_their_heading() -> None:
    pages = page_texts(PRINTER.pdf(with_lines(english(), 60)))
    assert len(pages) >= 3
    for number, page in enumerate(pages, start=1):
        assert f"Page {number} of {len(pages)}" in page
    tables = [page for page in pages if re.search(r"Instalment \d+ of 12", page)]
    assert all("Period of cover" in page and "Amount (EUR)" in page for page in tables)
    assert all("ALO-2027-00000417, continued" in page for page in pages[1:])
    assert sum(page.count("Instalment ") for page in pages) == 60


@pytest.mark.parametrize("before", range(4))
def test_no_page_ends_inside_the_charges_of_an_installment(before: int) -> None:
    names = ("Liability", "Own damage", "Legal expenses")
    pages = page_texts(PRINTER.pdf(with_installments(english(), names, 12, before=before)))
    counts = [[page.count(name) for name in names] for page in pages]
    assert sum(count[0] for count in counts) == 12
    assert [count for count in counts if len(set(count)) > 1] == []


@pytest.mark.parametrize("count", [15, 20])
def test_twenty_charges_with_long_names_are_printed_whole(count: int) -> None:
    names = [f"Charge {number:02} " + "wide " * 8 for number in range(1, count + 1)]
    invoice = with_installments(with_payer(english(), country_code="US"), names, 2, before=3)
    text = text_of(invoice)
    assert [text.count(name[:9]) for name in names] == [2] * count
    pages = page_texts(PRINTER.pdf(invoice))
    assert [page.count("Charge 01") for page in pages] == [page.count("Charge 15") for page in pages]


def test_the_printed_code_reads_back_as_the_payload() -> None:
    document = pypdfium2.PdfDocument(PRINTER.pdf(spanish()))
    bitmap = document[0].render(scale=3, grayscale=True)
    image = memoryview(bytes(bitmap.buffer)).cast("B", (bitmap.height, bitmap.stride))
    (found,) = zxingcpp.read_barcodes(image)
    creditor = spanish().creditor
    assert found.text == epc_payload(
        name=creditor.name,
        iban=creditor.iban,
        bic=creditor.bic,
        amount_minor=spanish().total_minor,
        currency="EUR",
        reference=spanish().invoice_number,
    )
    document.close()


def test_the_file_says_it_is_archival_and_accessible() -> None:
    content = PRINTER.pdf(spanish())
    for pattern in (
        rb"<pdfaid:part>3</pdfaid:part>",
        rb"<pdfaid:conformance>A</pdfaid:conformance>",
        rb"<pdfuaid:part>1</pdfuaid:part>",
        rb"/MarkInfo\s*<<[^>]*/Marked true",
        rb"/Lang\s*\(es",
        rb"/Alt\s*\(",
    ):
        assert re.search(pattern, content), pattern


def test_the_title_and_the_dates_come_from_the_invoice() -> None:
    document = pypdfium2.PdfDocument(PRINTER.pdf(spanish()))
    assert document.get_metadata_value("Title") == "Factura de prima ALO-2027-00000417"
    assert document.get_metadata_value("Author") == "Alondra Seguros, S.A."
    assert document.get_metadata_value("CreationDate").startswith("D:20270104")
    document.close()


def test_the_same_invoice_gives_the_same_bytes_whatever_came_between() -> None:
    first = PRINTER.pdf(spanish())
    PRINTER.pdf(english())
    assert PRINTER.pdf(spanish()) == first
    assert PdfPrinter(template().folder).pdf(spanish()) == first


def test_the_bytes_do_not_depend_on_process_zone_folder_or_hash_seed(tmp_path: Path) -> None:
    (tmp_path / "invoice.json").write_text(invoice_to_json(spanish()), encoding="utf-8")
    program = (
        "import hashlib, sys; from pathlib import Path\n"
        "from billing_assets.documents.invoice_json import invoice_from_json\n"
        "from billing_assets.documents.pdf import PdfPrinter\n"
        "from billing_assets.documents.templates import from_archive, load_template\n"
        "invoice = invoice_from_json(Path(sys.argv[1]).read_text(encoding='utf-8'))\n"
        "print(hashlib.sha256(PdfPrinter(load_template(Path(sys.argv[2]))).pdf(invoice)).hexdigest())\n"
    )
    elsewhere = from_archive(template().archive(), tmp_path / "cache").folder
    hashes = {hashlib.sha256(PRINTER.pdf(spanish())).hexdigest()}
    for zone, seed, folder, templates in (
        ("Asia/Tokyo", "7", tmp_path, template().folder),
        ("America/Los_Angeles", "11", ROOT / "billing_assets", elsewhere),
    ):
        ran = subprocess.run(
            [sys.executable, "-c", program, str(tmp_path / "invoice.json"), str(templates)],
            env={**os.environ, "TZ": zone, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed},
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
        )
        hashes.add(ran.stdout.strip())
    assert len(hashes) == 1


def _print_in_child(answers: "multiprocessing.Queue[str]") -> None:
    try:
        PRINTER.pdf(spanish())
    except BillingError as error:
        answers.put(error.code)
    else:
        answers.put("printed")


def test_a_printer_refuses_to_work_after_a_fork() -> None:
    context = multiprocessing.get_context("fork")
    answers: multiprocessing.Queue[str] = context.Queue()
    child = context.Process(target=_print_in_child, args=(answers,))
    child.start()
    assert answers.get(timeout=30) == "printer_used_after_fork"
    child.join()


@pytest.mark.parametrize(
    "name",
    [
        "{{7*7}}",
        "<b>Ana</b>",
        "#typst-code",
        '#panic("x")',
        "$x^2$",
        "*Ana* _b_ = c",
        "\\u{41} // no",
        '"; #let a',
        "@ref <label>",
    ],
)
def test_markup_in_a_name_is_printed_literally(name: str) -> None:
    assert name in text_of(with_payer(english(), name=name))


@pytest.mark.parametrize(
    "name", ["Íñigo Núñez-Güell", "Łukasz Żółć", "Željko Đorđević", "Ωραία Ελλάδα", "Жанна Ґудзь", "Þórður Ð"]
)
def test_accents_and_other_alphabets_are_printed(name: str) -> None:
    printed = PRINTER.printed(with_payer(english(), name=name))
    assert name in unicodedata.normalize("NFC", "\n".join(page_texts(printed.content)))
    assert printed.missing_characters == ()


def test_no_character_that_a_font_claims_or_lacks_stops_the_press() -> None:
    """PDF/A and PDF/UA refuse some characters; whatever a customer writes, a page must come out."""
    held = sorted(frozenset().union(*(code_points(font) for font in template().fonts().values())))
    others = [*range(0x20, 0x3000, 7), *range(0x3000, 0x110000, 997)]
    text = "".join(chr(code) for code in [*held, *others] if not 0xD800 <= code < 0xE000)
    for start in range(0, len(text), 350):
        lines = tuple(text[part : part + 50] for part in range(start, start + 350, 50))
        assert PRINTER.pdf(with_payer(english(), address_lines=lines)).startswith(b"%PDF")


def test_what_no_font_draws_is_a_square_and_is_reported() -> None:
    printed = PRINTER.printed(with_payer(english(), name="Ana 漢字 😀 \ue000"))
    assert printed.missing_characters == ("字", "漢", "\ufffd", "😀")
    assert "Ana □□ □ □" in page_texts(printed.content)[0]


def test_turned_text_cannot_hide_the_amount() -> None:
    text = text_of(with_payer(english(), name="Ana \u202e\u2067drow"))
    assert "Ana drow" in text
    assert not set(text) & set("\u202e\u2067")


def test_a_long_word_stays_inside_its_column() -> None:
    content = PRINTER.pdf(
        with_payer(english(), name="W" * 10_000, address_lines=("W" * 500,), payer_key="K" * 400)
    )
    document = pypdfium2.PdfDocument(content)
    page = document[0]
    words = page.get_textpage()
    boxes = [words.get_charbox(index) for index in range(words.count_chars())]
    assert max(right for _, _, right, _ in boxes) <= page.get_width() - 50
    left_column = [box for index, box in enumerate(boxes) if words.get_text_range(index, 1) == "W"]
    assert max(right for _, _, right, _ in left_column) < 320
    assert "…" in page_texts(content)[0]
    document.close()


def test_the_longest_address_ends_above_the_title() -> None:
    address = tuple("W" * 500 for _ in range(8))
    document = pypdfium2.PdfDocument(
        PRINTER.pdf(with_payer(english(), name="W" * 500, address_lines=address))
    )
    page = document[0]
    words = page.get_textpage()
    lowest = min(
        words.get_charbox(index)[1]
        for index in range(words.count_chars())
        if words.get_text_range(index, 1) == "W"
    )
    title = words.search("Premium invoice").get_next()
    assert title is not None
    assert lowest > words.get_charbox(title[0])[3]
    document.close()


def test_without_fonts_there_is_no_printer() -> None:
    files = {name: content for name, content in template().files.items() if not name.endswith(".otf")}
    with pytest.raises(BillingError, match="fonts_missing"):
        PdfPrinter(replace(template(), files=files))


def test_a_broken_template_names_the_template_and_no_person() -> None:
    files = {**template().files, "_shared/document.typ": b'#panic(json("view.json").payer_name)'}
    with pytest.raises(BillingError, match="template_does_not_compile") as caught:
        PdfPrinter(replace(template(), files=files)).pdf(with_payer(spanish(), email="ana@insured.invalid"))
    assert "Carmen" not in str(caught.value)
    assert caught.value.__cause__ is None
