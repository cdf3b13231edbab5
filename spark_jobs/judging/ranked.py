"""Sums over customers in the order of a forecast, with weights and with ties shared equally. `metrics` is built from
them.

Arrays have one length n. Weights w have the shape (n,) or (resamples, n), and sums have w's leading shape. Customers
with equal values form a group that shares the ranks it occupies, so the order of the rows never matters.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray
# Deciles of the customers by a forecast, 1 the highest; the rule for figures is here, the rule for SQL in `decile`.
DECILES = 10


def decile_means(by: Array, *values: Array, w: Array | None = None, bins: int = DECILES) -> list[Array]:
    """Returns the means of each of `values` over equal parts (`bins`) of the customers ranked by `by`, the highest
    first.

    Each has the shape (bins,), or (resamples, bins). Customers who are tied across an edge belong to both parts in
    proportion.
    """
    w = weights(by, w)
    borders = np.linspace(0, 1, bins + 1)
    return [np.diff(_cumulative(-by, value, borders, w), axis=-1) * bins / w.sum(-1, keepdims=True) for value in values]


def decile(column: str) -> str:
    """Returns the SQL of a row's decile by the rank of a column, 1 being the highest. Each customer is in one decile.

    Equal values share the mean of their ranks, so they are in the same decile, and a neighbouring decile may be empty.
    A rank m among n rows lies at (m - 1/2) / n; the SQL uses 2m - 1, which is a whole number.
    """
    twice_less_one = f"2 * rank() over (order by {column} desc) + count(*) over (partition by {column}) - 2"
    return f"1 + {DECILES} * ({twice_less_one}) / (2 * count(*) over ())"


def gains(y: Array, f: Array, shares: Array, w: Array | None = None) -> Array:
    """Returns the gain chart: the share of all money that comes from the first `shares` of the customers ranked by f,
    the highest first.

    Its shape is (len(shares),), or (resamples, len(shares)).
    """
    w = weights(y, w)
    return np.asarray(ratio(_cumulative(-f, y, shares, w), (w @ y)[..., None]))


def roc(bought: Array, p: Array, shares: Array) -> Array:
    """Returns the ROC curve: the share of the buyers who are ranked by p before the first `shares` of the others, shape
    (len(shares),).

    Customers with equal p are interpolated linearly, so that the area below the curve is the AUC. Source: Fawcett
    (2006), An introduction to ROC analysis, Pattern Recognition Letters 27.
    """
    people, buyers = grouped(-p, np.ones(len(p)), bought)
    others = np.concatenate([[0.0], np.cumsum(people - buyers)])
    found = np.concatenate([[0.0], np.cumsum(buyers)])
    return np.interp(shares * others[-1], others, found) / max(found[-1], 1)


def weights(like: Array, w: Array | None) -> Array:
    """Returns w, or a weight of one for each element of `like`."""
    return np.ones(len(like)) if w is None else np.asarray(w, dtype=float)


def figure(value: Any) -> Any:
    """Returns a float if there is one value, else the array."""
    return float(value) if np.ndim(value) == 0 else value


def ratio(part: Any, whole: Any) -> Any:
    """Returns part / whole, and 0 where the whole is 0."""
    part, whole = np.broadcast_arrays(np.asarray(part, dtype=float), np.asarray(whole, dtype=float))
    return figure(np.divide(part, whole, out=np.zeros(part.shape), where=whole != 0))


def _ties(by: Array) -> tuple[Array, Array]:
    """Returns the ascending order of `by`, and the positions in it at which groups of equal values begin."""
    order = np.argsort(by, kind="stable")
    ranked = by[order]
    return order, np.flatnonzero(np.concatenate([[True], ranked[1:] != ranked[:-1]])) if len(by) else order


def grouped(by: Array, w: Array, values: Array) -> tuple[Array, Array]:
    """Returns the number of customers and their sum of `values` in each group of equal `by`, ascending; shapes (…,
    groups)."""
    order, starts = _ties(by)
    ranked = w[..., order]
    return _summed(ranked, starts), _summed(ranked * values[order], starts)


def _summed(ranked: Array, starts: Array) -> Array:
    """Returns the sums along the last axis from each start to the next. Returns the input if every group has one
    member."""
    return ranked if len(starts) == ranked.shape[-1] else np.add.reduceat(ranked, starts, axis=-1)


def _cumulative(by: Array, values: Array, shares: Array, w: Array) -> Array:
    """Returns the sum of `values` over the first `shares` of customers in ascending order of `by`, interpolated
    linearly within groups of equal values."""
    people, sums = (np.cumsum(part, axis=-1) for part in grouped(by, w, values))
    if people.ndim == 1:
        return _interpolated(shares, people, sums)
    return np.stack([_interpolated(shares, *row) for row in zip(people, sums, strict=True)])


def _interpolated(shares: Array, people: Array, sums: Array) -> Array:
    if not len(people):
        return np.zeros(len(shares))
    return np.interp(shares * people[-1], np.concatenate([[0.0], people]), np.concatenate([[0.0], sums]))


def mid_ranks(by: Array, w: Array) -> Array:
    """Returns the mean rank of each customer's group of equal values, counted from 1; in w's shape."""
    order, starts = _ties(by)
    people = _summed(w[..., order], starts)
    ranks = np.cumsum(people, axis=-1) - people + (people + 1) / 2
    group = np.empty(len(by), dtype=int)
    group[order] = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(by))))
    return ranks[..., group]
