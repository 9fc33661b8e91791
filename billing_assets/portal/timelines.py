"""A timeline as SVG, drawn on the server: a line for each of several names, a dot for each moment on it.

Belongs here: how it is drawn. Does not belong here: what the moments are (the pages), colours (office.css),
columns (``charts``).

Like every chart it is styled by the page alone. Dots differ by shape too: what is to come is a ring, what
failed a square.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup, escape

_WIDTH, _LEFT, _RIGHT = 960, 190, 14
_TOP, _LANE, _BOTTOM = 12, 30, 24
_LONGEST_NAME = 26
_DOT = 4.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """One moment of a lane, what it is in words, and its state, which is its class."""

    at: datetime
    words: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """A line with its name and its moments."""

    name: str
    dots: Sequence[Dot]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """The span that is drawn, ``[begin, end)``, its marks with their labels, and where now is."""

    begin: datetime
    end: datetime
    marks: Sequence[tuple[datetime, str]]
    now: datetime


def timeline_chart(
    lanes: Sequence[Lane], scale: Scale, *, title: str, description: str, chart_id: str
) -> Markup:
    """Return the lanes as one image with a title and a description.

    >>> from datetime import UTC, timedelta
    >>> begin = datetime(2025, 1, 1, tzinfo=UTC)
    >>> scale = Scale(begin=begin, end=begin + timedelta(days=1), marks=[], now=begin)
    >>> lane = Lane(name="nightly", dots=[Dot(at=begin, words="00:00", state="done")])
    >>> svg = timeline_chart([lane], scale, title="Day", description="one", chart_id="t")
    >>> 'class="dot done"' in svg, ">nightly</text>" in svg
    (True, True)
    """
    height = _TOP + _LANE * len(lanes) + _BOTTOM
    key = escape(chart_id)
    named = f'role="img" aria-labelledby="{key}-title {key}-desc"'
    parts = [
        f'<svg class="chart timeline" viewBox="0 0 {_WIDTH} {height}" {named}>',
        f'<title id="{key}-title">{escape(title)}</title>',
        f'<desc id="{key}-desc">{escape(description)}</desc>',
    ]
    foot = _TOP + _LANE * len(lanes)
    for at, label in scale.marks:
        x = _x(at, scale)
        parts.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{foot}"/>')
        parts.append(f'<text class="label" x="{x + 3:.1f}" y="{height - 8}">{escape(label)}</text>')
    for number, lane in enumerate(lanes):
        parts += _lane(lane, _TOP + _LANE * number + _LANE / 2, scale)
    if scale.begin <= scale.now < scale.end:
        x = _x(scale.now, scale)
        parts.append(f'<line class="now" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP - 6}" y2="{foot}"/>')
    return Markup("".join([*parts, "</svg>"]))  # noqa: S704 - words are escaped


def _lane(lane: Lane, y: float, scale: Scale) -> list[str]:
    is_long = len(lane.name) > _LONGEST_NAME
    name = f"{lane.name[: _LONGEST_NAME - 1]}…" if is_long else lane.name
    return [
        f'<line class="lane" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>',
        f'<text class="name" x="{_LEFT - 12}" y="{y + 4:.1f}" text-anchor="end">{escape(name)}</text>',
        *(_dot(dot, y, scale) for dot in lane.dots),
    ]


def _dot(dot: Dot, y: float, scale: Scale) -> str:
    x, kind = _x(dot.at, scale), f'class="dot {escape(dot.state)}"'
    if dot.state == "failed":
        size = 2 * _DOT
        shape = f'<rect {kind} x="{x - _DOT:.1f}" y="{y - _DOT:.1f}" width="{size}" height="{size}"/>'
    else:
        shape = f'<circle {kind} cx="{x:.1f}" cy="{y:.1f}" r="{_DOT}"/>'
    return f"<g><title>{escape(dot.words)}</title>{shape}</g>"


def _x(at: datetime, scale: Scale) -> float:
    return _LEFT + (_WIDTH - _LEFT - _RIGHT) * ((at - scale.begin) / (scale.end - scale.begin))
