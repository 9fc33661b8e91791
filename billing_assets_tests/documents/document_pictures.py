"""Pictures of every kind of document in every language, for the documentation.

    python -m billing_assets_tests.documents.document_pictures [--folder FOLDER] [--only KIND ...]

Belongs here: how they are taken. Does not belong here: what they show (the samples of the templates).
"""

import argparse
import struct
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pypdfium2

from billing_assets.documents.pdf import PdfPrinter
from billing_assets.documents.templates import default_templates_dir, load_template
from billing_assets.documents.views import DOCUMENT_KINDS, Document, languages_of, sample_document
from billing_assets.domain.letters import Reminder

_SCALE = 1.25
_FEWER_COLOURS = bytes(min(255, (value + 8) // 17 * 17) for value in range(256))
_MOST_COLOURS = 256
_COMMON = 500
"""So many pixels of a colour are an area and not the edge of a letter."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Print each sample in each language and take a picture of each of its pages."""
    parser = argparse.ArgumentParser(description="Pictures of every kind of document in every language.")
    parser.add_argument("--folder", type=Path, default=Path("docs/images/documents"))
    parser.add_argument("--only", nargs="*", metavar="KIND", help="these kinds alone")
    options = parser.parse_args(arguments)
    options.folder.mkdir(parents=True, exist_ok=True)
    for kind in options.only or DOCUMENT_KINDS:
        template = load_template(default_templates_dir(), kind)
        printer = PdfPrinter(template)
        for language in languages_of(template):
            for name, document in _variants(kind, sample_document(template, language)):
                for number, picture in enumerate(page_pictures(printer.pdf(document)), start=1):
                    page = "" if number == 1 else f"-{number}"
                    (options.folder / f"{name}.{language}{page}.png").write_bytes(picture)


def _variants(kind: str, document: Document) -> Iterator[tuple[str, Document]]:
    """Yield the document, and of a reminder each level, with the names of their pictures."""
    if not isinstance(document, Reminder):
        yield kind, document
        return
    for level in (1, 2, 3):
        yield f"{kind}-{level}", replace(document, level=level)


def page_pictures(content: bytes) -> Iterator[bytes]:
    """Yield each page of a PDF as a PNG."""
    document = pypdfium2.PdfDocument(content)
    for page in document:
        bitmap = page.render(scale=_SCALE, rev_byteorder=True)
        rows = memoryview(bytes(bitmap.buffer)).cast("B")
        step = bitmap.n_channels
        yield png(
            [
                [bytes(rows[at : at + 3]) for at in range(start, start + bitmap.width * step, step)]
                for start in range(0, bitmap.height * bitmap.stride, bitmap.stride)
            ]
        )
    document.close()


def png(rows: Sequence[Sequence[bytes]]) -> bytes:
    """Return rows of pixels (red, green, blue) as a PNG of few colours: rare ones become a near one."""
    counts = Counter(colour for row in rows for colour in row)
    near = {
        colour: colour if count > _COMMON else colour.translate(_FEWER_COLOURS)
        for colour, count in counts.items()
    }
    palette = sorted(set(near.values()))
    if len(palette) > _MOST_COLOURS:
        raise ValueError(f"{len(palette)} colours; a picture has {_MOST_COLOURS} at most")
    places = {colour: palette.index(shown) for colour, shown in near.items()}
    lines = b"".join(b"\0" + bytes(places[colour] for colour in row) for row in rows)
    width = len(rows[0])
    header = struct.pack(">IIBBBBB", width, len(rows), 8, 3, 0, 0, 0)
    parts = [
        (b"IHDR", header),
        (b"PLTE", b"".join(palette)),
        (b"IDAT", zlib.compress(lines, 9)),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in parts
    )


if __name__ == "__main__":
    main()
