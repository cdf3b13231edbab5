"""Charts as inline SVG. Text stays text, and colours are the page's CSS variables, so that light and dark themes both
work."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

LEAST_REM = 3.9  # minimum width in rem per inch of the chart, on any screen
LONGEST_NAME = 40  # characters
WIDE = (10.8, 4.2)  # inches
DARKEST = 0.5  # opacity of the darkest cell: its number stays readable in light and dark
INCHES = (5.2, 3.5)  # 72 units each: large enough to read when shrunk to a phone
# Matplotlib needs colours, but the page uses CSS variables. Each placeholder colour is replaced by its variable in the
# SVG.
INK, SOFT, LINE, BAR, BAND, BASELINE = (f"#0a0b{number:02x}" for number in range(6))
VARIABLES = {INK: "ink", SOFT: "soft", LINE: "line", BAR: "bar", BAND: "band", BASELINE: "baseline"}
STYLE: Any = {
    "svg.fonttype": "none",
    "text.parse_math": False,  # names given by a shop may contain dollar signs
    "font.size": 11,
    "text.color": INK,
    "axes.labelcolor": SOFT,
    "axes.edgecolor": LINE,
    "axes.facecolor": "none",
    "figure.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": LINE,
    "grid.linewidth": 0.7,
    "xtick.color": LINE,
    "ytick.color": LINE,
    "xtick.labelcolor": SOFT,
    "ytick.labelcolor": SOFT,
    "legend.frameon": False,
    "lines.linewidth": 2,
}


@dataclass(frozen=True)
class Chart:
    """A chart. `title` says what it shows and `words` what can be seen in it; `svg` is markup for the page; `numbers`
    are the same figures as a table, headings first, for charts that need one."""

    title: str
    words: str
    svg: str
    numbers: list[list[str]] = field(default_factory=list)


def chart(
    title: str,
    words: str,
    draw: Callable[[Any], None],
    inches: Any = INCHES,
    panels: int = 1,
    numbers: list[list[str]] | None = None,
) -> Chart:
    """Makes a chart with `draw`, which draws on one or several (`panels`) axes; `words` come without the final full
    stop."""
    with mpl.rc_context(STYLE | {"svg.hashsalt": title}):
        figure = Figure(figsize=inches, layout="constrained")
        FigureCanvasSVG(figure)
        draw(figure.subplots(1, panels))
        written = io.StringIO()
        figure.savefig(written, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
    svg = _for_the_page(written.getvalue(), title, inches[0])
    return Chart(title, f"{words}.".replace(" %", "\u00a0%"), svg, numbers or [])


def _for_the_page(svg: str, title: str, inches: float) -> str:
    """Returns the SVG without file header, namespaces and fonts of its own, and with ids that no other chart on the
    page has.

    On a narrow screen the chart keeps a readable width, and the page scrolls it.
    """
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = re.sub(r' (xmlns(:xlink)?|version|width|height)="[^"]*"', "", svg[: svg.index(">")]) + svg[svg.index(">") :]
    svg = re.sub(r"font-family: [^;\"]*;? ?", "", svg).replace("xlink:href", "href")
    for colour, variable in VARIABLES.items():
        svg = svg.replace(colour, f"var(--{variable})")
    prefix = re.sub(r"\W+", "-", title.lower())
    svg = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{prefix}-", svg)
    least = f"min-width: {LEAST_REM * inches:.1f}rem"
    return svg.replace("<svg", f'<svg role="img" aria-label="{title}" style="{least}"', 1)


def months_along(axes: Any, months: list[date]) -> None:
    """Labels the horizontal axis with months, and with the year under its first month; starts the vertical axis at
    zero."""
    years = [f"{one:%Y}" if at == 0 or one.month == 1 else "" for at, one in enumerate(months)]
    names = [f"{one:%b}\n{year}" for one, year in zip(months, years, strict=True)]
    axes.set_xticks(range(len(months)), names, fontsize=9)
    axes.set_xlim(-0.6, max(len(months), 6) - 0.4)
    axes.set_ylim(bottom=0)
    axes.grid(visible=False, axis="x")


def magnitude(value: float, _: Any = None) -> str:
    """A number to three digits with its unit: 1.23k, 4.5m."""
    for size, unit in ((1e6, "m"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{unit}"
    return f"{value:.3g}"


def short(name: str) -> str:
    """The name, shortened to leave room for the chart."""
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1].rstrip() + "…"


def percent(share: float) -> str:
    """A share as a whole percentage."""
    return f"{100 * share:.0f} %"
