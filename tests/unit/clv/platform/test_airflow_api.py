"""Waiting for runs: a line for each run that ends, and one error for those that failed."""

from __future__ import annotations

import io
from datetime import date
from types import SimpleNamespace

import pytest
from rich.console import Console

from clv.core.errors import ClvError, Unavailable
from clv.platform import airflow_api
from clv.platform.airflow_api import Run


def march(day: int, state: str) -> Run:
    return Run(date(2024, 3, day), str(day), state, {})


def test_each_run_says_how_it_ended_and_the_first_failure_is_the_error(monkeypatch: pytest.MonkeyPatch):
    states = {"1": ["running", "success"], "2": ["running", "running", "failed"], "3": ["running", "failed"]}
    monkeypatch.setattr(airflow_api, "POLL_SECONDS", 0)
    monkeypatch.setattr(airflow_api, "look", lambda _, one: march(int(one), states[one].pop(0)))
    monkeypatch.setattr(airflow_api, "_why", lambda _, run: f"gate raw stopped {run.as_of}")
    monkeypatch.setattr(airflow_api.headline, "of", lambda *_: SimpleNamespace(line=lambda: "3 customers"))
    out = Console(file=io.StringIO(), width=80)
    with pytest.raises(ClvError) as error:
        airflow_api.wait(SimpleNamespace(home=None), list(states), out)  # type: ignore[arg-type]
    assert str(error.value) == "gate raw stopped 2024-03-02; failed too: 2024-03-03"
    assert out.file.getvalue().splitlines() == [  # type: ignore[attr-defined]
        "2024-03-01 success: 3 customers",
        "2024-03-03 failed: gate raw stopped 2024-03-03",
        "2024-03-02 failed: gate raw stopped 2024-03-02",
    ]


def test_a_single_run_tells_of_each_task_where_no_terminal_shows_them(monkeypatch: pytest.MonkeyPatch):
    tasks = [{"a": "running", "b": ""}, {"a": "success", "b": "running"}, {"a": "success", "b": "failed"}]
    states = [Run(date(2024, 3, 1), "1", "failed" if one["b"] == "failed" else "running", one) for one in tasks]
    monkeypatch.setattr(airflow_api, "POLL_SECONDS", 0)
    monkeypatch.setattr(airflow_api, "look", lambda *_: states.pop(0))
    monkeypatch.setattr(airflow_api, "_why", lambda *_: "b stopped")
    out = Console(file=io.StringIO(), width=80)
    with pytest.raises(ClvError, match="b stopped"):
        airflow_api.wait(SimpleNamespace(home=None), ["1"], out)  # type: ignore[arg-type]
    assert out.file.getvalue().splitlines() == [  # type: ignore[attr-defined]
        "a: success",
        "b: failed",
        "2024-03-01 failed: b stopped",
    ]


def test_a_warehouse_that_does_not_answer_for_a_moment_does_not_end_a_wait(monkeypatch: pytest.MonkeyPatch):
    def no_answer(*_):
        raise Unavailable("the warehouse does not answer")

    states = {"1": ["running", "success"], "2": ["running", "running", "success"]}
    monkeypatch.setattr(airflow_api, "POLL_SECONDS", 0)
    monkeypatch.setattr(airflow_api, "look", lambda _, one: march(int(one), states[one].pop(0)))
    monkeypatch.setattr(airflow_api.headline, "of", no_answer)
    out = Console(file=io.StringIO(), width=80)
    airflow_api.wait(SimpleNamespace(home=None), list(states), out)  # type: ignore[arg-type]
    assert out.file.getvalue().splitlines() == ["2024-03-01 success", "2024-03-02 success"]  # type: ignore[attr-defined]
