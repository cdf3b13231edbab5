"""Plants the forecaster of docs/how-to/add-a-forecaster.md in a separate folder."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from clv.core.settings import PROJECT
from spark_jobs.models import registry

NAME = "mean_order"
GUIDE = PROJECT / "docs" / "how-to" / "add-a-forecaster.md"


def plant(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str = NAME, text: str | None = None) -> Path:
    """Writes the guide's forecaster, or another `text`, into a folder and points the registry to it. Returns its
    path."""
    folder.mkdir(exist_ok=True)
    found = re.search(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert found
    path = folder / f"{name}.py"
    path.write_text(text or found[1])
    monkeypatch.setenv(registry.FOLDERS, str(folder))
    return path
