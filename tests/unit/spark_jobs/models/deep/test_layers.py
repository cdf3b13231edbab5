"""Networks give the same outputs in numpy as in JAX, for each customer alone or among others."""

from __future__ import annotations

import numpy as np
import pytest

from spark_jobs.models.deep.networks import layers
from spark_jobs.models.deep.networks.layers import NETWORKS, PREDICTING

SIZES = (4, 6, 5)  # columns, steps, channels


def drawn(name: str, n: int = 7) -> tuple[dict, dict]:
    """Returns weights and inputs; the first steps of some customers are not used."""
    rng = np.random.default_rng(1)
    weights = NETWORKS[name].initial(rng, SIZES, 3)
    weights = {key: each + rng.normal(0, 0.1, each.shape) for key, each in weights.items()}
    steps = rng.normal(size=(n, *SIZES[1:]))
    steps[: n // 2, :3] = 0
    return weights, {"columns": rng.normal(size=(n, SIZES[0])), "steps": steps}


@pytest.mark.parametrize("name", NETWORKS)
def test_a_customer_has_the_same_outputs_alone_and_among_others(name: str) -> None:
    weights, inputs = drawn(name)
    among = NETWORKS[name].outputs(weights, inputs, PREDICTING)
    assert among.shape == (7, 3)
    alone = NETWORKS[name].outputs(weights, {key: each[2:3] for key, each in inputs.items()}, PREDICTING)
    assert alone == pytest.approx(among[2:3], rel=1e-9)


@pytest.mark.parametrize("name", [name for name, network in NETWORKS.items() if network.reads_sequences])
def test_unused_steps_do_not_matter_and_the_order_of_steps_does(name: str) -> None:
    weights, inputs = drawn(name)
    padded = {**inputs, "steps": inputs["steps"].copy()}
    found = NETWORKS[name].outputs(weights, inputs, PREDICTING)
    padded["steps"][:, [3, 4]] = padded["steps"][:, [4, 3]]
    assert not np.allclose(NETWORKS[name].outputs(weights, padded, PREDICTING), found)
    if name != "transformer":  # whose learned places count from the start
        longer = {**inputs, "steps": np.concatenate([np.zeros((7, 2, SIZES[2])), inputs["steps"]], 1)}
        assert NETWORKS[name].outputs(weights, longer, PREDICTING)[:3] == pytest.approx(found[:3])


@pytest.mark.parametrize("name", NETWORKS)
def test_jax_computes_what_numpy_computes(name: str) -> None:
    jax = pytest.importorskip("jax", reason="JAX is not installed: the extra `deep`")
    weights, inputs = drawn(name)
    mode = PREDICTING._replace(scan=jax.lax.scan)
    by_jax = NETWORKS[name].outputs(*jax.tree.map(jax.numpy.asarray, (weights, inputs)), mode)
    assert np.asarray(by_jax) == pytest.approx(NETWORKS[name].outputs(weights, inputs, PREDICTING), abs=1e-4)


def test_rows_are_normalised_to_mean_0_and_deviation_1() -> None:
    weights = {"x.scale": np.array([1.0, 1, 2]), "x.shift": np.array([0.0, 0, 1])}
    found = layers.normalised(weights, "x", np.array([[1.0, 2, 3]]))
    assert found == pytest.approx(np.array([[-1.224745, 0, 2 * 1.224745 + 1]]), abs=1e-4)  # deviation sqrt(2/3)
