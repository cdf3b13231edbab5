"""Writes what the documentation contains about mappings and kinds of sources: python scripts/mappings_docs.py

From the declarations of the kinds, writes docs/mapping.schema.json, by which editors complete and check a mapping, and
the table of kinds in docs/sources.md. A test fails when they are out of date.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

from clv.sources.kinds import schema as kinds_schema  # noqa: E402

DOCS = PROJECT / "docs"
BEGINS, ENDS = "<!-- kinds: made by scripts/mappings_docs.py -->\n", "<!-- kinds end -->\n"


def schema() -> str:
    """The JSON Schema of mappings: the content of docs/mapping.schema.json."""
    return json.dumps(kinds_schema.of_mappings(), indent=2) + "\n"


def sources(text: str) -> str:
    """The text of docs/sources.md with the present table of kinds."""
    before, _, rest = text.partition(BEGINS)
    after = rest.partition(ENDS)[2]
    return f"{before}{BEGINS}\n{kinds_schema.documented()}\n{ENDS}{after}"


if __name__ == "__main__":
    (DOCS / "mapping.schema.json").write_text(schema())
    page = DOCS / "sources.md"
    page.write_text(sources(page.read_text()))
