"""Writes the documentation of the settings, from clv/core/options.py: python scripts/settings_docs.py

Writes the table in docs/operating.md, and docs/shop.schema.json, by which editors complete and check a shop.json. A
test fails when they are out of date.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from pydantic import BaseModel

from clv.core import options

DOCS = Path(__file__).resolve().parent.parent / "docs"
BEGIN, END = "<!-- settings: written by scripts/settings_docs.py -->", "<!-- end of settings -->"


def rows(section: type[BaseModel]) -> list[str]:
    """A section's settings as rows of the table."""
    found = []
    for name, field in section.model_fields.items():
        default = json.dumps(field.default) if section is options.Shop else str(field.default)
        example = field.examples[0] if field.examples else ""
        shown = json.dumps(example) if section is options.Shop else str(example)
        unset = "not set" if field.default is None else f"`{default}`"
        cells = [
            f"`{field.alias or name}`", field.description or "", options.words(section, name), unset, f"`{shown}`"
        ]  # fmt: skip
        found.append(f"| {' | '.join(cells)} |")
    return found


def table() -> str:
    """The table of all settings: environment variables first, then the settings in shop.json."""
    head = ["what it does", "what it may be", "where it is not set", "for example"]
    return "\n\n".join(
        "\n".join([f"| {' | '.join([title, *head])} |", f"|{'---|' * (1 + len(head))}", *map(str, found)])
        for title, found in (
            ("variable", [row for section in options.OF_ENVIRONMENT for row in rows(section)]),
            ("in `CLV_HOME/shop.json`", rows(options.Shop)),
        )
    )


def operating(text: str) -> str:
    """The text of docs/operating.md with the present table."""
    inside = re.compile(f"{re.escape(BEGIN)}.*{re.escape(END)}", re.DOTALL)
    return inside.sub(lambda _: f"{BEGIN}\n\n{table()}\n\n{END}", text)


def schema() -> str:
    """The JSON schema of shop.json."""
    found = options.Shop.model_json_schema()
    found["properties"] = {"$schema": {"type": "string"}, **found["properties"]}
    return json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **found}, indent=2) + "\n"


if __name__ == "__main__":
    page = DOCS / "operating.md"
    page.write_text(operating(page.read_text()))
    (DOCS / "shop.schema.json").write_text(schema())
