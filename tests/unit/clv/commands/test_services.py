"""Errors that `clv up` reports before it starts anything."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clv.commands import services
from clv.core.errors import ClvError
from clv.platform.runtime import stack


def test_a_misspelt_contestant_stops_up_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLV_HOME", str(tmp_path))
    monkeypatch.setattr(stack, "up", lambda *_: pytest.fail("nothing is started"))
    (tmp_path / "shop.json").write_text(json.dumps({"contestants": ["perennial", "traling"]}))
    with pytest.raises(
        ClvError, match="^shop.json: contestants names traling, which is not a forecaster; choose from .*trailing"
    ):
        services.up()
