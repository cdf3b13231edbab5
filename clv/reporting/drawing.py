"""Drawings as inline SVG: text stays text, colours are the page's CSS variables, so light and dark both work."""

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

LEAST_REM = 3.9  # of width per inch, on any screen
LONGEST_NAME = 40  # letters
WIDE = (10.8, 4.2)  # inches
DARKEST = 0.5  # of a cell that is shaded by its number: the number can still be read, in light and dark
INCHES = (5.2, 3.5)  # of 72 units each: wide enough to read when shrunk to a phone
# Matplotlib wants colours, the page has variables: each stands for one and is replaced in the finished SVG.
INK, SOFT, LINE, BAR, BAND, BASELINE = (f"#0a0b{number:02x}" for number in range(6))
VARIABLES = {INK: "ink", SOFT: "soft", LINE: "line", BAR: "bar", BAND: "band", BASELINE: "baseline"}
STYLE: Any = {
    "svg.fonttype": "none",
    "text.parse_math": False,  # a shop's own names may hold dollars
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
    """A drawing: `title` says what is seen, `words` what it shows here, `svg` is markup to put into the page; `numbers`
    are those it stands for, as a table with its heads first, where it draws a table."""

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
    """What `draw` draws on axes, or on several side by side; `words` lack their full stop."""
    with mpl.rc_context(STYLE | {"svg.hashsalt": title}):
        figure = Figure(figsize=inches, layout="constrained")
        FigureCanvasSVG(figure)
        draw(figure.subplots(1, panels))
        written = io.StringIO()
        figure.savefig(written, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
    svg = _for_the_page(written.getvalue(), title, inches[0])
    return Chart(title, f"{words}.".replace(" %", "\u00a0%"), svg, numbers or [])


def _for_the_page(svg: str, title: str, inches: float) -> str:
    """The drawing without file header, namespaces and fonts of its own; ids unlike those of other charts.

    On a narrow screen it stays so wide that its text can be read, and the page lets it scroll.
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
    """Names the months along the bottom, with the year under its first, and lets amounts begin at nothing."""
    years = [f"{one:%Y}" if at == 0 or one.month == 1 else "" for at, one in enumerate(months)]
    names = [f"{one:%b}\n{year}" for one, year in zip(months, years, strict=True)]
    axes.set_xticks(range(len(months)), names, fontsize=9)
    axes.set_xlim(-0.6, max(len(months), 6) - 0.4)
    axes.set_ylim(bottom=0)
    axes.grid(visible=False, axis="x")


def magnitude(value: float, _: Any = None) -> str:
    """A number with three digits and its magnitude: 1.23k, 4.5m."""
    for size, unit in ((1e6, "m"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{unit}"
    return f"{value:.3g}"


def short(name: str) -> str:
    """A name that leaves room for the drawing."""
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1].rstrip() + "…"


def percent(share: float) -> str:
    """A share as whole per cents."""
    return f"{100 * share:.0f} %"
