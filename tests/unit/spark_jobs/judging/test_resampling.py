"""Bootstrap resamples are the same each time, however many are drawn at once."""

from __future__ import annotations

import numpy as np

from spark_jobs.judging import resampling


def test_resamples_are_counts_of_customers_and_the_same_each_time(monkeypatch):
    parts = list(resampling.resamples(7))
    assert [part.shape for part in parts] == [(50, 7)] * 4
    drawn = np.concatenate(parts)
    assert (drawn.sum(axis=1) == 7).all()
    monkeypatch.setattr(resampling, "WEIGHTS_AT_ONCE", 21)
    few = list(resampling.resamples(7))
    assert {len(part) for part in few} == {3, 2}
    assert (np.concatenate(few) == drawn).all()


def test_a_difference_is_significant_if_its_interval_does_not_contain_0():
    low, high = resampling.interval(np.arange(101.0))
    assert (low, high) == (2.5, 97.5)
    assert resampling.is_significant(low, high)
    assert resampling.is_significant(-2, -1)
    assert not resampling.is_significant(-1, 2)
