from __future__ import annotations

import numpy as np
from customers import FIT, customers

from spark_jobs.models import anchor
from spark_jobs.models.feature_matrix import FEATURES, SEASONALITY_AFTER, feature_matrix


def test_inputs_are_finite_and_seasonality_is_missing_in_the_first_year() -> None:
    columns = customers()
    inputs = feature_matrix(FIT, columns, anchor.probabilistic(FIT, columns, 180), 180)
    names = list(FEATURES)
    assert inputs.shape == (200, len(names))
    assert not np.isinf(inputs).any()
    for name, known_after in (("orders_last_year_over_expected", 365), ("season_share", SEASONALITY_AFTER)):
        assert (np.isnan(inputs[:, names.index(name)]) == (columns["t"] < known_after)).all()
