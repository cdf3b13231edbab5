"""Writes files that only their owner may read."""

from __future__ import annotations

import os
from pathlib import Path


def empty(path: Path) -> Path:
    """Creates an empty file that only its owner may read."""
    path.touch(mode=0o600)
    return path


def write(path: Path, content: bytes) -> None:
    """Replaces the content of a file atomically, once the new content is on disk."""
    partial = path.with_name(f"{path.name}.partial")
    partial.unlink(missing_ok=True)
    with empty(partial).open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
