"""Coherence between horizons: a longer horizon has a higher probability and higher revenue than a shorter one.

Horizons are learned separately, so the forecast of a longer one can be too low. It is then raised above the shorter
one, by a share of the anchor's growth between the two. Arrays of shape (n,).
"""

from __future__ import annotations

import numpy as np

from spark_jobs.features.columns import Array
from spark_jobs.models.anchor import Probabilistic

CARRIED = 0.5  # minimum share of the anchor's growth from one horizon to the next that a longer horizon gets
DIGIT = 1e-4  # last digit of a published probability
SHOWN = 4.9e-5  # probabilities from here on are published as more than 0, however they are rounded first
STEP = 1e-4  # money: published values are rounded to it
SURE = 1 - 1e-9  # the largest probability


def beyond(p: Array, anchored: Array, further: Array) -> Array:
    """The probability `p` of an event, raised to that of a more likely event, in the way the anchor grows from
    `anchored` to `further`: the probability that neither happens falls in the same proportion. The result is at least
    p."""
    return np.maximum(p, 1 - (1 - p) * np.clip((1 - further) / np.maximum(1 - anchored, 1e-12), 0, 1))


def least_chance(p: Array, anchored: Array, further: Array) -> Array:
    """The minimum probability of an order within a longer horizon, given `p` for a shorter one and the anchor's
    `anchored` and `further`.

    The cumulative hazard grows by CARRIED of the anchor's growth, or in proportion if that is less. The published value
    grows by one digit, unless it is 0 or 1 already.
    """
    hazard, nearer, farther = (-np.log1p(-np.minimum(chance, SURE)) for chance in (p, anchored, further))
    growth = CARRIED * np.maximum(farther - nearer, 0)
    risen = -np.expm1(-hazard - growth * np.minimum(hazard / nearer, 1))
    return np.clip(np.maximum(risen, np.where(p >= SHOWN, p + DIGIT, p)), p, np.maximum(p, SURE))


def least_counts(by_anchor: Probabilistic, counts: dict[str, Array], further: Probabilistic) -> dict[str, Array]:
    """The minimum probability and orders of the next longer horizon."""
    p = least_chance(counts["p_purchase"], by_anchor.p_purchase, further.p_purchase)
    growth = 1 + CARRIED * np.maximum(further.orders / by_anchor.orders - 1, 0)
    return {"p_purchase": p, "expected_orders": np.maximum(counts["expected_orders"] * growth, p)}


def least_money(
    money: dict[str, Array], by_anchor: Probabilistic, further: Probabilistic, later: Array
) -> dict[str, Array]:
    """The minimum revenue of a longer horizon, so that it is higher than that of the shorter one, also when discounted.
    later: the shorter horizon's discount factor over the longer one's. STEP keeps equal values from being rounded
    apart."""
    growth = 1 + CARRIED * np.maximum(further.revenue / by_anchor.revenue - 1, 0)
    return {
        name: np.where(array > 0, np.maximum(array * growth, array + STEP), 0) * later for name, array in money.items()
    }


def risen(now: dict[str, Array], least: dict[str, Array]) -> dict[str, Array]:
    """Each array of `now`, raised to `least` where it is lower."""
    return {name: np.maximum(array, least[name]) for name, array in now.items()}
