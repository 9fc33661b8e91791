"""The chart is a small, repeatable picture, and a longer bar is longer."""

import struct
import zlib
from collections import Counter

import pytest

from billing_assets.documents.chart import Bar, BarGroup, bar_chart
from billing_assets.documents.templates import default_templates_dir

BLUE = (0x25, 0x63, 0xA8)
RED = (0xB3, 0x26, 0x1E)
CHANNELS = {2: 3, 6: 4}


def drawn(*bars: Bar) -> bytes:
    """The picture of one group."""
    return bar_chart([BarGroup(heading="Charges", bars=bars)], default_templates_dir())


def width_of(picture: bytes) -> int:
    """Width that the header of a PNG states."""
    return int(struct.unpack(">I", picture[16:20])[0])


def pixels_of(picture: bytes, colour: tuple[int, int, int]) -> int:
    """How many pixels have exactly this colour."""
    width, height, depth, kind = struct.unpack(">IIBB", picture[16:26])
    assert depth == 8
    size = CHANNELS[kind]
    packed, place = b"", 8
    while place < len(picture):
        length, name = struct.unpack(">I4s", picture[place : place + 8])
        packed += picture[place + 8 : place + 8 + length] if name == b"IDAT" else b""
        place += length + 12
    raw, stride = zlib.decompress(packed), width * size
    counted: Counter[tuple[int, ...]] = Counter()
    above = bytearray(stride)
    for row in range(height):
        begin = row * (stride + 1)
        above = unfiltered(raw[begin], bytearray(raw[begin + 1 : begin + 1 + stride]), above, size)
        counted.update(zip(above[0::size], above[1::size], above[2::size], strict=True))
    return counted[colour]


def unfiltered(kind: int, line: bytearray, above: bytearray, size: int) -> bytearray:
    """Undo the filter of one line of a PNG (ISO/IEC 15948, 9.2)."""
    for place in range(len(line)):
        left = line[place - size] if place >= size else 0
        corner = above[place - size] if place >= size else 0
        up = above[place]
        guess = left + up - corner
        paeth = min((left, up, corner), key=lambda value: abs(guess - value))
        line[place] = (line[place] + (0, left, up, (left + up) // 2, paeth)[kind]) % 256
    return line


def test_it_is_920_pixels_wide_and_light_enough_for_metadata() -> None:
    content = bar_chart(
        [BarGroup(heading="Charges", bars=[Bar(label="invoiced", length=5, figure="5")])],
        default_templates_dir(),
    )
    assert width_of(content) == 920
    assert len(content) < 60_000


def test_the_same_figures_give_the_same_bytes() -> None:
    group = BarGroup(heading="Charges", bars=[Bar(label="invoiced", length=5, figure="5")])
    assert bar_chart([group], default_templates_dir()) == bar_chart([group], default_templates_dir())


@pytest.mark.long
@pytest.mark.parametrize(("length", "share"), [(50, 2), (25, 4)])
def test_bars_are_as_long_as_their_figures_compare(length: int, share: int) -> None:
    picture = drawn(
        Bar(label="invoiced", length=100, figure="100"),
        Bar(label="failed", length=length, figure="x", tone="bad"),
    )
    assert pixels_of(picture, BLUE) == pytest.approx(share * pixels_of(picture, RED), rel=0.05)


def test_nothing_has_no_bar_and_a_little_still_shows() -> None:
    longest = Bar(label="invoiced", length=1_000_000, figure="1,000,000")
    assert pixels_of(drawn(longest, Bar(label="failed", length=0, figure="0", tone="bad")), RED) == 0
    assert pixels_of(drawn(longest, Bar(label="failed", length=1, figure="1", tone="bad")), RED) > 10


def test_a_label_is_text_and_never_markup() -> None:
    picture = drawn(Bar(label='#panic("x") $ * _', length=1, figure="[#1]"))
    assert width_of(picture) == 920
