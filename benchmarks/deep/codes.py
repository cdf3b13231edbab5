"""Compares the inputs of a linear ZILN model: all features, their principal components, and an autoencoder's codes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from spark_jobs.features.columns import Array
from spark_jobs.models.deep.networks import descent, fitted, ziln
from spark_jobs.models.deep.networks.apart import Schedule
from spark_jobs.models.deep.networks.layers import HIDDEN, NETWORKS, PREDICTING, Mode, Weights, dense
from spark_jobs.models.examples_on_spark import closed, log_inputs
from spark_jobs.models.forecaster import Past

WIDTH = 8  # of the codes
SCHEDULE = Schedule(drop=0.0)
LAYERS = ("encode", "code", "decode", "out")


def judged(
    past: Past, orders: Array, spent: Array, measured: Callable[[Array, Array, Array, Array], dict[str, float]]
) -> list[dict[str, Any]]:
    """Returns the metrics of the linear model with each kind of input. orders, spent: what followed for past.known."""
    known = closed(past)
    logs, late = log_inputs(known.columns), log_inputs(past.known)
    mean, deviation = logs.mean(axis=0), logs.std(axis=0)
    logs, late = (fitted.standardised(each, mean, deviation).astype(np.float32) for each in (logs, late))
    stop = fitted.judging(known)
    rows = []
    for name, encoded in {
        "all features": lambda x: x,
        f"{WIDTH} principal components": components(logs),
        f"{WIDTH} codes of an autoencoder": autoencoder(logs, stop),
    }.items():
        started = time.perf_counter()
        found = line(encoded(logs), known.spent, stop, encoded(late))
        seconds = time.perf_counter() - started
        rows.append(
            {"forecaster": name, **measured(orders > 0, spent, ziln.mean(found), ziln.chance(found))}
            | {"seconds": seconds}
        )
    return rows


def components(rows: Array) -> Callable[[Array], Array]:
    """Returns the function that maps rows to their principal components, each with variance 1."""
    _, size, axes = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)
    scale = size[:WIDTH] / np.sqrt(len(rows))
    return lambda x: ((x - rows.mean(axis=0)) @ axes[:WIDTH].T / scale).astype(np.float32)


def autoencoder(rows: Array, stop: Array) -> Callable[[Array], Array]:
    """Returns the function that maps rows to the codes of an autoencoder with one hidden layer on each side, each with
    variance 1."""
    rng, d = np.random.default_rng(0), rows.shape[1]
    weights: Weights = {}
    for name, wide, out in zip(LAYERS, (d, HIDDEN, WIDTH, HIDDEN), (HIDDEN, WIDTH, HIDDEN, d), strict=True):
        weights |= {f"{name}.w": rng.normal(0, np.sqrt(1 / wide), (wide, out)), f"{name}.b": np.zeros(out)}

    def code(weights: Weights, x: Any) -> Any:
        return dense(weights, "code", x.__array_namespace__().tanh(dense(weights, "encode", x)))

    def loss(weights: Weights, batch: Any, mode: Mode) -> Any:  # noqa: ARG001 - nothing is dropped
        inner = dense(weights, "decode", code(weights, batch["columns"]))
        again = dense(weights, "out", inner.__array_namespace__().tanh(inner))
        return ((again - batch["columns"]) ** 2).mean()

    parts = [{"columns": rows[of], "money": rows[of][:, 0]} for of in (~stop, stop)]
    [found] = descent.descend(loss, [weights], *parts, SCHEDULE, "cpu")
    scale = code(found, rows).std(axis=0)
    return lambda x: code(found, x) / scale


def line(rows: Array, spent: Array, stop: Array, late: Array) -> ziln.Ziln:
    """Fits a linear ZILN model to the rows, and returns the distribution of the money of `late`."""
    start = np.array([np.log(np.mean(spent > 0) / np.mean(spent == 0)), np.log(spent[spent > 0]).mean()], np.float32)
    network = NETWORKS["line"]
    parts = [
        {"columns": rows[of], "offsets": np.tile(start, (of.sum(), 1)), "money": spent[of].astype(np.float32)}
        for of in (~stop, stop)
    ]
    initial = [network.initial(np.random.default_rng(0), (rows.shape[1], 0, 0), ziln.OUTPUTS)]
    [weights] = descent.train("line", initial, *parts, SCHEDULE, "cpu")
    return ziln.distribution(network.outputs(weights, {"columns": late}, PREDICTING), np.tile(start, (len(late), 1)))
