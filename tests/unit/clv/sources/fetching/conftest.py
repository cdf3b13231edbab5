"""Shared by the tests of fetching."""

from __future__ import annotations

import pytest

from clv.sources.fetching import service


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between retries, in seconds, which tests do not wait for."""
    found: list[float] = []
    monkeypatch.setattr(service, "sleep", found.append)
    return found
