"""A small chart as PNG: horizontal bars with their figures written out.

Belongs here: how bars look. Does not belong here: which figures are shown (``wiring.build``, ``reports``).
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import typst

from billing_assets.documents.templates import SHARED
from billing_assets.domain.errors import BillingError


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar: its label, its length (0 or more, compared within the chart), its figure in words, its colour.

    ``tone`` is ``good``, ``quiet`` or ``bad``.
    """

    label: str
    length: int
    figure: str
    tone: str = "good"


@dataclass(frozen=True, slots=True, kw_only=True)
class BarGroup:
    """Bars that share a scale, under one heading."""

    heading: str
    bars: Sequence[Bar]


PIXELS_PER_INCH = 144.0

_PAGE = """
#let groups = json(bytes(sys.inputs.groups))
#let tones = (good: rgb("#2563a8"), quiet: rgb("#8a94a3"), bad: rgb("#b3261e"))
#set page(width: 460pt, height: auto, margin: 12pt, fill: white)
#set text(font: "Inter", size: 10pt, fill: rgb("#1f2933"))
#for (place, group) in groups.enumerate() {
  let longest = calc.max(1, ..group.bars.map(bar => bar.length))
  if place > 0 { v(8pt) }
  text(weight: 600, group.heading)
  v(-4pt)
  grid(
    columns: (90pt, 1fr), row-gutter: 6pt, align: horizon,
    ..group.bars.map(bar => (
      text(fill: rgb("#4b5563"), bar.label),
      stack(dir: ltr, spacing: 6pt,
        rect(width: if bar.length == 0 { 0pt } else { calc.max(1.5pt, 170pt * (bar.length / longest)) },
          height: 11pt, radius: 1.5pt, fill: tones.at(bar.tone), stroke: none),
        align(horizon, bar.figure)),
    )).flatten()
  )
}
"""


def bar_chart(groups: Sequence[BarGroup], templates_dir: Path) -> bytes:
    r"""Return the bars as a PNG of 920 pixels width; the same figures give the same bytes.

    >>> from billing_assets.documents.templates import default_templates_dir
    >>> group = BarGroup(heading="Charges", bars=[Bar(label="invoiced", length=3, figure="3")])
    >>> bar_chart([group], default_templates_dir())[:4]
    b'\x89PNG'
    """
    faces = typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[str(templates_dir / SHARED / "fonts")],
    )
    data = json.dumps([asdict(group) for group in groups], ensure_ascii=False)
    image = typst.compile(
        _PAGE.encode(), format="png", ppi=PIXELS_PER_INCH, font_paths=faces, sys_inputs={"groups": data}
    )
    if not isinstance(image, bytes):
        raise BillingError(
            "chart_failed", "Typst returned no image", "check the typst version in the lock file"
        )
    return image
