from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
import synthetic_examples
from synthetic_examples import examples

from clv.warehouse.model_choice import LEARNERS
from spark_jobs.judging import metrics, tuning
from spark_jobs.models import boosting
from spark_jobs.models.learners import NAMES


@pytest.fixture(autouse=True)
def one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARK_MASTER", "local[1]")


def test_a_loss_is_that_of_customers_whom_the_learner_has_not_seen() -> None:
    rows = examples()
    fold = rows.customer % tuning.FOLDS
    kept, held_out = rows.where(fold != 1), rows.where(fold == 1)
    assert not set(kept.customer) & set(held_out.customer)
    learners = boosting.fit(kept, LEARNERS)
    p = boosting.predicted(learners.boosters["buy"], held_out, "buy")
    found = tuning.loss(rows, ("buy", 1, LEARNERS["buy"]))
    expected = np.average(
        [metrics.log_loss(held_out.labels["buy"][[i]], p[[i]]) for i in range(len(p))], weights=held_out.weights
    )
    assert found == pytest.approx(expected, abs=1e-6)
    assert found < np.log(2)


def test_losses_are_deviances_up_to_a_constant() -> None:
    y, mu = np.array([0.0, 2.0]), np.array([1.0, 2.0])
    assert tuning.LOSSES["spend"](y, mu) == pytest.approx([0.0, 2 * (1 + np.log(2))])
    assert tuning.LOSSES["buy"](np.array([1.0, 0.0]), np.array([0.25, 0.25])) == pytest.approx(
        [np.log(4), -np.log(0.75)]
    )
    assert tuning.LOSSES["total"](y[:1], mu[:1]) == pytest.approx([2 / 0.75])  # power 1.25


def test_found_parameters_replace_the_usual_ones_only_if_better_in_each_fold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuning, "FOLDS", 2)
    found = tuning.search(examples(), "bayes", minutes=60, trials=1)
    assert set(found) == set(NAMES)
    for name, one in found.items():
        assert one.trials == 1
        assert sum(one.best) <= sum(one.usual)
        assert one.better == all(best < usual for best, usual in zip(one.best, one.usual, strict=True))
        assert tuning.chosen(found)[name] == (one.parameters if one.better else LEARNERS[name])
    assert tuning.from_record(tuning.as_record(found)) == found


def test_a_search_can_be_repeated_and_ends_with_its_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuning, "FOLDS", 2)
    slow = {**LEARNERS, "buy": {**LEARNERS["buy"], "learning_rate": 0.01, "n_estimators": 40}}
    monkeypatch.setattr(tuning, "learners", lambda: slow)
    data = synthetic_examples.examples()
    found = tuning.search(data, "random", minutes=60, trials=2, names=["buy"])
    assert found["buy"].better  # the usual parameters, set above, hardly learn anything
    assert tuning.search(data, "random", minutes=60, trials=2, names=["buy"]) == found
    monkeypatch.setenv("SPARK_MASTER", "local[2]")
    assert tuning.search(data, "random", minutes=60, trials=2, names=["buy"]) == found

    usual_losses = tuning.losses

    def slow_losses(*arguments: Any) -> list[float]:
        time.sleep(1)  # longer than the search below may last
        return usual_losses(*arguments)

    monkeypatch.setattr(tuning, "losses", slow_losses)
    short = tuning.search(data, "grid", minutes=0.01, names=["buy"])["buy"]
    assert short.trials == 1  # a trial that has begun is finished
    assert all(short.parameters[key] in tuning.GRID[key] for key in tuning.SPACE)
