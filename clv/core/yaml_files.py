"""Reads YAML files, and those in which a shop's owner declares something with one line for each mistake."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from clv.core.errors import ClvError

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C parser takes a tenth of the time


def parsed(text: str) -> Any:
    """Returns what a YAML text says. Raises yaml.YAMLError if it is none."""
    # S506: CSafeLoader is safe, but ruff cannot see which loader this is.
    return yaml.load(text, _LOADER)  # noqa: S506


def content(path: Path, example: str) -> dict:
    """Returns the content of a declaration. example: a line as it may begin. Raises ClvError for anything else than
    keys with values."""
    try:
        found = parsed(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ClvError(f"{path.name} is not YAML: {' '.join(str(error).split())}") from None
    except (OSError, UnicodeError) as error:
        raise ClvError(f"{path} cannot be read ({error}); write it again as UTF-8, or remove it") from None
    if not isinstance(found, dict):
        raise ClvError(f"{path.name} declares nothing; write it as in `{example}`")
    return found


def first_mistake(error: ValidationError, kinds: Collection[str], key: str) -> str:
    """Returns the first mistake of a declaration. key: the one that names its kind, of which `kinds` are known. The
    wrong value is not repeated, since it may be a secret."""
    found = error.errors()[0]
    place = ".".join(str(part) for part in found["loc"] if part not in kinds)
    text = found["msg"].removeprefix("Value error, ")
    if found["type"] == "extra_forbidden":
        text = "is not a key of this part; remove it"
    elif found["type"] == "missing":
        text = "is missing; write it"
    elif found["type"].startswith("union_tag"):
        return f"'{place or key}' is one of {', '.join(sorted(kinds))}" if not place else f"'{place}': {text}"
    return f"'{place}': {text}" if place else text
