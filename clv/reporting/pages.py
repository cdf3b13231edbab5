"""What all pages share: their templates' environment, and a file that is replaced whole."""

from __future__ import annotations

import os
import tempfile
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

TEMPLATES = Path(__file__).parent / "templates"


def environment(*folders: Path) -> Environment:
    """Templates of the folders, and the page that all extend: escaped, and no name left undefined."""
    environment = Environment(
        loader=FileSystemLoader([*folders, TEMPLATES]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["whole"] = lambda value: "–" if value is None else f"{_half_up(value, '1'):,}"
    environment.filters["cents"] = lambda value: "–" if value is None else f"{_half_up(value, '0.01'):,}"
    environment.filters["percent"] = lambda value: "–" if value is None else f"{_half_up(100 * Decimal(value), '1')} %"
    return environment


def _half_up(value: int | float | Decimal, unit: str) -> Decimal:
    """A number to the unit, a half upwards as the warehouse rounds it: both say the same of one figure."""
    return Decimal(str(value)).quantize(Decimal(unit), ROUND_HALF_UP) + 0


def replace(path: Path, text: str) -> None:
    """Puts the text in the file's place at once: a reader sees the old page or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, partial = tempfile.mkstemp(prefix=".", suffix=".partial", dir=path.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    Path(partial).chmod(0o644)
    Path(partial).replace(path)
