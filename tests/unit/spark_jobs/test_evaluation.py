"""What held-back origins decide, also where not all of them could be learned for."""

from __future__ import annotations

import numpy as np
import pytest
from customers import FIT, customers
from test_forecast import trained

from spark_jobs import blending, evaluation
from spark_jobs.columns import Columns
from spark_jobs.evaluation import HeldBack
from spark_jobs.forecast import Trained
from spark_jobs.promotion import OURS


def closed(seed: int) -> Columns:
    """Customers of a closed origin, and what followed: some money of those who bought lately."""
    columns = customers(300, seed)
    came = np.random.default_rng(seed).gamma(1, 30, 300) * (columns["orders_90"] > 1)
    return {**columns, "orders_next_90": (came > 0) * 1.0, "revenue_next_90": came}


def held_back(learned: bool, seed: int) -> HeldBack:
    columns = closed(seed)
    return evaluation.hold_back(trained(columns) if learned else Trained(), FIT, columns, 90, f"origin {seed}", 0.1)


@pytest.mark.parametrize("then", [(True, True), (False, True), (False, False)])
@pytest.mark.parametrize("now", [True, False])
def test_any_mixture_of_learned_and_unlearned_origins_is_calibrated(then: tuple[bool, bool], now: bool) -> None:
    held = [held_back(learned, seed) for seed, learned in enumerate(then)]
    final = trained(closed(9)) if now else Trained()
    found, decision = evaluation.calibrated(final, held, 500.0)
    assert len(found.value_weights) == (5 if now else 2)
    assert sum(found.value_weights) == pytest.approx(1)
    assert found.cap >= 1000
    # Figures of a blend that was not learned say nothing of one that is.
    expected = sum(then) if now else 2
    assert (decision is None) == (expected == 0)
    if decision:
        assert len(decision.origins) == expected
        assert OURS in decision.figures


def test_without_held_back_origins_the_usual_weights_and_the_assumed_spread_stay() -> None:
    found, decision = evaluation.calibrated(trained(closed(9)), [], 0.0)
    assert decision is None
    assert found.cap == np.inf
    assert found.value_weights == pytest.approx(blending.ANCHORED)  # no buyer was seen
    assert len(found.intervals.ratios) == 1
