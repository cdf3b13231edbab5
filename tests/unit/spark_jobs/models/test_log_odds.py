from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit

from spark_jobs.models import log_odds


def test_probabilities_are_shifted_to_a_share_and_keep_their_order() -> None:
    odds = logit(np.array([0.05, 0.2, 0.6]))
    moved = expit(odds + log_odds.shift_to(odds, 0.5))
    assert moved.mean() == pytest.approx(0.5)
    assert (np.diff(moved) > 0).all()
