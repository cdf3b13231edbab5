"""A customer's purchase days become steps."""

from __future__ import annotations

import numpy as np
import pytest

from spark_jobs.features.purchases import COLUMN, LATEST
from spark_jobs.models.deep.networks import purchases


def test_the_latest_purchase_days_are_steps_and_the_last_step_is_the_date() -> None:
    days = np.full((1, 3, LATEST), np.nan)
    days[0, :, -2:] = [[0, np.expm1(2)], [10, 40], [np.nan, np.expm1(1)]]  # items of the first day are not known
    columns = {COLUMN: days.reshape(1, -1), "days_since_last_order": np.array([np.expm1(3.0)])}
    found = purchases.steps(columns | {"order_value_mean": np.array([10.0])})
    assert found.shape == (1, LATEST + 1, purchases.CHANNELS)
    assert not found[0, : LATEST - 2].any()
    assert found[0, -3] == pytest.approx([0, 0, 0, 1, 0])
    assert found[0, -2] == pytest.approx([2, np.log(41 / 11), 1, 1, 0])
    assert found[0, -1] == pytest.approx([3, 0, 0, 0, 1])
