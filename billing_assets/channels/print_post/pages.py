"""How many pages a PDF has.

Belongs here: reading the count that the PDF itself states. Does not belong here: its content.

No library for PDFs is among those that the program runs with, and the count is four steps away: the end of
the file says where its table of objects is, the table leads to the catalogue, that to the tree of pages, and
that says the count. The press writes PDFs of this plain form. What is written in another way (compressed
objects, encryption) is refused rather than guessed at: a wrong count is a wrong price and a torn envelope.
"""

import re
from typing import Final

from billing_assets.domain.errors import BillingError

_TAIL_BYTES: Final = 2048
_START: Final = re.compile(rb"startxref\s+(\d{1,12})\s+%%EOF\s*\Z")
_SECTION: Final = re.compile(rb"\s*(\d{1,10}) (\d{1,10}) *\r?\n?")
_ROOT: Final = re.compile(rb"/Root\s+(\d{1,10})\s+\d+\s+R")
_PAGES: Final = re.compile(rb"/Pages\s+(\d{1,10})\s+\d+\s+R")
_COUNT: Final = re.compile(rb"/Count\s+(\d{1,6})\b")
_ENTRY_BYTES: Final = 20
_MOST_OBJECTS: Final = 10_000_000


def page_count(content: bytes) -> int:
    """Return the number of pages of a PDF as the press writes it, at least 1.

    Errors: ``pdf_pages_unreadable``.

    >>> page_count(b"no PDF")
    Traceback (most recent call last):
    ...
    billing_assets.domain.errors.BillingError: the number of pages of a PDF cannot be read ...
    """
    start = _START.search(content, max(len(content) - _TAIL_BYTES, 0))
    if not content.startswith(b"%PDF-") or start is None:
        raise _unreadable()
    offsets, trailer = _table(content, int(start.group(1)))
    if b"/Encrypt" in trailer:
        raise _unreadable()
    catalogue = _object(content, offsets, _found(_ROOT, trailer))
    tree = _object(content, offsets, _found(_PAGES, catalogue))
    count = _found(_COUNT, tree)
    if count < 1 or not re.search(rb"/Type\s*/Pages\b", tree):
        raise _unreadable()
    return count


def _table(content: bytes, position: int) -> tuple[dict[int, int], bytes]:
    """Return object number -> offset, and the trailer; of a PDF with one table, that was never added to."""
    if content[position : position + 4] != b"xref":
        raise _unreadable()
    position += 4
    offsets: dict[int, int] = {}
    while section := _SECTION.match(content, position):
        first, count = int(section.group(1)), int(section.group(2))
        if count > min(_MOST_OBJECTS, len(content) // _ENTRY_BYTES):
            raise _unreadable()
        for number in range(count):
            begin = section.end() + number * _ENTRY_BYTES
            entry = content[begin : begin + _ENTRY_BYTES]
            if entry[17:18] == b"n" and entry[:10].isdigit():
                offsets[first + number] = int(entry[:10])
        position = section.end() + count * _ENTRY_BYTES
    trailer = content[position:].lstrip()
    if not trailer.startswith(b"trailer") or b"/Prev" in trailer:
        raise _unreadable()
    return offsets, trailer


def _object(content: bytes, offsets: dict[int, int], number: int) -> bytes:
    begin = offsets.get(number, len(content))
    head = re.compile(rb"\s*%d \d+ obj\b" % number).match(content, begin)
    end = content.find(b"endobj", begin)
    if head is None or end < 0:
        raise _unreadable()
    return content[head.end() : end]


def _found(pattern: re.Pattern[bytes], text: bytes) -> int:
    found = pattern.findall(text)
    if len(found) != 1:
        raise _unreadable()
    return int(found[0])


def _unreadable() -> BillingError:
    return BillingError(
        "pdf_pages_unreadable",
        "the number of pages of a PDF cannot be read",
        "print the document anew; a PDF of another program cannot go to a print shop by this way",
    )
