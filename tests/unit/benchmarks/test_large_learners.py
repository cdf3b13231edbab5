from __future__ import annotations

from datetime import date

from synthetic_examples import SNAPSHOTS, built

from benchmarks.large import learners
from clv.warehouse.model_choice import LEARNERS
from spark_jobs.training.learning_at_once import Fit


def test_native_xgboost_gets_the_rows_that_the_learners_get() -> None:
    made, by = built(), date(2024, 6, 1)
    fits = [Fit(90, by, SNAPSHOTS, LEARNERS), Fit(90, by, [], LEARNERS)]  # too few examples for the second
    rows = sum(len(made[snapshot]) for snapshot in SNAPSHOTS)
    buyers = sum(int(made[snapshot].labels["buy"].sum()) for snapshot in SNAPSHOTS)
    found = learners.measure(made, fits)
    assert [floor["rows"] for floor in found] == [2 * rows + buyers] * 2
    assert all(floor["seconds"] > 0 for floor in found)
    assert learners.measure({}, []) == []
