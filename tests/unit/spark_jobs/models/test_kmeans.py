from __future__ import annotations

import numpy as np
import pytest

from spark_jobs.models import kmeans


def test_groups_that_lie_apart_are_found_with_their_means() -> None:
    rng = np.random.default_rng(2)
    centres = np.array([[0.0, 0.0], [5.0, 0.0], [0.0, 5.0]])
    points = np.repeat(centres, [50, 100, 200], axis=0) + rng.normal(0, 0.3, (350, 2))
    found = kmeans.fit(points, 3, seed=1)
    assert sorted(np.bincount(found.of)) == [50, 100, 200]
    for group in range(3):
        assert found.centres[group] == pytest.approx(points[found.of == group].mean(axis=0))
    assert found.loss == pytest.approx(((points - found.centres[found.of]) ** 2).sum())
    again = kmeans.fit(points, 3, seed=1)
    assert (again.centres == found.centres).all()


def test_the_silhouette_is_the_mean_over_pairs() -> None:
    rng = np.random.default_rng(3)
    points, of = rng.normal(size=(40, 3)), np.repeat([0, 1, 2, 3], [12, 17, 10, 1])
    squares = ((points[:, None] - points[None]) ** 2).sum(axis=2)
    expected = []
    for i in range(40):
        own = squares[i, (of == of[i]) & (np.arange(40) != i)]
        other = min(squares[i, of == group].mean() for group in range(4) if group != of[i])
        expected.append((other - own.mean()) / max(own.mean(), other) if len(own) else 0)
    assert kmeans.silhouette(points, of) == pytest.approx(np.mean(expected))


def test_no_group_is_empty() -> None:
    points = np.array([[0.0], [0.0], [0.0], [1.0], [9.0]])
    found = kmeans._from(points, np.array([[0.0], [100.0], [200.0]]))
    assert sorted(np.bincount(found.of)) == [1, 1, 3]
    assert found.loss == 0
    assert set(kmeans.fit(points, 3, seed=0).centres[:, 0]) == {0.0, 1.0, 9.0}
