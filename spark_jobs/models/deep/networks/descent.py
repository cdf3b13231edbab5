"""Trains networks by gradient descent, several seeds at once: python -m spark_jobs.models.deep.networks.descent

Only this module needs JAX. It runs in a process of its own (see `apart`). The rate of learning follows Loshchilov &
Hutter (2017), SGDR, without restarts; the decay of weights the same authors (2019), Decoupled weight decay
regularization; the dropping of units Srivastava et al. (2014), Dropout.
"""

from __future__ import annotations

import itertools
import os
import socket
import sys
from collections.abc import Callable
from typing import Any

# One thread, because threads add numbers in an order that depends on their number. JAX reads this when it first
# computes.
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

import jax
import jax.numpy as jnp
import numpy as np
import optax

from clv.core.errors import ClvError
from spark_jobs.models.deep.networks import apart, ziln
from spark_jobs.models.deep.networks.apart import Rows, Schedule
from spark_jobs.models.deep.networks.layers import NETWORKS, PREDICTING, Mode, Weights

EVALUATING = PREDICTING._replace(scan=jax.lax.scan)


def train(
    name: str, initial: list[Weights], learned: Rows, judged: Rows, schedule: Schedule, device: str
) -> list[Weights]:
    """Trains a network once from each of the initial weights, all on the same batches, to the least ZILN loss.

    learned, judged: the inputs of the network, `offsets` (see `ziln.distribution`) and `money`, float32. Each network
    keeps the weights with the least loss on the judged rows (early stopping). device: "cpu" or "cuda".
    Raises ClvError if JAX cannot use the device. On a processor, the result depends on the other arguments alone.
    """

    def loss(weights: Weights, rows: Rows, mode: Mode) -> jax.Array:
        outputs = NETWORKS[name].outputs(weights, rows, mode)
        return ziln.loss(ziln.distribution(outputs, rows["offsets"]), rows["money"]).mean()

    return descend(loss, initial, learned, judged, schedule, device)


def descend(
    loss: Any, initial: list[Weights], learned: Rows, judged: Rows, schedule: Schedule, device: str
) -> list[Weights]:
    """Does what `train` does, for any loss(weights, rows, mode), a mean over rows."""
    with jax.default_device(_device(device)):
        weights = jax.tree.map(lambda *each: jnp.asarray(np.stack(each), jnp.float32), *initial)
        optimiser = _optimiser(schedule)
        gradients = jax.vmap(jax.grad(loss), in_axes=(0, None, None))
        losses = jax.jit(jax.vmap(lambda one, rows: loss(one, rows, EVALUATING), in_axes=(0, None)))

        @jax.jit
        def stretch(weights: Any, state: Any, chosen: Any, key: Any, rows: Any) -> Any:
            def step(now: Any, batch: Any) -> Any:
                (weights, state), (places, number) = now, batch
                mode = EVALUATING._replace(drop=_dropping(jax.random.fold_in(key, number), schedule.drop))
                found = gradients(weights, {name: each[places] for name, each in rows.items()}, mode)
                change, state = jax.vmap(optimiser.update)(found, state, weights)
                return (optax.apply_updates(weights, change), state), None

            return jax.lax.scan(step, (weights, state), chosen)[0]

        rows, others = ({name: jnp.asarray(each) for name, each in one.items()} for one in (learned, judged))
        state = jax.vmap(optimiser.init)(weights)
        best, least, unchanged = weights, np.asarray(losses(weights, others)), 0
        for places, numbers in _batches(len(learned["money"]), schedule):
            weights, state = stretch(weights, state, (places, numbers), jax.random.key(0), rows)
            now = np.asarray(losses(weights, others))
            better = now < least
            best = jax.tree.map(lambda new, old, better=better: jnp.where(_like(better, new), new, old), weights, best)
            least, unchanged = np.where(better, now, least), 0 if better.any() else unchanged + 1
            if unchanged == schedule.stop_after:
                break
        return [{name: np.asarray(each[seed]) for name, each in best.items()} for seed in range(len(initial))]


def _device(device: str) -> Any:
    try:
        return jax.devices(device)[0]
    except RuntimeError:
        raise ClvError(
            f"CLV_TRAINING_DEVICE is {device}, but the JAX on {socket.gethostname()} sees none; install JAX with CUDA "
            "there, or unset CLV_TRAINING_DEVICE"
        ) from None


def _optimiser(schedule: Schedule) -> optax.GradientTransformation:
    rates = optax.warmup_cosine_decay_schedule(0.0, schedule.rate, schedule.steps // 10, schedule.steps)
    return optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(rates, weight_decay=schedule.decay))


def _dropping(key: Any, share: float) -> Callable[[Any], Any]:
    """Returns a function that drops other units at each call."""
    calls = itertools.count()

    def drop(x: Any) -> Any:
        stays = jax.random.bernoulli(jax.random.fold_in(key, next(calls)), 1 - share, x.shape)
        return jnp.where(stays, x / (1 - share), 0)

    return drop


def _batches(rows: int, schedule: Schedule) -> list[tuple[np.ndarray, np.ndarray]]:
    """Returns, for each stretch of steps, the rows of each step, shape (every, batch), and the steps' numbers."""
    rng = np.random.default_rng(0)
    batch, wanted = min(schedule.batch, rows), schedule.steps * min(schedule.batch, rows)
    order = np.concatenate([rng.permutation(rows) for _ in range(-(-wanted // rows))])[:wanted]
    numbers = np.arange(schedule.steps)
    stretches = schedule.steps // schedule.every
    return list(zip(np.split(order.reshape(-1, batch), stretches), np.split(numbers, stretches), strict=True))


def _like(better: np.ndarray, array: Any) -> np.ndarray:
    return better.reshape(-1, *[1] * (array.ndim - 1))


def main() -> None:
    """Trains what the standard input describes (see `apart`), and writes the weights to the standard output."""
    given = apart.unpacked(sys.stdin.buffer.read())
    try:
        found = train(given.network, given.initial, given.learned, given.judged, given.schedule, given.device)
    except ClvError as error:
        print(error, file=sys.stderr)
        raise SystemExit(apart.REFUSED) from None
    sys.stdout.buffer.write(apart.packed_weights(found))


if __name__ == "__main__":
    main()
