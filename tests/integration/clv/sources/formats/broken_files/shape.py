"""The type of a broken file, and the small shop whose orders the files contain."""

from __future__ import annotations

import csv
import gzip
import io
import json
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.parquet

FIELDS = ("customer_id", "order_id", "ordered_at", "amount", "product_name")
ROWS = 5  # of a file, by default
Row = dict[str, object]


@dataclass(frozen=True, eq=False)
class Broken:
    """A file and its expected result.

    becomes: the number of rows for each verdict (accepted, duplicate, unreadable, missing_…, replaced); or, if the file
    is refused, words of the message. holds: a column of raw, and the text that `times` rows have in it.
    """

    kind: str
    file_name: str
    content: bytes = field(repr=False)
    becomes: dict[str, int] | str
    holds: tuple[str, str, int] | None = None
    mapping: dict = field(default_factory=dict)

    @property
    def refused(self) -> bool:
        return isinstance(self.becomes, str)

    @property
    def rows(self) -> int:
        """The number of rows in the file."""
        return 0 if isinstance(self.becomes, str) else sum(self.becomes.values())


def orders(count: int = ROWS) -> list[Row]:
    """Returns correct rows: one order each, of three customers."""
    return [
        {
            "customer_id": str(number % 3 + 1),
            "order_id": f"o{number}",
            "ordered_at": f"2024-01-{number + 1:02} 10:00:00",
            "amount": f"{10 + number}.50",
            "product_name": "pen",
        }
        for number in range(count)
    ]


def as_csv(rows: list[Row], delimiter: str = ",", **layout: object) -> bytes:
    """Returns rows as CSV with a header. layout: arguments of csv.writer."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\n", **layout)  # type: ignore[arg-type]
    writer.writerow(rows[0])
    writer.writerows(row.values() for row in rows)
    return text.getvalue().encode()


def as_json(rows: list[Row]) -> bytes:
    """Returns rows as JSON, one object per line."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def as_parquet(rows: list[Row], **arrays: pa.Array) -> bytes:
    """Returns rows as Parquet. Columns are texts, except those given as arrays."""
    named = {name: pa.array([row[name] for row in rows], pa.string()) for name in rows[0]}
    sink = io.BytesIO()
    pyarrow.parquet.write_table(pa.table({**named, **arrays}), sink)
    return sink.getvalue()


WRITERS = {"csv": as_csv, "jsonl": as_json, "parquet": as_parquet}


def packed(content: bytes) -> bytes:
    """Compresses with gzip; the result is always the same."""
    return gzip.compress(content, mtime=0)


def without(row: Row, name: str) -> Row:
    """Returns the row without a column."""
    return {key: value for key, value in row.items() if key != name}
