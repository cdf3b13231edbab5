"""Forecasts that agree: a longer horizon is likelier, and brings more, than a shorter one.

Horizons are learned apart, so the forecast of a longer one can fall short of a shorter one. Then it is raised above it,
by a share of what the anchor grows by between the two. Arrays of shape (n,).
"""

from __future__ import annotations

import numpy as np

from spark_jobs.features.columns import Array
from spark_jobs.models.anchor import Probabilistic

CARRIED = 0.5  # share of the anchor's growth from a horizon to the next that a longer one shows at least
DIGIT = 1e-4  # the last digit of a published chance
SHOWN = 4.9e-5  # chances from here on are published as more than 0, whichever way they are rounded first
STEP = 1e-4  # money: what is written is rounded to it
SURE = 1 - 1e-9  # the largest chance


def beyond(p: Array, anchored: Array, further: Array) -> Array:
    """The chance `p` of something taken on to something likelier, as the anchor goes from `anchored` to `further`: the
    chance that neither happens falls in the same proportion, so that the result is p or more."""
    return np.maximum(p, 1 - (1 - p) * np.clip((1 - further) / np.maximum(1 - anchored, 1e-12), 0, 1))


def least_chance(p: Array, anchored: Array, further: Array) -> Array:
    """The least that a longer horizon's chance of an order is, where a shorter one's is `p` and the anchor's chances
    over the two are `anchored` and `further`: the cumulative hazard rises by CARRIED of what the anchor's does, in
    proportion where that is less, and what is published rises by a digit, if it is not 0 or 1 already."""
    hazard, nearer, farther = (-np.log1p(-np.minimum(chance, SURE)) for chance in (p, anchored, further))
    growth = CARRIED * np.maximum(farther - nearer, 0)
    risen = -np.expm1(-hazard - growth * np.minimum(hazard / nearer, 1))
    return np.clip(np.maximum(risen, np.where(p >= SHOWN, p + DIGIT, p)), p, np.maximum(p, SURE))


def least_counts(by_anchor: Probabilistic, counts: dict[str, Array], further: Probabilistic) -> dict[str, Array]:
    """The least chance and orders of a horizon after one with these."""
    p = least_chance(counts["p_purchase"], by_anchor.p_purchase, further.p_purchase)
    growth = 1 + CARRIED * np.maximum(further.orders / by_anchor.orders - 1, 0)
    return {"p_purchase": p, "expected_orders": np.maximum(counts["expected_orders"] * growth, p)}


def least_money(
    money: dict[str, Array], by_anchor: Probabilistic, further: Probabilistic, later: Array
) -> dict[str, Array]:
    """The least money of a horizon after one with this, worth more when discounted too: `later` is the shorter one's
    discount factor over the longer one's. Equal values could be rounded apart, hence the step."""
    growth = 1 + CARRIED * np.maximum(further.revenue / by_anchor.revenue - 1, 0)
    return {
        name: np.where(array > 0, np.maximum(array * growth, array + STEP), 0) * later for name, array in money.items()
    }


def risen(now: dict[str, Array], least: dict[str, Array]) -> dict[str, Array]:
    """Each array of `now`, nowhere below that of `least`."""
    return {name: np.maximum(array, least[name]) for name, array in now.items()}
