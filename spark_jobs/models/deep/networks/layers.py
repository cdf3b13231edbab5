"""The networks: how each is initialised, and how it computes its outputs from its weights.

Weights are arrays by name. A network computes with numpy or JAX, depending on its inputs, so a fitted network predicts
where JAX is not installed. Sequences have shape (n, steps, channels), oldest step first; unused steps at the start are
zeros.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

Weights = dict[str, Any]
Inputs = Mapping[str, Any]  # "columns" of shape (n, d), and "steps" of shape (n, steps, channels) for some networks

HIDDEN = 64  # width of the dense layers
WIDTH = 16  # of the layers that read sequences
KERNEL = 3  # steps that a convolution reads, so many with each of DILATIONS between them
DILATIONS = (1, 2, 4)
HEADS, BLOCKS = 2, 1  # of the transformer


class Mode(NamedTuple):
    """What differs between training and predicting. drop: drops units of an array. scan: does what jax.lax.scan does,
    for a function that returns the new state and None."""

    drop: Callable[[Any], Any]
    scan: Callable[[Any, Any, Any], tuple[Any, None]]


def _loop(work: Any, state: Any, steps: Any) -> tuple[Any, None]:
    for step in zip(*steps, strict=True):
        state, _ = work(state, step)
    return state, None


PREDICTING = Mode(lambda x: x, _loop)


class Network(NamedTuple):
    """A network. initial: draws its weights, for inputs of the given sizes (columns, steps, channels) and a number of
    outputs. outputs: computes them, shape (n, outputs)."""

    initial: Callable[[np.random.Generator, tuple[int, int, int], int], Weights]
    outputs: Callable[[Weights, Inputs, Mode], Any]
    reads_sequences: bool = False


def _dense(rng: np.random.Generator, name: str, wide: int, out: int, gain: float = 2.0) -> Weights:
    """Draws a dense layer (He et al. 2015, Delving deep into rectifiers, for gain 2)."""
    return {f"{name}.w": rng.normal(0, np.sqrt(gain / wide), (wide, out)), f"{name}.b": np.zeros(out)}


def _norm(name: str, width: int) -> Weights:
    return {f"{name}.scale": np.ones(width), f"{name}.shift": np.zeros(width)}


def dense(weights: Weights, name: str, x: Any) -> Any:
    """Returns x W + b."""
    return x @ weights[f"{name}.w"] + weights[f"{name}.b"]


def normalised(weights: Weights, name: str, x: Any) -> Any:
    """Normalises each row (Ba, Kiros & Hinton 2016, Layer normalization)."""
    xp = x.__array_namespace__()
    centred = x - x.mean(-1, keepdims=True)
    spread = xp.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5)
    return centred / spread * weights[f"{name}.scale"] + weights[f"{name}.shift"]


def _relu(x: Any) -> Any:
    return x.__array_namespace__().maximum(x, 0)


def _head(rng: np.random.Generator, wide: int, outputs: int) -> Weights:
    """Draws two hidden layers and the last one, which starts near 0, so that training starts from the offsets."""
    return {
        **_dense(rng, "first", wide, HIDDEN), **_norm("first", HIDDEN),
        **_dense(rng, "second", HIDDEN, HIDDEN), **_norm("second", HIDDEN),
        **_dense(rng, "last", HIDDEN, outputs, 1e-4),
    }  # fmt: skip


def _through_head(weights: Weights, x: Any, mode: Mode) -> Any:
    for name in ("first", "second"):
        x = mode.drop(_relu(normalised(weights, name, dense(weights, name, x))))
    return dense(weights, "last", x)


def _line_initial(rng: np.random.Generator, sizes: tuple[int, int, int], outputs: int) -> Weights:
    return _dense(rng, "last", sizes[0], outputs, 1e-4)


def _line(weights: Weights, inputs: Inputs, mode: Mode) -> Any:  # noqa: ARG001 - no layer drops anything
    return dense(weights, "last", inputs["columns"])


def _perceptron_initial(rng: np.random.Generator, sizes: tuple[int, int, int], outputs: int) -> Weights:
    return _head(rng, sizes[0], outputs)


def _perceptron(weights: Weights, inputs: Inputs, mode: Mode) -> Any:
    return _through_head(weights, inputs["columns"], mode)


def _cnn_initial(rng: np.random.Generator, sizes: tuple[int, int, int], outputs: int) -> Weights:
    columns, _, channels = sizes
    found = _dense(rng, "embed", channels, WIDTH)
    for place in range(len(DILATIONS)):
        found |= _dense(rng, f"conv{place}", KERNEL * WIDTH, WIDTH) | _norm(f"conv{place}", WIDTH)
    return found | _head(rng, columns + 2 * WIDTH, outputs)


def _cnn(weights: Weights, inputs: Inputs, mode: Mode) -> Any:
    """Causal convolutions with residuals (van den Oord et al. 2016, WaveNet); the last step and the mean of the used
    steps are read."""
    steps = inputs["steps"]
    xp = steps.__array_namespace__()
    used = _used(steps)[..., None]
    x = dense(weights, "embed", steps) * used
    for place, dilation in enumerate(DILATIONS):
        around = xp.concatenate([_later(x, dilation * back) for back in reversed(range(KERNEL))], -1)
        x = (x + _relu(normalised(weights, f"conv{place}", dense(weights, f"conv{place}", around)))) * used
    mean = x.sum(-2) / used.sum(-2)
    return _through_head(weights, xp.concatenate([inputs["columns"], x[..., -1, :], mean], -1), mode)


def _later(x: Any, by: int) -> Any:
    """Moves a sequence to later steps, with zeros before it."""
    by = min(by, x.shape[-2])
    moved = [x.__array_namespace__().zeros_like(x[..., :by, :]), x[..., : x.shape[-2] - by, :]]
    return x.__array_namespace__().concatenate(moved, -2)


def _used(steps: Any) -> Any:
    """Returns 1 for each step that is used and 0 for the others; a used step has a channel other than 0."""
    return (abs(steps).sum(-1) > 0) * 1.0


def _gru_initial(rng: np.random.Generator, sizes: tuple[int, int, int], outputs: int) -> Weights:
    columns, _, channels = sizes
    found = _dense(rng, "gates_in", channels, 3 * WIDTH, 1.0) | _dense(rng, "gates_state", WIDTH, 3 * WIDTH, 1.0)
    return found | _norm("state", WIDTH) | _head(rng, columns + WIDTH, outputs)


def _gru(weights: Weights, inputs: Inputs, mode: Mode) -> Any:
    """A gated recurrent unit (Cho et al. 2014, Learning phrase representations), of which the last state is read."""
    steps = inputs["steps"]
    xp = steps.__array_namespace__()

    def step(state: Any, now: Any) -> tuple[Any, None]:
        ours, on = now
        theirs = dense(weights, "gates_state", state)
        keep, reset = (_sigmoid(ours[..., a:b] + theirs[..., a:b]) for a, b in ((0, WIDTH), (WIDTH, 2 * WIDTH)))
        new = xp.tanh(ours[..., 2 * WIDTH :] + reset * theirs[..., 2 * WIDTH :])
        return on * (keep * state + (1 - keep) * new) + (1 - on) * state, None

    wanted = xp.swapaxes(dense(weights, "gates_in", steps), 0, 1)
    used = xp.swapaxes(_used(steps), 0, 1)[..., None]
    state, _ = mode.scan(step, xp.zeros_like(wanted[0, :, :WIDTH]), (wanted, used))
    state = normalised(weights, "state", state)
    return _through_head(weights, xp.concatenate([inputs["columns"], state], -1), mode)


def _sigmoid(x: Any) -> Any:
    return 0.5 * (1 + x.__array_namespace__().tanh(0.5 * x))


def _transformer_initial(rng: np.random.Generator, sizes: tuple[int, int, int], outputs: int) -> Weights:
    columns, steps, channels = sizes
    found = _dense(rng, "embed", channels, WIDTH, 1.0) | {"places": rng.normal(0, 0.1, (steps, WIDTH))}
    for block in map(str, range(BLOCKS)):
        found |= _norm(f"heed{block}", WIDTH) | _dense(rng, f"heed{block}", WIDTH, 3 * WIDTH, 1.0)
        found |= _dense(rng, f"joined{block}", WIDTH, WIDTH, 0.5) | _norm(f"wide{block}", WIDTH)
        found |= _dense(rng, f"wide{block}", WIDTH, 2 * WIDTH) | _dense(rng, f"narrow{block}", 2 * WIDTH, WIDTH, 0.5)
    return found | _norm("read", WIDTH) | _head(rng, columns + WIDTH, outputs)


def _transformer(weights: Weights, inputs: Inputs, mode: Mode) -> Any:
    """Attention over all used steps, normalised before each block (Vaswani et al. 2017, Attention is all you need;
    Xiong et al. 2020, On layer normalization in the transformer architecture). The last step is read."""
    steps = inputs["steps"]
    xp = steps.__array_namespace__()
    hidden = (_used(steps) - 1)[..., None, None, :] * 1e9  # a step that is not used is not attended to
    x = dense(weights, "embed", steps) + weights["places"]
    for block in map(str, range(BLOCKS)):
        joint = dense(weights, f"heed{block}", normalised(weights, f"heed{block}", x))
        query, key, value = (_by_head(joint[..., i * WIDTH : (i + 1) * WIDTH]) for i in range(3))
        scores = query @ xp.swapaxes(key, -1, -2) / math.sqrt(WIDTH // HEADS) + hidden
        scores = xp.exp(scores - scores.max(-1, keepdims=True))
        seen = (scores / scores.sum(-1, keepdims=True)) @ value
        x = x + dense(weights, f"joined{block}", xp.swapaxes(seen, -2, -3).reshape(x.shape))
        wide = _relu(dense(weights, f"wide{block}", normalised(weights, f"wide{block}", x)))
        x = x + dense(weights, f"narrow{block}", wide)
    read = normalised(weights, "read", x[..., -1, :])
    return _through_head(weights, xp.concatenate([inputs["columns"], read], -1), mode)


def _by_head(x: Any) -> Any:
    """Divides the width among the heads: (n, steps, WIDTH) becomes (n, HEADS, steps, WIDTH / HEADS)."""
    divided = x.reshape((*x.shape[:-1], HEADS, WIDTH // HEADS))
    return x.__array_namespace__().swapaxes(divided, -2, -3)


NETWORKS = {
    "line": Network(_line_initial, _line),
    "perceptron": Network(_perceptron_initial, _perceptron),
    "cnn": Network(_cnn_initial, _cnn, True),
    "gru": Network(_gru_initial, _gru, True),
    "transformer": Network(_transformer_initial, _transformer, True),
}
