"""Builds small exports from the columns of real ones, and says what they are worth."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Export:
    """Files of one source, and what must come of them.

    customers: net revenue by customer. rejected: the reasons of all rejected rows, in alphabetical order. bridge: the
    steps from what the export states to net revenue, if they were worked out.
    """

    source: str
    files: dict[str, bytes]
    customers: dict[str, str]
    rejected: list[str] = field(default_factory=list)
    bridge: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Report:
    """Files of ad spend, and the amount of each day and campaign."""

    source: str
    files: dict[str, bytes]
    spent: dict[tuple[str, str], str]
    rejected: list[str] = field(default_factory=list)


def table(columns: list[str], *rows: dict[str, object], delimiter: str = ",", before: str = "") -> bytes:
    """Returns a file with these columns. A row has the values that matter; its other columns are empty.

    before: text above the header.
    """
    for row in rows:
        assert not set(row) - set(columns), set(row) - set(columns)
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([row.get(name, "") for name in columns] for row in rows)
    return (before + text.getvalue()).encode()
