from __future__ import annotations

import numpy as np
import pytest

from spark_jobs.models import maximum_likelihood


def test_a_fit_that_cannot_converge_keeps_a_finite_start_and_warns_once(caplog: pytest.LogCaptureFixture) -> None:
    starts = np.array([[0.0, 1.0], [2.0, 3.0]])

    def nowhere_else(point: np.ndarray) -> tuple[float, np.ndarray]:
        return 5.0 if np.array_equal(point, starts[1]) else np.nan, np.full(2, 1e18)

    assert maximum_likelihood.best_of("Some/NBD", nowhere_else, starts).tolist() == [2, 3]
    assert [record.getMessage()[:28] for record in caplog.records] == ["Some/NBD: no start converged"]
