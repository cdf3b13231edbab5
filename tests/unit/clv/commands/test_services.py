"""Errors that `clv up` reports before it starts anything."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from clv.commands import runs, services
from clv.core.errors import ClvError
from clv.platform.runtime import stack


@pytest.mark.parametrize(
    "start", [services.up, lambda: runs.run("2024-06-01"), runs._ready], ids=["up", "run", "ready"]
)
def test_a_misspelt_contestant_stops_up_and_runs_at_once(
    start: Callable[[], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLV_HOME", str(tmp_path))
    monkeypatch.setattr(stack, "up", lambda *_: pytest.fail("nothing is started"))
    (tmp_path / "shop.json").write_text(json.dumps({"contestants": ["perennial", "traling"]}))
    with pytest.raises(
        ClvError,
        match="^shop.json: contestants names traling, which is not a forecaster; did you mean 'trailing'[?] if it is",
    ):
        start()


def test_a_wrong_kind_stops_up_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLV_HOME", str(tmp_path))
    monkeypatch.setattr(stack, "up", lambda *_: pytest.fail("nothing is started"))
    folder = tmp_path / "kinds" / "tickets"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(
        "from clv.sources.kinds.columns import Column\nColumn(name='a', type='string')\n"
    )
    with pytest.raises(
        ClvError, match="tickets declares no kind of source .the column a lacks the field 'means'; add it"
    ):
        services.up()
