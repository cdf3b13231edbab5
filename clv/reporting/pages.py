"""What all pages share: the template environment, and replacing a file in one step."""

from __future__ import annotations

import os
import tempfile
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

TEMPLATES = Path(__file__).parent / "templates"


def environment(*folders: Path) -> Environment:
    """The template environment over these folders and the base page: it escapes values and fails on undefined names."""
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
    """Rounds to the unit, halves away from zero as the warehouse does, so that page and tables agree."""
    return Decimal(str(value)).quantize(Decimal(unit), ROUND_HALF_UP) + 0


def replace(path: Path, text: str) -> None:
    """Replaces the file in one step: a reader sees the old page or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, partial = tempfile.mkstemp(prefix=".", suffix=".partial", dir=path.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    Path(partial).chmod(0o644)
    Path(partial).replace(path)
