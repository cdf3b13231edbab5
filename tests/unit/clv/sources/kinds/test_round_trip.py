"""Every column of every kind has the same values after reading as in the file, in every format."""

from __future__ import annotations

import io
import json

import pandas as pd
import pytest

from clv.sources.kinds import registry

# For each type: how a file writes a value, and the value that is read.
VALUES = {
    "text": ("search", "search"), "id": ("a-1", "a-1"), "customer": ("ann", "ann"),
    "other_customer": ("bob", "bob"), "email": ("ann@x.de", "ann@x.de"), "name": ("Ann", "Ann"),
    "phone": ("+44 20 7946 0958", "+44 20 7946 0958"), "device": ("d-1", "d-1"),
    "day": ("2024-05-06", "2024-05-06"), "time": ("2024-05-06 10:30:00", "2024-05-06 10:30:00"),
    "money": ("-12.5", "-12.5000000000"), "number": ("1", "1.0000000000"), "yes_no": ("yes", "true"),
}  # fmt: skip
# The keys of orders have other names than their columns.
ORDERS = {
    "customer": "customer", "order": "order_id", "time": "ordered_at", "amount": "amount",
    "person": {"email": "email", "name": "name", "phone": "phone", "device": "device", "consent": "may_contact"},
}  # fmt: skip
WRITERS = {
    "rows.csv": lambda row: ",".join(row) + "\n" + ",".join(row.values()) + "\n",
    "rows.jsonl": lambda row: json.dumps(row) + "\n",
    "rows.parquet": lambda row: _parquet(row),
}


def _parquet(row: dict[str, str]) -> bytes:
    into = io.BytesIO()
    pd.DataFrame([row]).to_parquet(into)
    return into.getvalue()


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("kind", registry.known().values(), ids=lambda kind: kind.name)
def test_every_column_of_every_kind(kind, name, parsed):
    values = {column.name: (column.one_of[:1] * 2) or VALUES[column.type] for column in kind.columns}
    row = {column: written for column, (written, _) in values.items()}
    named = {column: column for column in row}
    if kind.name == "orders":
        of_lines = set(named) - {"order_id", "customer", "ordered_at", "amount", *ORDERS["person"].values()}  # type: ignore[attr-defined]
        named = {**ORDERS, "columns": {column: column for column in sorted(of_lines)}}
    read = ["customer_id" if column.type == "customer" else column.name for column in kind.columns]
    wanted = ", ".join(f'"{column}"::varchar' for column in [*read, "_reason"])
    found = parsed(WRITERS[name](row), wanted, {"kind": kind.name, **named}, name)
    assert found == [(*(read for _, read in values.values()), None)]
