"""Copies of the files of which rows were set aside: what `clv replay` reads once the mistake is mended."""

from __future__ import annotations

import gzip
import shutil
import tempfile
from pathlib import Path

from clv.ingest.files import Received
from clv.settings import Settings

FASTEST = 1


def keep(path: Path, file: Received, settings: Settings) -> None:
    """Keeps a packed copy of a received file, once; `path` is where it lies as it came."""
    target = place(file.sha256, file.name, settings)
    if target.exists():
        return
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (
        tempfile.NamedTemporaryFile(dir=target.parent, suffix=".part", delete=False) as partial,
        path.open("rb") as came,
    ):
        if path.name.lower().endswith(".gz"):
            shutil.copyfileobj(came, partial)
        else:
            with gzip.GzipFile(fileobj=partial, mode="wb", compresslevel=FASTEST, mtime=0) as packed:
                shutil.copyfileobj(came, packed)
    Path(partial.name).replace(target)


def place(sha256: str, name: str, settings: Settings) -> Path:
    """Where the copy of a file lies: by the digest of its content, and with its ending."""
    ending = Path(name.lower().removesuffix(".gz")).suffix
    return settings.home / "received" / f"{sha256}{ending}.gz"
