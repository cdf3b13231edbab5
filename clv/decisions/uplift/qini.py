"""The normalised Qini coefficient: how well predicted uplift ranks customers by whom the arm moved.

Source: Radcliffe 2007, "Using control groups to target on predicted lift", Direct Marketing Analytics Journal. The area
between the Qini curve and a random order, over that of a perfect order, as `qini_auc_score` of scikit-uplift 0.5.1
computes it, so that figures are comparable with published ones.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from spark_jobs.judging import ranked, resampling

Array = np.ndarray


def qini(uplift: Array, outcome: Array, treated: Array, w: Array | None = None) -> Any:
    """The normalised Qini coefficient: 0 for a random order, 1 for a perfect one.

    uplift, outcome, treated (bool): shape (n,). w: weights as in `spark_jobs.judging.metrics`; with shape
    (resamples, n) the result has one figure per row. Customers of equal uplift are one point of the curve.
    """
    w = ranked.weights(outcome, w)
    perfect = outcome * np.where(treated, 1, -1)
    return ranked.ratio(_area(uplift, outcome, treated, w), _area(perfect, outcome, treated, w))


def interval(uplift: Array, outcome: Array, treated: Array) -> tuple[float, float]:
    """The 95 % interval of `qini` on resamples of the customers, with the predictions as they are."""
    drawn = [qini(uplift, outcome, treated, w) for w in resampling.resamples(len(outcome))]
    return resampling.interval(np.concatenate(drawn))


def _area(by: Array, outcome: Array, treated: Array, w: Array) -> Array:
    """The area between the curve and the straight line to its end. The curve has, after the first customers in
    descending order of `by`, the outcomes of the treated less those of the others, scaled to as many customers."""
    in_arm, gained = (np.cumsum(part, axis=-1) for part in ranked.grouped(-by, w * treated, outcome))
    others, without = (np.cumsum(part, axis=-1) for part in ranked.grouped(-by, w * ~treated, outcome))
    curve = gained - without * ranked.ratio(in_arm, others)
    people = in_arm + others
    before = np.zeros((*people.shape[:-1], 1))
    below = np.trapezoid(np.concatenate([before, curve], -1), np.concatenate([before, people], -1), axis=-1)
    return below - people[..., -1] * curve[..., -1] / 2
