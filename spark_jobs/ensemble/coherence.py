"""Keeps the horizons coherent: a longer horizon gets a higher probability and higher revenue than a shorter one.

The horizons are learned separately, so the prediction for a longer one can be too low. It is then raised above the
shorter one's, by a share of the anchor's growth between the two. All arrays have shape (n,).
"""

from __future__ import annotations

import numpy as np

from spark_jobs.features.columns import Array
from spark_jobs.models.anchor import Probabilistic

GROWTH_SHARE = 0.5  # share of the anchor's growth from one horizon to the next by which a longer horizon grows at least
PROBABILITY_STEP = 1e-4  # last digit of a published probability
LEAST_PUBLISHED = 4.9e-5  # smallest probability that is published as more than 0
MONEY_STEP = 1e-4  # least increase of money, the step of its published values
LARGEST_PROBABILITY = 1 - 1e-9  # largest probability, so that the hazard stays finite


def at_least_as_likely(p: Array, anchor_shorter: Array, anchor_longer: Array) -> Array:
    """Raises the probability `p` of an event to that of a more likely event. The result is at least p.

    `anchor_shorter` and `anchor_longer` are the anchor's probabilities of the two events. The complement 1 - p shrinks
    in the same proportion as the anchor's complement.
    """
    return np.maximum(p, 1 - (1 - p) * np.clip((1 - anchor_longer) / np.maximum(1 - anchor_shorter, 1e-12), 0, 1))


def least_chance(p: Array, anchor_shorter: Array, anchor_longer: Array) -> Array:
    """Returns the least probability of an order within a longer horizon, given `p` for a shorter one.

    anchor_shorter, anchor_longer: the anchor's probabilities for the shorter and the longer horizon. The cumulative
    hazard grows by GROWTH_SHARE of the anchor's growth, or in proportion if that is less. The published value grows by
    at least one digit, unless it is 0 or 1 already.
    """
    hazard, hazard_shorter, hazard_longer = (
        -np.log1p(-np.minimum(chance, LARGEST_PROBABILITY)) for chance in (p, anchor_shorter, anchor_longer)
    )
    growth = GROWTH_SHARE * np.maximum(hazard_longer - hazard_shorter, 0)
    raised = -np.expm1(-hazard - growth * np.minimum(hazard / hazard_shorter, 1))
    return np.clip(
        np.maximum(raised, np.where(p >= LEAST_PUBLISHED, p + PROBABILITY_STEP, p)),
        p,
        np.maximum(p, LARGEST_PROBABILITY),
    )


def least_counts(by_anchor: Probabilistic, counts: dict[str, Array], anchor_longer: Probabilistic) -> dict[str, Array]:
    """Returns the least probability and number of orders of the longer horizon. by_anchor, anchor_longer: the anchor's
    predictions for the shorter and the longer horizon. counts: the values of the shorter one."""
    p = least_chance(counts["p_purchase"], by_anchor.p_purchase, anchor_longer.p_purchase)
    growth = 1 + GROWTH_SHARE * np.maximum(anchor_longer.orders / by_anchor.orders - 1, 0)
    return {"p_purchase": p, "expected_orders": np.maximum(counts["expected_orders"] * growth, p)}


def least_money(
    money: dict[str, Array], by_anchor: Probabilistic, anchor_longer: Probabilistic, later: Array
) -> dict[str, Array]:
    """Returns the least revenue and bounds of the longer horizon, so that they exceed those of the shorter one before
    and after discounting.

    later: the shorter horizon's discount factor over the longer one's. Positive values grow by at least MONEY_STEP, so
    that rounding cannot reverse their order.
    """
    growth = 1 + GROWTH_SHARE * np.maximum(anchor_longer.revenue / by_anchor.revenue - 1, 0)
    return {
        name: np.where(array > 0, np.maximum(array * growth, array + MONEY_STEP), 0) * later
        for name, array in money.items()
    }


def raised(now: dict[str, Array], least: dict[str, Array]) -> dict[str, Array]:
    """Raises each array of `now` to `least` where it is lower."""
    return {name: np.maximum(array, least[name]) for name, array in now.items()}
