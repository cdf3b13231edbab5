"""Longer horizons beside shorter ones, on chances worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from spark_jobs.ensemble import coherence


def test_the_chance_of_being_a_customer_is_the_anchors_moved_as_far_as_the_chance_of_an_order() -> None:
    # Of the anchor's 20 % who order, 60 % are customers: half of those who do not order are none. So with 40 %.
    found = coherence.at_least_as_likely(
        np.array([0.4, 0.2, 1.0]), np.array([0.2, 0.2, 0.2]), np.array([0.6, 0.1, 0.6])
    )
    assert found == pytest.approx([0.7, 0.2, 1.0])


def test_a_chance_that_falls_short_of_a_shorter_horizons_is_raised_above_it() -> None:
    # Half do not order by the one day and an eighth by the other, by the anchor: three times the hazard, ln 2 and ln 8.
    # Whoever has a hazard of less than ln 2 keeps twice as much at least, .64 = .8 ^ 2 of no order; whoever has more,
    # half of what the anchor adds, ln 2: .05 of no order from .1. Where the anchor sees no growth, or there is hardly
    # any chance, a digit; nothing above 1.
    p = np.array([0.2, 0.9, 0.2, 0.001, 0.00001, 1.0])
    nearer, further = np.full(6, 0.5), np.array([0.875, 0.875, 0.5, 0.51, 0.875, 0.875])
    found = coherence.least_chance(p, nearer, further)
    assert found == pytest.approx([0.36, 0.95, 0.2001, 0.0011, 0.00002, 1.0], abs=1e-9)
