"""A fixture that reads files through mappings into typed rows, without a warehouse."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from clv.sources.connectors import files
from clv.sources.formats import reading
from clv.sources.kinds import registry
from clv.sources.kinds.mappings import parse
from clv.sources.loading import currencies
from clv.sources.mapping import zones

LEAST = {"customer": "c", "order": "o", "time": "t", "amount": "a"}


@pytest.fixture
def parsed(tmp_path: Path):
    """Returns a function that reads a file: the rows of the table `parsed`, followed by the unreadable records."""

    def read(content: str | bytes, columns: str, keys: dict, name: str = "o.csv", currency: str = "USD") -> list[tuple]:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        mapping = parse("shop", keys if "kind" in keys else {**LEAST, **keys}, "shop.yml")
        file = files.prepare(path, name, mapping.encoding, tmp_path)
        with duckdb.connect() as duck:
            duck.execute("set TimeZone = 'UTC'")
            bad = reading.read(duck, file, mapping)
            stated = bool(currencies.stated(duck, mapping))
            mapping = zones.with_known_zones(duck, mapping)
            duck.execute(registry.known()[mapping.kind].parsed_table(mapping, "UTC", currency, stated))
            rows = duck.execute(f"select {columns} from parsed order by _line").fetchall()
        return [*rows, *((row.line, row.reason, row.raw_text) for row in bad)]

    return read
