"""Small files of orders with their mappings, and the rows that they have in raw."""

# ruff: noqa: DTZ001 - times in raw are naive, in the reporting zone
from __future__ import annotations

import gzip
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import yaml

from clv.warehouse import db

HEADER = "customer_id,order_id,ordered_at,amount"

ROWS = ["1,a,2024-01-01 10:00:00,5.50", "2,b,2024-01-02 11:00:00,7", "1,c,2024-02-01 09:30:00,-5.50"]


def write(path: Path, *lines: str, header: str = HEADER) -> Path:
    """Writes a text file with a header and lines, compressed if the name ends with .gz."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = "\n".join([header, *lines]).encode() + b"\n"
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def source(home, name: str = "shop", **keys) -> str:
    """Writes a mapping of the four columns, with more keys, into the home's own sources."""
    least = {"customer": "customer_id", "order": "order_id", "time": "ordered_at", "amount": "amount"}
    (home.home / "sources").mkdir(exist_ok=True)
    (home.home / "sources" / f"{name}.yml").write_text(yaml.safe_dump({**least, **keys}))
    return name


def lines(columns: str = "_line, order_id, ordered_at, amount") -> list[tuple]:
    return db.rows(f"select {columns} from raw.order_lines order by _batch_id, _line, amount desc")


def unreadable() -> list[tuple]:
    return db.rows("""
        select line, reason, texts.raw_text from quarantine.unreadable_rows
        inner join pii.unreadable_texts as texts using (batch_id, line) order by line
    """)


def loaded() -> list[tuple]:
    """Returns the rows in raw for the three ROWS."""
    return [
        (2, "a", datetime(2024, 1, 1, 10), Decimal("5.5")),
        (3, "b", datetime(2024, 1, 2, 11), Decimal(7)),
        (4, "c", datetime(2024, 2, 1, 9, 30), Decimal("-5.5")),
    ]
