"""Charts as SVG, drawn on the server: columns over days, with a scale, and words for whoever cannot see.

Belongs here: how columns are drawn. Does not belong here: what they count (the pages), colours (office.css).

Nothing in them is styled by itself, so that they follow the page into its dark mode and pass its policy.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

_WIDTH, _HEIGHT = 960, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 8, 22, 26
_STEPS = (1, 2, 5)
_LINES = 4
_ROOM_FOR_LABEL = 34


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: the label below it, what it counts, that in words, and how it stands out.

    ``tone`` is empty, ``strong`` (the one that is looked at), ``peak`` or ``quiet``; ``is_marked`` shades the
    whole day, as one that is closed.
    """

    label: str
    value: int
    words: str
    tone: str = ""
    is_marked: bool = False


def column_chart(columns: Sequence[Column], *, title: str, description: str, chart_id: str) -> Markup:
    """Return the columns as one image with a title and a description.

    >>> columns = [Column(label="1 Feb", value=3, words="3 invoices")]
    >>> svg = column_chart(columns, title="Volume", description="3 on 1 Feb", chart_id="v")
    >>> '<title id="v-title">Volume</title>' in svg, "3 invoices" in svg
    (True, True)
    """
    step = scale_step(max((column.value for column in columns), default=0))
    top = step * _LINES
    pitch = (_WIDTH - _LEFT - _RIGHT) / max(1, len(columns))
    every = max(1, -int(-_ROOM_FOR_LABEL // pitch))
    key = escape(chart_id)
    named = f'role="img" aria-labelledby="{key}-title {key}-desc"'
    parts = [
        f'<svg class="chart" viewBox="0 0 {_WIDTH} {_HEIGHT}" {named}>',
        f'<title id="{key}-title">{escape(title)}</title>',
        f'<desc id="{key}-desc">{escape(description)}</desc>',
        *_scale(step),
    ]
    lefts = [_LEFT + place * pitch for place in range(len(columns))]
    # What is shaded lies below every column, and figures above all of them.
    for draw in (_shade, _column, _figure):
        for column, left in zip(columns, lefts, strict=True):
            parts += draw(column, left, pitch, top)
    for place, (column, left) in enumerate(zip(columns, lefts, strict=True)):
        if place % every == 0 and left + (pitch + _ROOM_FOR_LABEL) / 2 <= _WIDTH:
            parts.append(_text("label", column.label, left + pitch / 2, _HEIGHT - 9))
    return Markup("".join([*parts, "</svg>"]))  # noqa: S704 - words are escaped


def scale_step(largest: int) -> int:
    """Return the distance of the lines of a scale, a round number, so that the largest value fits below them.

    >>> [scale_step(value) for value in (0, 3, 17, 2_999, 750_000)]
    [1, 1, 5, 1000, 200000]
    """
    power = 1
    while True:
        for step in _STEPS:
            if step * power * _LINES >= largest:
                return step * power
        power *= 10


def short_number(value: int) -> str:
    """Return a number of a scale as shortly as it can be said.

    >>> [short_number(value) for value in (500, 1_500, 20_000, 3_000_000)]
    ['500', '1.5k', '20k', '3M']
    """
    for size, unit in ((1_000_000, "M"), (1_000, "k")):
        if value >= size:
            whole, rest = divmod(value * 10 // size, 10)
            return f"{whole}.{rest}{unit}" if rest else f"{whole}{unit}"
    return str(value)


def _scale(step: int) -> list[str]:
    parts = []
    for line in range(_LINES + 1):
        y = _y(step * line, step * _LINES)
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(
            f'<text class="scale" x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">'
            f"{short_number(step * line)}</text>"
        )
    return parts


def _shade(column: Column, left: float, pitch: float, _top: int) -> list[str]:
    height = _HEIGHT - _TOP - _BOTTOM
    shade = f'<rect class="closed" x="{left:.1f}" y="{_TOP}" width="{pitch:.1f}" height="{height}"/>'
    return [shade] if column.is_marked else []


def _column(column: Column, left: float, pitch: float, top: int) -> list[str]:
    gap, foot = min(6.0, pitch * 0.18), _y(0, top)
    height = max(1.0, foot - _y(column.value, top)) if column.value else 0
    return [
        f"<g><title>{escape(column.words)}</title>",
        f'<rect class="column {escape(column.tone)}" x="{left + gap:.1f}" y="{foot - height:.1f}" ',
        f'width="{pitch - 2 * gap:.1f}" height="{height:.1f}" rx="1.5"/></g>',
    ]


def _figure(column: Column, left: float, pitch: float, top: int) -> list[str]:
    if column.tone not in {"peak", "strong"} or not column.value:
        return []
    return [_text("value", short_number(column.value), left + pitch / 2, _y(column.value, top) - 5)]


def _text(kind: str, words: str, middle: float, y: float) -> str:
    return f'<text class="{kind}" x="{middle:.1f}" y="{y:.1f}" text-anchor="middle">{escape(words)}</text>'


def _y(value: int, top: int) -> float:
    return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - value / top)
