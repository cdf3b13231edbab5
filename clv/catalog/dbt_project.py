"""Locates dbt's project and reads the declarations in its yml files, and its seeds.

The files are parsed directly: importing dbt takes seconds, and dbt's manifest may not exist yet.
"""

from __future__ import annotations

import csv
import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from clv.core import settings, yaml_files
from clv.core.errors import ClvError

PROJECT = settings.PROJECT / "dbt_project"


def declared(kind: str) -> list[tuple[Path, dict[str, Any]]]:
    """The declarations of one kind (`models` or `sources`) in the yml files under models/, each with its file."""
    paths = sorted(path for pattern in ("*.yml", "*.yaml") for path in PROJECT.glob(f"models/**/{pattern}"))
    return [(path, one) for path in paths for one in _read(path, path.stat().st_mtime_ns).get(kind) or []]


def layers() -> tuple[str, ...]:
    """The layers that steps build, in order: the tag layer:NAME of a model or seed says what builds it."""
    path = PROJECT / "dbt_project.yml"
    return tuple(_read(path, path.stat().st_mtime_ns)["vars"]["layers"])


def seed(name: str) -> list[dict[str, str]]:
    """The rows of a seed, as its file has them: values by column."""
    with (PROJECT / "seeds" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def digest(*patterns: str) -> str:
    """SHA-256, in hexadecimal, of the project's files that match any of the patterns."""
    found = hashlib.sha256()
    for path in sorted(path for pattern in patterns for path in PROJECT.glob(pattern)):
        found.update(path.read_bytes())
    return found.hexdigest()


@lru_cache(maxsize=1024)
def _read(path: Path, modified: int) -> dict[str, Any]:  # noqa: ARG001 - reads the file again if it has changed
    try:
        return yaml_files.parsed(path.read_text(encoding="utf-8")) or {}
    except yaml.YAMLError as error:
        reason = " ".join(str(error).split())
        raise ClvError(f"{path} cannot be read as YAML: {reason}") from None
