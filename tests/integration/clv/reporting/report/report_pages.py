"""The date of the tested pages, and helpers to read a page."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import small_warehouse as small

DAY = date.fromisoformat(small.AS_OF)


def cells(page: str, name: str) -> list[str]:
    """The displayed cells of the row whose first cell has this text."""
    found = [
        re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in re.findall(r"<tr>.*?</tr>", page, re.DOTALL)
    ]
    return [re.sub(r"<[^>]+>", "", cell).strip() for cell in next(row for row in found if row[0] == name)]


def operators(page: Path) -> str:
    return page.with_name("operators.html").read_text()
