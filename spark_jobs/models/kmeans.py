"""K-means, and the silhouette that judges it. The results depend on the points and the seed alone.

Sources: Lloyd (1982), Least squares quantization in PCM; Arthur and Vassilvitskii (2007), k-means++: the advantages of
careful seeding; Rousseeuw (1987), Silhouettes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spark_jobs.features.columns import Array

STARTS = 5
MOST_ROUNDS = 100


@dataclass(frozen=True, eq=False)
class Groups:
    """Groups of points. centres: shape (k, m). of: the group of each point, shape (n,). loss: the sum of squared
    distances to the centres."""

    centres: Array
    of: Array
    loss: float


def fit(points: Array, number: int, seed: int) -> Groups:
    """Divides points of shape (n, m) into `number` groups, none of them empty. Returns the best of STARTS results.

    There must be at least `number` different points.
    """
    rng = np.random.default_rng(seed)
    return min((_from(points, _drawn(points, number, rng)) for _ in range(STARTS)), key=lambda groups: groups.loss)


def silhouette(points: Array, of: Array) -> float:
    """Returns the mean silhouette of points by squared distances: 1 where groups lie far apart, below 0 where points
    are nearer to another group. A point that is alone in its group counts as 0."""
    sizes, everyone = np.bincount(of), np.arange(len(points))
    squares = (points**2).sum(axis=1)
    # The mean squared distance of each point to all points of each group, without computing the distances.
    means = squares[:, None] + np.bincount(of, squares) / sizes - 2 * points @ _centres(points, of, len(sizes)).T
    own = means[everyone, of] * sizes[of] / np.maximum(sizes[of] - 1, 1)
    means[everyone, of] = np.inf
    nearest = means.min(axis=1)
    return float(np.where(sizes[of] > 1, (nearest - own) / np.maximum(np.maximum(own, nearest), 1e-300), 0).mean())


def _from(points: Array, centres: Array) -> Groups:
    """Moves the centres to the means of their groups until no point changes its group. An empty group gets the point
    that lies farthest from its centre."""
    of = np.full(len(points), -1)
    for _ in range(MOST_ROUNDS):
        before, (of, squares) = of, _nearest(points, centres)
        for empty in np.flatnonzero(np.bincount(of, minlength=len(centres)) == 0):
            farthest = squares.argmax()
            of[farthest], squares[farthest] = empty, 0
        if (of == before).all():
            break
        centres = _centres(points, of, len(centres))
    return Groups(centres, of, float(squares.sum()))


def _drawn(points: Array, number: int, rng: np.random.Generator) -> Array:
    """Draws the first centres: each with a probability that grows with the squared distance to the others."""
    centres = points[[rng.integers(len(points))]]
    while len(centres) < number:
        squares = _nearest(points, centres)[1]
        centres = np.vstack([centres, points[rng.choice(len(points), p=squares / squares.sum())]])
    return centres


def _nearest(points: Array, centres: Array) -> tuple[Array, Array]:
    """Returns the nearest centre of each point, and the squared distance to it."""
    squares = ((points[:, None, :] - centres[None, :, :]) ** 2).sum(axis=2)
    return squares.argmin(axis=1), squares.min(axis=1)


def _centres(points: Array, of: Array, number: int) -> Array:
    sums = np.column_stack([np.bincount(of, column, number) for column in points.T])
    return sums / np.bincount(of, minlength=number)[:, None]
