"""The worked example of docs/money.md: its file, its mapping, and the amounts that it states."""

from __future__ import annotations

import re
from decimal import Decimal

from clv.core import settings

SOURCE = "money_example"
_TEXT = (settings.PROJECT / "docs" / "money.md").read_text().partition("## A worked example")[2]


def block(language: str) -> str:
    """Returns the content of the example's code block of this language."""
    found = re.search(rf"```{language}\n(.*?)```", _TEXT, re.DOTALL)
    assert found
    return found[1]


def stated(first: str) -> tuple[str, list[tuple]]:
    """Returns the columns of the table whose first column has this name, separated by commas, and its rows. Numbers
    are decimals."""
    lines = re.search(rf"(\| {first} \|.*?\n)\|---.*?\n(.*?)\n\n", _TEXT, re.DOTALL)
    assert lines
    columns = ", ".join(cell.strip() for cell in lines[1].strip().strip("|").split("|"))
    rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in lines[2].splitlines()]
    return columns, [(name, *map(Decimal, cells)) for name, *cells in rows]
