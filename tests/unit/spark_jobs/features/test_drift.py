from __future__ import annotations

import numpy as np
import pytest
from customers import customers

from spark_jobs.features import drift


def test_the_stability_index_follows_its_formula() -> None:
    # .2 * ln 1.5 and -.2 * ln .667: .0811 + .0811.
    assert drift.stability_index([0.4, 0.6], [0.6, 0.4]) == pytest.approx(0.2 * np.log(1.5) * 2)
    assert drift.stability_index([0.4, 0.6], [0.4, 0.6]) == 0
    assert np.isfinite(drift.stability_index([1.0, 0.0], [0.0, 1.0]))


def test_a_reference_has_a_share_per_bin_even_with_many_ties() -> None:
    columns = customers(500)
    columns["days_with_orders"] = np.ones(500)
    found = drift.reference(columns)
    assert set(found) == set(drift.WATCHED)
    assert found["days_with_orders"] == {"edges": [1.0], "shares": [0.0, 1.0]}
    assert found["order_value_mean"]["shares"] == pytest.approx([0.1] * 10, abs=0.01)
