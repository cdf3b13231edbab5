"""Coherence of longer and shorter horizons, on probabilities worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from spark_jobs.ensemble import coherence


def test_the_complement_of_a_more_likely_event_shrinks_as_the_anchors_does() -> None:
    # First customer: 1 - .4 is scaled by (1 - .6) / (1 - .2) = 1/2, so .7. Second: the other event is less likely, so
    # .2 stays. Third: a certain event stays certain.
    found = coherence.at_least_as_likely(
        np.array([0.4, 0.2, 1.0]), np.array([0.2, 0.2, 0.2]), np.array([0.6, 0.1, 0.6])
    )
    assert found == pytest.approx([0.7, 0.2, 1.0])


def test_a_probability_is_raised_above_that_of_a_shorter_horizon() -> None:
    # The anchor has .5 and .875 for the two horizons: hazards ln 2 and ln 8, so the hazard triples and grows by 2 ln 2.
    # First customer (hazard below ln 2): grows in proportion, by half of the anchor's growth, to twice its hazard: .8 ^
    # 2 = .64 without an order. Second (hazard above ln 2): grows by half of 2 ln 2, so .1 without an order becomes .05.
    # Third: no growth of the anchor, so one digit. Fourth and fifth: a tiny probability. Sixth: nothing exceeds 1.
    p = np.array([0.2, 0.9, 0.2, 0.001, 0.00001, 1.0])
    anchor_shorter, anchor_longer = np.full(6, 0.5), np.array([0.875, 0.875, 0.5, 0.51, 0.875, 0.875])
    found = coherence.least_chance(p, anchor_shorter, anchor_longer)
    assert found == pytest.approx([0.36, 0.95, 0.2001, 0.0011, 0.00002, 1.0], abs=1e-9)
