"""Trains a network in a process of its own, which is not forked: JAX's threads do not survive a fork, and jobs fork.
What the process gets and answers are arrays in numpy's format.
"""

from __future__ import annotations

import importlib.util
import io
import json
import subprocess
import sys
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from clv.core import options
from clv.core.errors import ClvError
from clv.core.processes import die_with_parent
from spark_jobs.features.columns import Array
from spark_jobs.models.deep.networks.layers import Weights

REFUSED = 3  # exit code of the process if its error is a ClvError
EXTRA = 'run `make bootstrap-deep`, or see "Deep models" in docs/operating.md'
PROGRAM = "spark_jobs.models.deep.networks.descent"
Rows = Mapping[str, Array]  # by name, each with one element per row


class Schedule(NamedTuple):
    """How a network is trained.

    steps: at most, of `batch` rows each. every: steps between two measurements of the loss on the judged rows.
    stop_after: measurements without a better loss after which training ends. rate: the highest learning rate, reached
    after a tenth of the steps, from which it falls along a cosine. decay: of weights. drop: share of the units that are
    dropped.
    """

    steps: int = 1200
    batch: int = 512
    every: int = 50
    stop_after: int = 6
    rate: float = 3e-3
    decay: float = 1e-3
    drop: float = 0.1


class Training(NamedTuple):
    """A training: the network by name, the initial weights of each seed, and the rows to learn from and those on which
    it is judged when to stop. Rows are the inputs of the network, `offsets` (see `ziln.distribution`) and `money`."""

    network: str
    initial: list[Weights]
    learned: Rows
    judged: Rows
    schedule: Schedule
    device: str


def check(name: str) -> None:
    """Raises ClvError if JAX is not installed. name: the forecaster that needs it."""
    missing = [package for package in ("jax", "optax") if importlib.util.find_spec(package) is None]
    if missing:
        raise ClvError(f"{name} is trained with JAX, and the package {missing[0]} is not installed; {EXTRA}")


def train(network: str, initial: list[Weights], learned: Rows, judged: Rows, schedule: Schedule) -> list[Weights]:
    """Trains a network from each of the initial weights. Returns the weights of each. Raises ClvError if JAX cannot use
    the device that CLV_TRAINING_DEVICE names.

    On a processor, the result depends on the arguments alone.
    """
    device = options.from_environment(options.Spark).training_device
    training = Training(network, initial, learned, judged, schedule, device)
    ended = subprocess.run(
        [sys.executable, "-m", PROGRAM], input=packed(training), capture_output=True, preexec_fn=die_with_parent
    )
    if ended.returncode:
        last = (ended.stderr.decode(errors="replace").strip().splitlines() or [f"it ended with {ended.returncode}"])[-1]
        raise ClvError(last) if ended.returncode == REFUSED else RuntimeError(last)
    return _weights(np.load(io.BytesIO(ended.stdout)))


def packed(training: Training) -> bytes:
    """Returns a training as bytes, for the other process."""
    arrays = {
        f"{part}/{name}": each for part in ("learned", "judged") for name, each in getattr(training, part).items()
    }
    text = json.dumps([training.network, training.schedule, training.device])
    return _saved({**arrays, **_by_seed(training.initial), "text": np.array(text)})


def unpacked(given: bytes) -> Training:
    """Returns the training that `packed` packed."""
    arrays = np.load(io.BytesIO(given))
    network, schedule, device = json.loads(str(arrays["text"]))
    learned, judged = (
        {name.removeprefix(f"{part}/"): arrays[name] for name in arrays if name.startswith(f"{part}/")}
        for part in ("learned", "judged")
    )
    return Training(network, _weights(arrays), learned, judged, Schedule(*schedule), device)


def packed_weights(found: list[Weights]) -> bytes:
    """Returns the weights of each seed as bytes, for the process that asked for the training."""
    return _saved(_by_seed(found))


def _by_seed(weights: list[Weights]) -> dict[str, Array]:
    return {f"{seed}/{name}": each for seed, one in enumerate(weights) for name, each in one.items()}


def _weights(arrays: Mapping[str, Array]) -> list[Weights]:
    found: dict[int, Weights] = {}
    for key in arrays:
        seed, _, name = key.partition("/")
        if seed.isdigit():
            found.setdefault(int(seed), {})[name] = arrays[key]
    return [found[seed] for seed in sorted(found)]


def _saved(arrays: dict[str, Array]) -> bytes:
    written = io.BytesIO()
    np.savez(written, **arrays)  # type: ignore[arg-type]
    return written.getvalue()
