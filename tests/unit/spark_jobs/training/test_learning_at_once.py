from __future__ import annotations

from datetime import date

import pytest
from synthetic_examples import SNAPSHOTS, built

from clv.warehouse.model_choice import LEARNERS
from spark_jobs.training import learning_at_once
from spark_jobs.training.learning_at_once import Fit

BY = date(2024, 6, 1)


def test_the_learners_are_the_same_bytes_for_any_number_of_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    made = built()
    fits = [Fit(90, BY, SNAPSHOTS[:1], LEARNERS), Fit(90, BY, SNAPSHOTS, LEARNERS), Fit(90, BY, [], LEARNERS)]
    found = []
    for processes in (1, 2, 4):
        monkeypatch.setenv("SPARK_MASTER", f"local[{processes}]")
        found.append(learning_at_once.learn(made, fits))
    assert found[0] == found[1] == found[2]
    first, second, none = found[0]
    assert first
    assert second
    assert first != second
    assert none is None
