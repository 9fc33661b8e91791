"""The list of what is in a folder for a print shop: as CSV, as JSON, and the sums that prove it.

Belongs here: the columns, file names, and what a spreadsheet must not take for a formula.
Does not belong here: writing files (``batch``).
"""

import csv
import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from io import StringIO
from typing import Final

MOST_ADDRESS_LINES: Final = 7
"""The name and up to six lines, without the country: what fits behind the window of an envelope."""

_PLAIN_NUMBER: Final = re.compile(r"[A-Z0-9][A-Z0-9-]{0,60}")
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9-]")
_LONGEST_STEM: Final = 60
# Devices of Windows cannot be names of files there, whatever comes behind the dot.
_DEVICES: Final = re.compile(r"(?:CON|PRN|AUX|NUL|COM\d|LPT\d)")
_FORMULA_SIGNS: Final = tuple("=+-@\t\r\uff1d\uff0b\uff0d\uff20")


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedDocument:
    """A document that goes by post; ``address_lines`` begin with the name and end before the country."""

    document_number: str
    pdf: bytes = field(repr=False)
    address_lines: tuple[str, ...] = field(repr=False)
    country_code: str
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestRow:
    """A document of a batch as the manifest has it."""

    document_number: str
    file_name: str
    page_count: int
    sheet_count: int
    byte_count: int
    sha256: str
    language: str
    country_code: str
    address_lines: tuple[str, ...] = field(repr=False)


def file_name(document_number: str) -> str:
    """Return the name of a document's file: a pure function of its number, different for each number.

    A number that could not be a name everywhere is cleaned and gets a hash of itself. Small letters count as
    such: there are systems where two names that differ by them alone are one.

    >>> file_name("INV-00000001"), file_name("2026/7")
    ('INV-00000001.pdf', '2026_7-85f91bb8.pdf')
    """
    if _PLAIN_NUMBER.fullmatch(document_number) and not _DEVICES.fullmatch(document_number):
        return f"{document_number}.pdf"
    stem = _UNSAFE.sub("_", document_number)[:_LONGEST_STEM]
    return f"{stem}-{sha256(document_number.encode(errors='surrogatepass')).hexdigest()[:8]}.pdf"


def manifest_row(document: PostedDocument, page_count: int, *, is_duplex: bool) -> ManifestRow:
    """Return the row of a document; two pages go on a sheet where it is printed on both sides.

    >>> sheet = PostedDocument(
    ...     document_number="INV-1", pdf=b"", address_lines=("A",), country_code="ES", language="es"
    ... )
    >>> manifest_row(sheet, 3, is_duplex=True).sheet_count
    2
    """
    return ManifestRow(
        document_number=document.document_number,
        file_name=file_name(document.document_number),
        page_count=page_count,
        sheet_count=(page_count + 1) // 2 if is_duplex else page_count,
        byte_count=len(document.pdf),
        sha256=sha256(document.pdf).hexdigest(),
        language=document.language,
        country_code=document.country_code,
        address_lines=tuple(_one_line(line) for line in document.address_lines),
    )


def _one_line(text: str) -> str:
    """Line breaks and characters that nobody sees would move an address on the envelope."""
    visible = ("" if unicodedata.category(character) == "Cf" else character for character in text)
    return " ".join("".join(c if c.isprintable() else " " for c in visible).split())


def csv_cell(text: str) -> str:
    """Return a text as a cell that no spreadsheet takes for a formula: an apostrophe goes before its sign.

    >>> csv_cell("=HYPERLINK(1)"), csv_cell("Anna Bell"), csv_cell(" +1")
    ("'=HYPERLINK(1)", 'Anna Bell', "' +1")
    """
    is_formula = text.lstrip(" \u00a0").startswith(_FORMULA_SIGNS)
    return f"'{text}" if is_formula else text


def manifest_csv(rows: Sequence[ManifestRow]) -> bytes:
    """Return the manifest as CSV: UTF-8, comma, all cells in quotes, CRLF, a line of names first.

    Numbers are plain; each text is safe in a spreadsheet, see ``csv_cell``. The JSON has them as they are.

    >>> manifest_csv([]).decode()[:28]
    '"document_number","file","pa'
    """
    addresses = [f"address_line_{number + 1}" for number in range(MOST_ADDRESS_LINES)]
    names = ["document_number", "file", "pages", "sheets", "bytes", "sha256", "language", "country"]
    text = StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow([*names, *addresses])
    for row in rows:
        texts = (row.document_number, row.file_name, row.language, row.country_code, *row.address_lines)
        number, file, language, country, *lines = map(csv_cell, texts)
        lines += [""] * (MOST_ADDRESS_LINES - len(lines))
        counts = (row.page_count, row.sheet_count, row.byte_count)
        writer.writerow([number, file, *counts, row.sha256, language, country, *lines])
    return text.getvalue().encode(errors="replace")


def manifest_json(batch_name: str, rows: Sequence[ManifestRow], *, is_duplex: bool) -> bytes:
    """Return the manifest as JSON, UTF-8, with the totals of the batch.

    >>> manifest_json("B1", [], is_duplex=True).decode().split()[:3]
    ['{', '"batch":', '"B1",']
    """
    whole = {
        "batch": batch_name,
        "is_duplex": is_duplex,
        "document_count": len(rows),
        "page_count": sum(row.page_count for row in rows),
        "sheet_count": sum(row.sheet_count for row in rows),
        "byte_count": sum(row.byte_count for row in rows),
        "documents": [
            {
                "document_number": row.document_number,
                "file": row.file_name,
                "pages": row.page_count,
                "sheets": row.sheet_count,
                "bytes": row.byte_count,
                "sha256": row.sha256,
                "language": row.language,
                "country": row.country_code,
                "address_lines": list(row.address_lines),
            }
            for row in rows
        ],
    }
    return (json.dumps(whole, ensure_ascii=False, indent=1) + "\n").encode(errors="replace")


def sums_file(hashes: dict[str, str]) -> bytes:
    r"""Return file names and their SHA-256 as ``sha256sum --check`` reads them, sorted by name.

    >>> sums_file({"b": "22", "a": "11"})
    b'11  a\n22  b\n'
    """
    return "".join(f"{hashes[name]}  {name}\n" for name in sorted(hashes)).encode()
