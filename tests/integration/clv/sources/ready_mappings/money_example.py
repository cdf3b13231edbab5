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


def stated(first: str) -> list[tuple[str, list[tuple]]]:
    """Returns, of each table whose first column has this name, the columns, separated by commas, and the rows. Numbers
    are decimals."""
    found = re.findall(rf"(\| {first} \|[^\n]*\n)\|---[^\n]*\n(.*?)\n\n", _TEXT, re.DOTALL)
    return [(", ".join(_cells(head)), [_row(line) for line in lines.splitlines()]) for head, lines in found]


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _row(line: str) -> tuple:
    name, *numbers = _cells(line)
    return (name, *map(Decimal, numbers))
