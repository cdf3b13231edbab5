"""Homes with declared connectors, and what was fetched into their landing folders."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import yaml

from clv.core.settings import Settings
from clv.sources.fetching import declaration


def declare(home: Settings, source: str, content: dict[str, Any], **secrets: str) -> None:
    """Writes a declaration, and the secrets that it names."""
    path = home.home / declaration.FOLDER / f"{source}.yml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(content))
    for name, text in secrets.items():
        keep_secret(home, name, text)


def keep_secret(home: Settings, name: str, text: str) -> Path:
    """Writes a secret; returns its file."""
    path = home.secrets / "connectors" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(text)
    return path


def files(home: Settings, source: str) -> list[Path]:
    """The landed files of a source, in their order."""
    return sorted((home.landing / source).glob("*.jsonl.gz"))


def rows(home: Settings, source: str) -> list[list[dict]]:
    """The rows of each landed file."""
    return [
        [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()] for path in files(home, source)
    ]


def held(home: Settings, source: str, key: str = "id") -> dict[Any, list[dict]]:
    """What the loader counts: of each key, the rows of the newest file that has the key."""
    counted: dict[Any, list[dict]] = {}
    for file in rows(home, source):
        counted |= {row[key]: [other for other in file if other[key] == row[key]] for row in file}
    return counted
