"""What the arena keeps of fits, and what it fits again."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.arena import memory as memories
from benchmarks.arena.cache import Given
from benchmarks.arena.cases import Case
from benchmarks.arena.memory import Memory
from spark_jobs.ensemble.calibration import Daily
from spark_jobs.features import outcomes
from spark_jobs.features.columns import FEATURE_COLUMNS, Columns
from spark_jobs.models import registry
from spark_jobs.models.forecaster import Past
from spark_jobs.models.learners import Learners
from spark_jobs.training import learning_at_once
from spark_jobs.training.learning_at_once import Fit

ORIGIN, EARLIER, EARLIEST = date(2024, 3, 1), date(2024, 1, 31), date(2024, 1, 1)
LEARNERS = Learners(b"total", b"buy", b"spend")


def drawn(keys: list[str], revenue: list[float], orders: list[float]) -> Columns:
    """Drawn customers whose every feature is their place, with outcomes of 30 days and their days with orders."""
    place = np.arange(len(keys), dtype=float)
    columns = dict.fromkeys(FEATURE_COLUMNS, place) | dict.fromkeys(outcomes.columns([30, 60]), place)
    return columns | {
        "days_with_orders": np.array(orders), "revenue_next_30": np.array(revenue),
        "customer_key": np.array(keys, dtype=object),
    }  # fmt: skip


def given() -> Given:
    """A case with two past dates, and one day of features at its own date."""
    panel = {
        EARLIEST: drawn(["b", "a"], [5.0, 7.0], [1.0, 2.0]),
        EARLIER: drawn(["c", "a"], [0.0, 9.0], [0.0, 3.0]),
        ORIGIN: drawn(["a"], [np.nan], [4.0]),
    }
    daily = Daily(EARLIEST, np.zeros(1), np.zeros(1))
    ids = np.array(["1"], dtype=object)
    return Given(Case("small", 30, ORIGIN), {}, panel, daily, panel[ORIGIN], ids, ids, pd.DataFrame())


def test_baselines_learn_from_earlier_dates_in_the_order_of_customers_and_dates():
    past = memories.past_of(given())
    assert past.customer.tolist() == ["a", "a", "b"]  # c has no purchase day
    assert past.columns["revenue_next_30"].tolist() == [7.0, 9.0, 5.0]
    assert past.origin.tolist() == [(day - date(1970, 1, 1)).days for day in (EARLIEST, EARLIER, EARLIEST)]
    assert (past.window_days, past.by) == (30, ORIGIN)
    assert past.known["days_with_orders"].tolist() == [4.0]
    assert "orders_next_60" not in past.columns


def test_a_contestant_is_fitted_once_for_each_window_and_date(monkeypatch: pytest.MonkeyPatch):
    fitted: list[tuple[str, date]] = []

    def fit(wanted: list[str], past: Past, _: object) -> tuple[dict, dict]:
        fitted.append((wanted[0], past.by))
        return ({}, {"broken": "too few"}) if wanted == ["broken"] else ({wanted[0]: {"by": past.by.day}}, {})

    monkeypatch.setattr(registry, "fit", fit)
    memory, empty = Memory(), np.zeros(0)
    for day in (ORIGIN, EARLIER, ORIGIN):
        past = Past(30, day, {}, empty, empty, {})
        with memories.remembering(memory):
            found = registry.fit(["rule", "broken"], past, [])
        assert found == ({"rule": {"by": day.day}}, {"broken": "too few"})
    assert fitted == [("rule", ORIGIN), ("broken", ORIGIN), ("rule", EARLIER), ("broken", EARLIER)]


def test_examples_are_built_only_for_learners_that_are_not_kept(monkeypatch: pytest.MonkeyPatch):
    built: list[str] = []
    monkeypatch.setattr(learning_at_once, "build", lambda *_: built.append("examples") or {"examples": 1})
    monkeypatch.setattr(learning_at_once, "learn", lambda made, fits: [LEARNERS if made else None for _ in fits])
    memory, fits = Memory(), [Fit(30, day, [(EARLIEST, 30)], {"buy": {"max_depth": 3}}) for day in (EARLIER, ORIGIN)]
    with memories.remembering(memory):
        assert learning_at_once.build({}, {}, []) == {}
        assert learning_at_once.learn({}, fits[:1]) == [LEARNERS]
        assert learning_at_once.learn({}, fits) == [LEARNERS, LEARNERS]
        assert built == ["examples", "examples"]
        assert learning_at_once.learn({}, fits[::-1]) == [LEARNERS, LEARNERS]
        deeper = [fits[0]._replace(parameters={"buy": {"max_depth": 4}})]
        assert built == ["examples", "examples"]
        learning_at_once.learn({}, deeper)
    assert len(built) == 3


def test_names_say_what_is_forgotten_and_no_name_means_all():
    def kept() -> Memory:
        contestants = {("rule", 30, ORIGIN): {}, ("other", 30, ORIGIN): {}}
        return Memory({("a",): LEARNERS}, contestants, {"rule": "too few", "other": "too few"})

    memory = kept()
    memory.forget(["rule"])
    assert (list(memory.contestants), list(memory.baselines)) == ([("other", 30, ORIGIN)], ["other"])
    assert memory.learners
    memory.forget(["perennial"])
    assert (memory.learners, memory.size()) == ({}, 2)
    memory = kept()
    memory.forget([])
    assert memory.size() == 0


def test_a_memory_is_written_when_something_new_was_fitted(tmp_path: Path):
    with memories.of(tmp_path):
        pass
    assert not list(tmp_path.iterdir())
    with memories.of(tmp_path) as memory:
        memory.baselines["rule"] = "too few"
    with memories.of(tmp_path) as memory:
        assert memory.baselines == {"rule": "too few"}
    with memories.of(tmp_path, again=[]) as memory:
        assert memory.size() == 0
