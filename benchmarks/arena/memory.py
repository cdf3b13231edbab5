"""Keeps what takes long to fit beside a case's file, so that a change of anything else can be judged in seconds.

Kept are the boosted learners, the regressions and forests, the contestants fitted for holdouts, and the baselines'
predictions of the origin. Each is kept under everything that it depends on except the code and the case; `forget`
drops what a change of code has made stale.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
import pyarrow as pa

from benchmarks.arena import cache
from benchmarks.arena.cache import Given
from clv.core.declared import OURS
from spark_jobs import baselines
from spark_jobs.features import outcomes
from spark_jobs.features.columns import FEATURE_COLUMNS, usable
from spark_jobs.models import registry
from spark_jobs.models.forecaster import Json, Past
from spark_jobs.models.learners import Learners
from spark_jobs.training import learning_at_once, regressing
from spark_jobs.training.learning_at_once import Fit
from spark_jobs.training.regressing import Regressions, Training

FILE = "fitted.pickle"
OUTPUTS = ["p_purchase", "predicted_mean", "predicted_p50"]


@dataclass
class Memory:
    """What was fitted for a case.

    learners: by window, training date, snapshots and parameters. contestants: by name, window and date, as JSON, or the
    reason why it could not be fitted. baselines: by name, OUTPUTS for the customers of `Given`, or the reason.
    regressions: by window and training date.
    """

    learners: dict[tuple, Learners | None] = field(default_factory=dict)
    contestants: dict[tuple[str, int, date], Json | str] = field(default_factory=dict)
    baselines: dict[str, pd.DataFrame | str] = field(default_factory=dict)
    regressions: dict[Training, Regressions] = field(default_factory=dict)

    def size(self) -> int:
        """The number of things kept, which only grows."""
        return len(self.learners) + len(self.regressions) + len(self.contestants) + len(self.baselines)

    def forget(self, names: Iterable[str]) -> None:
        """Drops what was fitted for these contestants; for all, learners included, if no name is given."""
        dropped = set(names)
        if not dropped or OURS in dropped:
            self.learners, self.regressions = {}, {}
        self.contestants = {key: kept for key, kept in self.contestants.items() if dropped and key[0] not in dropped}
        self.baselines = {name: kept for name, kept in self.baselines.items() if dropped and name not in dropped}


@contextmanager
def of(folder: Path, again: Sequence[str] | None = None) -> Iterator[Memory]:
    """Yields the memory of a case's folder, and writes it at the end if something new was fitted. `again`: what to
    forget first (see `Memory.forget`); None for nothing."""
    file = folder / FILE
    memory = cache.read(file) if file.exists() else Memory()
    if again is not None:
        memory.forget(again)
    before = memory.size()
    yield memory
    if memory.size() > before:
        cache.write(file, memory)


@contextmanager
def remembering(memory: Memory) -> Iterator[None]:
    """Lets the training in the block take learners and contestants from the memory, and keep new ones there."""
    fit_contestants, build, learn = registry.fit, learning_at_once.build, learning_at_once.learn
    regress = regressing.fit
    later: list[Callable[[], Any]] = []

    def build_later(*arguments: Any) -> dict:
        later.append(lambda: build(*arguments))
        return {}

    def learn_new(_: Mapping, fits: Sequence[Fit]) -> list[Learners | None]:
        missing = [fit for fit in fits if _key(fit) not in memory.learners]
        if missing:
            found = learn(later[-1](), missing)
            memory.learners |= {_key(fit): learners for fit, learners in zip(missing, found, strict=True)}
        return [memory.learners[_key(fit)] for fit in fits]

    def regress_new(origins: Mapping, panel: Mapping, wanted: Iterable[Training]) -> dict[Training, Regressions]:
        trainings = list(wanted)
        missing = [training for training in trainings if training not in memory.regressions]
        if missing:
            memory.regressions |= regress(origins, panel, missing)
        return {training: memory.regressions[training] for training in trainings}

    def fit_new(wanted: Iterable[str], past: Past, contestants: Container[str] = ()) -> tuple[dict, dict]:
        kept, fitted, reasons = memory.contestants, {}, {}
        for name in wanted:
            key = name, past.window_days, past.by
            if key not in kept:
                saved, why = fit_contestants([name], past, contestants)
                kept[key] = saved[name] if name in saved else why[name]
            (reasons if isinstance(kept[key], str) else fitted)[name] = kept[key]
        return fitted, reasons

    with (
        patch.object(learning_at_once, "build", build_later),
        patch.object(learning_at_once, "learn", learn_new),
        patch.object(regressing, "fit", regress_new),
        patch.object(registry, "fit", fit_new),
    ):
        yield


def _key(fit: Fit) -> tuple:
    return fit.window, fit.by, tuple(fit.snapshots), json.dumps(fit.parameters, sort_keys=True)


def with_baselines(given: Given, memory: Memory, missing: bool = True) -> pd.DataFrame:
    """Returns the baselines' predictions as `backtest.run.rows` does, indexed by customer_id. missing: whether to fit
    those that are not in the memory."""
    if new := [name for name in baselines.names() if missing and name not in memory.baselines]:
        past = past_of(given)
        for name in new:
            saved, why = registry.fit([name], past)
            memory.baselines[name] = predicted(given, name, saved[name]) if name in saved else why[name]
    found = {name: one for name, one in sorted(memory.baselines.items()) if name in baselines.names()}
    parts = [one.add_prefix(f"{name}.") for name, one in found.items() if not isinstance(one, str)]
    return pd.concat([pd.DataFrame(index=range(len(given.customer_id))), *parts], axis=1).set_index(given.customer_id)


def past_of(given: Given) -> Past:
    """What the baselines are fitted to at the origin of a case, as in `baselines.fit`."""
    horizon, origin = given.case.horizon, given.case.origin
    wanted = [*FEATURE_COLUMNS, *outcomes.columns([horizon])]
    days = [day for day in given.panel if day < origin]
    if not days:
        empty = {name: np.zeros(0) for name in wanted}
        return Past(horizon, origin, empty, np.zeros(0, object), np.zeros(0, np.int64), given.columns)
    columns = {name: np.concatenate([given.panel[day][name] for day in days]) for name in wanted}
    customer = np.concatenate([given.panel[day]["customer_key"] for day in days])
    since_1970 = np.array([(day - date(1970, 1, 1)).days for day in days], dtype=np.int64)
    at = np.repeat(since_1970, [len(given.panel[day]["t"]) for day in days])
    rows = np.lexsort((at, customer.astype(str)))
    rows = rows[usable(columns)[rows]]
    return Past(
        horizon, origin, {name: values[rows] for name, values in columns.items()}, customer[rows], at[rows],
        given.columns,
    )  # fmt: skip


def predicted(given: Given, name: str, saved: Json) -> pd.DataFrame:
    """Returns OUTPUTS of a fitted baseline for the customers of a case."""
    arrays = {"customer_key": pa.array(given.customer_key, pa.string()), **given.columns}
    rows = baselines.predict(
        iter([pa.RecordBatch.from_pydict(arrays)]), {given.case.horizon: {name: saved}}, given.case.origin, "arena"
    )
    return pa.Table.from_batches(list(rows)).select(OUTPUTS).to_pandas()
