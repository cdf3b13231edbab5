"""The folder of a backup: appears complete or not at all, with the digest of each of its files."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clv.core.errors import ClvError
from clv.warehouse import db

FORMAT = 1
MANIFEST = "backup.json"


def read(backup: Path) -> dict:
    """Returns the content of backup.json. Raises ClvError when it is invalid or was made by a newer version."""
    try:
        manifest = json.loads((backup / MANIFEST).read_text())
        made_by = manifest["format"]
    except (OSError, ValueError, TypeError, KeyError):
        raise ClvError(f"{backup} is not a backup: it has no readable {MANIFEST}") from None
    unknown = sorted(set(manifest.get("migrations", [])) - {path.name for path in db.MIGRATIONS.glob("*.sql")})
    if made_by != FORMAT or unknown:
        newer = f"format {made_by}" if made_by != FORMAT else f"migration {unknown[-1]}"
        raise ClvError(f"{backup} was made by a newer version ({newer} is unknown here); update, then restore")
    return manifest


def check_whole(backup: Path, manifest: dict) -> None:
    for name, described in manifest["files"].items():
        path = backup / name
        if not path.is_file() or digest(path) != described["sha256"]:
            raise ClvError(f"{path} has changed since it was saved; restore another backup")


def described(folder: Path) -> dict[str, dict]:
    return {path.name: {"bytes": path.stat().st_size, "sha256": digest(path)} for path in sorted(folder.iterdir())}


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def whole(folder: Path) -> Iterator[Path]:
    """Yields a temporary folder beside `folder`, readable by its owner only, which is renamed to `folder` at the end.
    On an error it is deleted.

    Raises ClvError when it cannot be written.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", suffix=".partial", dir=folder.parent))
        try:
            yield partial
            partial.rename(folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    except OSError as error:
        raise ClvError(f"{folder} cannot be written ({error.strerror}); name another folder") from None
