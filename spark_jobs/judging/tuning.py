"""Searches for the learners' parameters with Optuna: each trial trains XGBoost on Spark, with K-fold cross-validation
by customer, on closed windows.

A customer belongs to one fold at all origins and windows, so no customer is judged by a learner trained on them. The
parameters found replace the usual ones only if they are better in each fold.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from typing import Any

import optuna
from optuna.distributions import FloatDistribution, IntDistribution
from pyspark.ml.functions import vector_to_array
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from clv.warehouse.model_choice import LEARNERS, Parameters
from spark_jobs.io import session
from spark_jobs.models import learning
from spark_jobs.models.learners import NAMES

log = logging.getLogger("clv.train")
FOLDS = 3
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
    rows: DataFrame,
    workers: int,
    how: str,
    minutes: float,
    trials: int = MOST_TRIALS,
    names: Sequence[str] = NAMES,
) -> dict[str, Found]:
    """Searches the parameters of the learners in `names`, on examples that `learning.lessons` returns.

    how: bayes (tree-structured Parzen estimator), random or grid. minutes: for all learners together; a trial that has
    begun is finished. trials: the largest number per learner. If the trials end before the minutes do, the result
    depends on the rows alone.
    """
    found = {}
    for name in names:
        parts = folds(learning.rows_of(name, rows), workers)
        try:
            found[name] = _search_one(name, parts, workers, how, 60 * minutes / len(names), trials)
        finally:
            for kept, held_out in parts:
                kept.unpersist()
                held_out.unpersist()
    return found


def chosen(found: dict[str, Found]) -> Parameters:
    """Returns the parameters to train with: the found ones where they are better, else the usual ones."""
    return {name: found[name].parameters if found[name].better else LEARNERS[name] for name in NAMES}


def as_record(found: dict[str, Found]) -> dict[str, dict]:
    """Converts the results of a search to plain values by learner, for the training record."""
    return {name: {**asdict(one), "better": one.better} for name, one in found.items()}


def from_record(kept: dict[str, dict]) -> dict[str, Found]:
    """Restores the results that `as_record` converted."""
    return {name: Found(**{key: value for key, value in one.items() if key != "better"}) for name, one in kept.items()}


def folds(rows: DataFrame, workers: int) -> list[tuple[DataFrame, DataFrame]]:
    """Returns, for each fold, the rows to learn from and those held out, each with one partition per worker and in a
    fixed order."""
    fold = sf.pmod(sf.xxhash64("customer_key"), sf.lit(FOLDS))

    def ordered(part: DataFrame) -> DataFrame:
        parts = part.repartition(1) if workers == 1 else part.repartition(workers, "customer_key")
        return parts.sortWithinPartitions("snapshot", "customer_key").persist()

    return [(ordered(rows.where(fold != number)), ordered(rows.where(fold == number))) for number in range(FOLDS)]


def losses(
    name: str, parts: list[tuple[DataFrame, DataFrame]], workers: int, parameters: dict[str, Any]
) -> list[float]:
    """Returns the loss of a learner with these parameters on each held-out fold: weighted means, lower is better."""
    mean = sf.sum(sf.col("weight") * LOSSES[name]()) / sf.sum("weight")

    def loss(part: tuple[DataFrame, DataFrame]) -> float:
        kept, held_out = part
        row = learning.learner(name, workers, parameters).fit(kept).transform(held_out).agg(mean.alias("loss")).first()
        return float(row.loss) if row and row.loss is not None else 0.0

    with ThreadPoolExecutor(max(1, session.slots(parts[0][0].sparkSession) // workers)) as pool:
        return list(pool.map(loss, parts))


def suggested(trial: optuna.Trial) -> dict[str, Any]:
    """Lets a trial choose its parameters."""
    return {
        name: trial.suggest_int(name, kind.low, kind.high, step=kind.step)
        if isinstance(kind, IntDistribution)
        else trial.suggest_float(name, kind.low, kind.high, log=kind.log)
        for name, kind in SPACE.items()
    }


def _search_one(
    name: str, parts: list[tuple[DataFrame, DataFrame]], workers: int, how: str, seconds: float, trials: int
) -> Found:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    samplers: dict[str, Callable[[], Any]] = {
        "bayes": lambda: optuna.samplers.TPESampler(seed=SEED),
        "random": lambda: optuna.samplers.RandomSampler(seed=SEED),
        "grid": lambda: optuna.samplers.GridSampler(GRID, seed=SEED),
    }
    usual = LEARNERS[name]
    best = Found(usual, usual_losses := losses(name, parts, workers, usual), usual_losses, 0)
    study = optuna.create_study(sampler=samplers[how]())
    known = {key: usual[key] for key in SPACE}
    study.add_trial(optuna.trial.create_trial(params=known, distributions=SPACE, value=_mean(usual_losses)))

    def objective(trial: optuna.Trial) -> float:
        nonlocal best
        parameters = {**usual, **suggested(trial)}
        now = losses(name, parts, workers, parameters)
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


def _tweedie() -> Column:
    """Tweedie deviance without the terms that depend on y alone (Jørgensen 1997), with the power that the learner
    uses."""
    power, mu, y = LEARNERS["total"]["tweedie_variance_power"], sf.greatest("prediction", sf.lit(1e-9)), sf.col("money")
    return 2 * (sf.pow(mu, 2 - power) / (2 - power) - y * sf.pow(mu, 1 - power) / (1 - power))


def _log_loss() -> Column:
    p = sf.least(sf.greatest(vector_to_array(sf.col("probability"))[1], sf.lit(1e-9)), sf.lit(1 - 1e-9))
    return -sf.when(sf.col("bought") > 0, sf.log(p)).otherwise(sf.log(1 - p))


def _gamma() -> Column:
    """Gamma deviance without the terms that depend on y alone."""
    mu = sf.greatest("prediction", sf.lit(1e-9))
    return 2 * (sf.col("spent") / mu + sf.log(mu))


LOSSES: dict[str, Callable[[], Column]] = {"total": _tweedie, "buy": _log_loss, "spend": _gamma}
