"""Searches for the learners' parameters with Optuna: each trial trains XGBoost, with K-fold cross-validation by
customer, on closed windows.

A customer belongs to one fold at all origins and windows, so no customer is judged by a learner trained on them. The
parameters found replace the usual ones only if they are better in each fold.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import optuna
from optuna.distributions import FloatDistribution, IntDistribution

from clv.warehouse.model_choice import LEARNERS, Parameters, learners
from spark_jobs.features.columns import Array
from spark_jobs.io import parallel
from spark_jobs.io.parallel import Each
from spark_jobs.models import boosting
from spark_jobs.models.examples import Examples
from spark_jobs.models.learners import NAMES

log = logging.getLogger("clv.train")
FOLDS = 3
LEAST = 1e-9  # least prediction, and least distance of a probability from 1, so that losses are finite
SEED = 0
MOST_TRIALS = 500  # largest number of trials per learner, even if minutes are left
SPACE = {
    "max_depth": IntDistribution(2, 6),
    "learning_rate": FloatDistribution(0.01, 0.2, log=True),
    "min_child_weight": FloatDistribution(2.0, 200.0, log=True),
    "n_estimators": IntDistribution(40, 400, step=10),
    "reg_lambda": FloatDistribution(1.0, 100.0, log=True),
}
GRID: dict[str, list[Any]] = {
    "max_depth": [2, 3, 4, 5],
    "learning_rate": [0.02, 0.04, 0.08],
    "min_child_weight": [5.0, 20.0, 80.0],
    "n_estimators": [80, 140, 240],
    "reg_lambda": [10.0],
}


@dataclass(frozen=True)
class Found:
    """The result of a search for one learner.

    usual, best: the losses per fold, with the usual parameters and with `parameters`. Losses are the mean Tweedie
    deviance, log loss or gamma deviance, each up to a constant.
    """

    parameters: dict[str, Any]
    usual: list[float]
    best: list[float]
    trials: int

    @property
    def better(self) -> bool:
        """Whether the found parameters are better than the usual ones in each fold."""
        return all(best < usual for best, usual in zip(self.best, self.usual, strict=True))


def search(
    rows: Examples, how: str, minutes: float, trials: int = MOST_TRIALS, names: Sequence[str] = NAMES
) -> dict[str, Found]:
    """Searches the parameters of the learners in `names`, on weighted examples.

    how: bayes (tree-structured Parzen estimator), random or grid. minutes: for all learners together; a trial that has
    begun is finished. trials: the largest number per learner. If the trials end before the minutes do, the result
    depends on the rows alone.
    """
    found = {}
    for name in names:
        with parallel.sharing(rows.of(name), "parameters were searched") as each:
            found[name] = _search_one(name, each, how, 60 * minutes / len(names), trials)
    return found


def chosen(found: dict[str, Found]) -> Parameters:
    """Returns the parameters to train with: the found ones where they are better, else the usual ones."""
    return {name: found[name].parameters if found[name].better else learners()[name] for name in NAMES}


def as_record(found: dict[str, Found]) -> dict[str, dict]:
    """Converts the results of a search to plain values by learner, for the training record."""
    return {name: {**asdict(one), "better": one.better} for name, one in found.items()}


def from_record(kept: dict[str, dict]) -> dict[str, Found]:
    """Restores the results that `as_record` converted."""
    return {name: Found(**{key: value for key, value in one.items() if key != "better"}) for name, one in kept.items()}


def losses(name: str, each: Each, parameters: dict[str, Any]) -> list[float]:
    """Returns the loss of a learner with these parameters on each held-out fold: weighted means, lower is better.

    each: shares the learner's examples.
    """
    return list(each(loss, [(name, fold, parameters) for fold in range(FOLDS)]))


def loss(rows: Examples, trial: tuple[str, int, dict[str, Any]]) -> float:
    """Returns the loss on one fold of a learner that was trained on the customers of the other folds."""
    name, fold, parameters = trial
    kept, held_out = rows.where(rows.customer % FOLDS != fold), rows.where(rows.customer % FOLDS == fold)
    booster = boosting.boosted(boosting.quantised(kept, parameters), kept, name, parameters)
    predicted = np.maximum(boosting.predicted(booster, held_out, name), LEAST)
    return float(np.average(LOSSES[name](held_out.labels[name], predicted), weights=held_out.weights))


def suggested(trial: optuna.Trial) -> dict[str, Any]:
    """Lets a trial choose its parameters."""
    return {
        name: trial.suggest_int(name, kind.low, kind.high, step=kind.step)
        if isinstance(kind, IntDistribution)
        else trial.suggest_float(name, kind.low, kind.high, log=kind.log)
        for name, kind in SPACE.items()
    }


def _search_one(name: str, each: Each, how: str, seconds: float, trials: int) -> Found:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    samplers: dict[str, Callable[[], Any]] = {
        "bayes": lambda: optuna.samplers.TPESampler(seed=SEED),
        "random": lambda: optuna.samplers.RandomSampler(seed=SEED),
        "grid": lambda: optuna.samplers.GridSampler(GRID, seed=SEED),
    }
    usual = learners()[name]
    best = Found(usual, usual_losses := losses(name, each, usual), usual_losses, 0)
    study = optuna.create_study(sampler=samplers[how]())
    known = {key: usual[key] for key in SPACE}
    study.add_trial(optuna.trial.create_trial(params=known, distributions=SPACE, value=_mean(usual_losses)))

    def objective(trial: optuna.Trial) -> float:
        nonlocal best
        parameters = {**usual, **suggested(trial)}
        now = losses(name, each, parameters)
        best = replace(best, trials=best.trials + 1)
        if _mean(now) < _mean(best.best):
            best = replace(best, parameters=parameters, best=now)
        log.info(
            "trial %d of '%s': loss %.5f; best %.5f, usual %.5f",
            best.trials, name, _mean(now), _mean(best.best), _mean(best.usual),
        )  # fmt: skip
        return _mean(now)

    study.optimize(objective, n_trials=trials, timeout=seconds)
    return best


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


def _tweedie(y: Array, mu: Array) -> Array:
    """Tweedie deviance without the terms that depend on y alone (Jørgensen 1997), with the power that the learner
    uses."""
    power = LEARNERS["total"]["tweedie_variance_power"]
    return 2 * (mu ** (2 - power) / (2 - power) - y * mu ** (1 - power) / (1 - power))


def _log_loss(y: Array, p: Array) -> Array:
    return -np.where(y > 0, np.log(p), np.log1p(-np.minimum(p, 1 - LEAST)))


def _gamma(y: Array, mu: Array) -> Array:
    """Gamma deviance without the terms that depend on y alone."""
    return 2 * (y / mu + np.log(mu))


LOSSES: dict[str, Callable[[Array, Array], Array]] = {"total": _tweedie, "buy": _log_loss, "spend": _gamma}
