"""Which characters the fonts of a template can draw.

Belongs here: reading the character map of an OpenType font, and replacing what it does not hold.
Does not belong here: fonts themselves (``templates/_shared/fonts``); shaping (Typst).

A character without a glyph makes the PDF export fail, as PDF/A and PDF/UA demand. So it is replaced
before that by a white square, and reported. To print another script, put a font that has it into
``_shared/fonts``: its character map is read from there and Typst falls back to it.
"""

import struct
from collections.abc import Iterable, Mapping

REPLACEMENT = "\N{WHITE SQUARE}"

_WINDOWS, _UNICODE = 3, 0
_SEGMENTS, _GROUPS = 4, 12


def code_points(font: bytes) -> frozenset[int]:
    """Return the code points that ``font`` (a TrueType or CFF OpenType file) maps to a glyph.

    Raises ``ValueError`` or ``struct.error`` where the bytes are not such a font.
    """
    if font[:4] not in {b"OTTO", b"\x00\x01\x00\x00", b"true"}:
        raise ValueError("not an OpenType font")
    (table_count,) = struct.unpack_from(">H", font, 4)
    for index in range(table_count):
        tag, _, offset, _ = struct.unpack_from(">4sIII", font, 12 + 16 * index)
        if tag == b"cmap":
            return frozenset(_cmap(font, offset))
    raise ValueError("the font has no character map")


def _cmap(font: bytes, base: int) -> set[int]:
    (subtable_count,) = struct.unpack_from(">H", font, base + 2)
    found: set[int] = set()
    for index in range(subtable_count):
        platform, _, offset = struct.unpack_from(">HHI", font, base + 4 + 8 * index)
        if platform not in {_WINDOWS, _UNICODE}:
            continue
        (subtable_format,) = struct.unpack_from(">H", font, base + offset)
        if subtable_format == _SEGMENTS:
            found.update(_segments(font, base + offset))
        elif subtable_format == _GROUPS:
            found.update(_groups(font, base + offset))
    return found


def _segments(font: bytes, base: int) -> Iterable[int]:
    (doubled,) = struct.unpack_from(">H", font, base + 6)
    segment_count = doubled // 2
    row = f">{segment_count}H"
    ends = struct.unpack_from(row, font, base + 14)
    starts = struct.unpack_from(row, font, base + 16 + doubled)
    deltas = struct.unpack_from(row, font, base + 16 + 2 * doubled)
    offsets_at = base + 16 + 3 * doubled
    offsets = struct.unpack_from(row, font, offsets_at)
    for index, (start, end, delta, offset) in enumerate(zip(starts, ends, deltas, offsets, strict=True)):
        for code in range(start, min(end, 0xFFFE) + 1):
            if offset == 0:
                glyph = (code + delta) & 0xFFFF
            else:
                at = offsets_at + 2 * index + offset + 2 * (code - start)
                (glyph,) = struct.unpack_from(">H", font, at)
            if glyph:
                yield code


def _groups(font: bytes, base: int) -> Iterable[int]:
    (group_count,) = struct.unpack_from(">I", font, base + 12)
    for index in range(group_count):
        start, end, glyph = struct.unpack_from(">III", font, base + 16 + 12 * index)
        yield from range(start if glyph else start + 1, end + 1)


class Coverage:
    """The characters that a set of font files can draw together."""

    def __init__(self, fonts: Mapping[str, bytes]) -> None:
        # A line break (in the text of a payment code) is not drawn, so it needs no glyph.
        self._codes = frozenset({ord("\n")}).union(*(code_points(font) for font in fonts.values()))

    def missing(self, text: str) -> set[str]:
        """Return the characters of ``text`` that no font can draw."""
        return {character for character in set(text) if ord(character) not in self._codes}

    def printable(self, value: object, missing: set[str]) -> object:
        """Return ``value`` (JSON) with each character that has no glyph replaced; adds it to ``missing``."""
        if isinstance(value, str):
            absent = self.missing(value)
            if not absent:
                return value
            missing |= absent
            return value.translate({ord(character): REPLACEMENT for character in absent})
        if isinstance(value, dict):
            return {key: self.printable(item, missing) for key, item in value.items()}
        if isinstance(value, list):
            return [self.printable(item, missing) for item in value]
        return value
