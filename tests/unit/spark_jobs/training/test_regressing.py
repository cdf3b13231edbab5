"""What the regression and the forest of a training learn from, and that both are fitted for each training."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
from customers import FIT, customers

from spark_jobs.features.columns import Columns
from spark_jobs.models.learning import Origin, Total
from spark_jobs.training import regressing

DAY = date(2024, 6, 1)
WINDOWS = (60, 90, 180)


def shop(n: int) -> tuple[dict[date, Origin], dict[date, Columns]]:
    """Returns three origins whose windows had closed by DAY where they are long enough ago, and customers of each."""
    origins, panel = {}, {}
    for ago in (180, 120, 90):
        day = DAY - timedelta(days=ago)
        origins[day] = Origin(FIT, {window: Total(10.0, 8.0, 5, 4.0) for window in WINDOWS if window <= ago})
        followed = {f"orders_next_{window}": np.arange(n) % 2.0 for window in WINDOWS}
        followed |= {f"revenue_next_{window}": 10.0 * (np.arange(n) % 2) for window in WINDOWS}
        panel[day] = {**customers(n), **followed}
    return origins, panel


def test_the_regression_learns_from_shorter_windows_if_its_own_are_few() -> None:
    assert len(regressing.regression_examples(*shop(50), 90, DAY)[0]) == 3
    assert len(regressing.regression_examples(*shop(50), 180, DAY)[0]) == 1 + 3  # 60 days are less than half of 180


def test_each_training_is_fitted_once_if_it_has_enough_buyers() -> None:
    wanted = [(90, DAY), (90, DAY - timedelta(days=30)), (90, DAY)]
    found = regressing.fit(*shop(200), wanted)
    assert list(found) == wanted[:2]
    regression, forest = found[90, DAY]
    assert regression
    assert forest
    assert regressing.fit(*shop(50), [(90, DAY)]) == {(90, DAY): (None, None)}
