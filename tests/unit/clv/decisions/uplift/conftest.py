from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Train in this process: for few customers, others cost more than they save."""
    monkeypatch.setenv("SPARK_MASTER", "local[1]")
