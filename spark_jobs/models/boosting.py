"""Fits the boosted learners with XGBoost, on one thread each: several threads would add gradients in an order that
depends on their number. Many fits run at a time instead (`spark_jobs.io.parallel`).

More than ROWS_OF_ONE_TASK examples are divided among several of Spark's tasks. Their number depends on the examples
alone, so the model is the same on every machine.
"""

from __future__ import annotations

import json
import socket
from typing import Any

import numpy as np
import xgboost

from clv.core.errors import ClvError
from clv.warehouse.model_choice import Parameters
from spark_jobs.features.columns import Array
from spark_jobs.models.examples import Examples
from spark_jobs.models.feature_matrix import FEATURES
from spark_jobs.models.learners import NAMES, Learners

INPUTS = list(FEATURES)


def fit(rows: Examples, parameters: Parameters) -> Learners:
    """Fits the learners on one thread. parameters: XGBoost's, by learner. The result depends on the arguments alone."""
    found, bins = {}, None
    for name in NAMES:
        # The learners of all rows share a matrix, because its bins depend on the inputs and weights alone.
        if bins is None or name == "spend":
            bins = quantised(rows.of(name), parameters[name])
        found[name] = _saved(boosted(bins, rows.of(name), name, parameters[name]))
    return Learners(**found)


def quantised(rows: Examples, parameters: dict[str, Any]) -> xgboost.QuantileDMatrix:
    """Returns the inputs in the bins between which the trees choose their splits."""
    return xgboost.QuantileDMatrix(
        rows.inputs, weight=rows.weights, feature_names=INPUTS, nthread=1, max_bin=parameters["max_bin"]
    )


def boosted(bins: xgboost.QuantileDMatrix, rows: Examples, name: str, parameters: dict[str, Any]) -> xgboost.Booster:
    """Boosts the trees of one learner. bins: the inputs of `rows`, quantised."""
    bins.set_info(label=rows.labels[name], base_margin=rows.margins[name])
    others = {key: value for key, value in parameters.items() if key != "n_estimators"}
    return xgboost.train({**others, "nthread": 1}, bins, num_boost_round=parameters["n_estimators"])


def predicted(booster: xgboost.Booster, rows: Examples, name: str) -> Array:
    """Predicts money or the probability of an order for examples, shape (n,)."""
    return booster.predict(matrix(rows, name)).astype(float)


def matrix(rows: Examples, name: str) -> xgboost.DMatrix:
    """Returns examples as XGBoost takes them to predict, with the margins to start from."""
    return xgboost.DMatrix(rows.inputs, base_margin=rows.margins[name], feature_names=INPUTS, nthread=1)


def check(device: str, _: object = None) -> None:
    """Raises ClvError if XGBoost cannot train on a GPU here. XGBoost itself would train on the processor instead."""
    with xgboost.config_context(verbosity=0):
        trial = xgboost.train({"device": device}, xgboost.DMatrix(np.zeros((2, 1)), np.arange(2)), 1)
    if json.loads(trial.save_config())["learner"]["generic_param"]["device"] == "cpu":
        reason = "sees no GPU" if xgboost.build_info()["USE_CUDA"] else "was built without CUDA"
        raise ClvError(
            f"CLV_TRAINING_DEVICE is {device}, but the XGBoost on {socket.gethostname()} {reason}; unset "
            'CLV_TRAINING_DEVICE, or see "Train on a GPU" in docs/operating.md'
        )


def _saved(booster: xgboost.Booster) -> bytes:
    return bytes(booster.save_raw("json"))
