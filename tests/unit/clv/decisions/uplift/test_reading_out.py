"""Tables and sentences of a replay."""

from __future__ import annotations

import numpy as np
import pytest
from past_experiments import made

from clv.decisions.uplift import reading_out, replay
from clv.decisions.uplift.policy import Estimate, Judged
from clv.decisions.uplift.replay import Uplift

ARMS = ("none", "letter", "mail")


def judged(*gains: tuple[float, float, float], customers: list[int], best: int = 2, least: float = 0.1) -> Judged:
    """least: the lower bound of what the best arm brings more than the control."""
    values = [Estimate(1, 0, 2)] * len(gains)
    over_control = [Estimate(0, 0, 0), Estimate(0.2, -0.1, 0.5), Estimate(0.3, least, 0.5)]
    return Judged(values, Estimate(1, 0, 2), [Estimate(*gain) for gain in gains], over_control, best, customers)


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (
            judged((0.5, 0.4, 0.6), (0.3, 0.1, 0.5), (0.2, 0.1, 0.3), customers=[0, 300, 700]),
            "Recommended: choose the arm by customer, which brings 0.2000 per customer more than 'mail' for all "
            "(difference 0.1000 to 0.3000 with 95 %).",
        ),
        (
            judged((0.5, 0.4, 0.6), (0.3, 0.1, 0.5), (-0.02, -0.1, 0.06), customers=[0, 300, 700]),
            "No choice by customer is recommended: it brings 0.0200 per customer less than 'mail' for all (difference "
            "-0.1000 to 0.0600 with 95 %), so nothing shows that it pays. 'mail' for all brings 0.3000 per customer "
            "more than leaving everybody alone (0.1000 to 0.5000 with 95 %).",
        ),
        (
            judged((0.5, 0.4, 0.6), (0.3, 0.1, 0.5), (0.2, 0.1, 0.3), customers=[0, 100, 900]),
            "No choice by customer is recommended: 'mail' is predicted to be best for all customers but 100, too few "
            "to judge. 'mail' for all brings 0.3000 per customer more than leaving everybody alone (0.1000 to 0.5000 "
            "with 95 %).",
        ),
        (
            judged((0, 0, 0), (0.3, 0.1, 0.5), (0.2, 0.1, 0.3), customers=[1000, 0, 0], least=0.0),
            "No choice by customer is recommended: 'none' is predicted to be best for all customers. Nothing shows "
            "that any arm is better than leaving everybody alone.",
        ),
    ],
)
def test_the_verdict_is_a_sentence(found: Judged, says: str):
    assert reading_out.verdict(found, ARMS) == says


def test_the_table_of_arms_has_the_adjusted_difference_beside_the_plain_one():
    past = made(1, customers=200)
    plain = reading_out.of_arms(replay.read_arms(past), "spend", None)
    adjusted = reading_out.of_arms(replay.read_arms(past), "spend", "history")
    assert adjusted.names == [*plain.names, "difference given history", "95 % interval"]
    assert [row[:7] for row in adjusted.rows] == plain.rows
    assert plain.rows[0][4:] == (None, None, None)
    assert plain.rows[1][5].count(" to ") == 1


def test_recommendations_have_one_row_per_customer():
    past = made(1, customers=3, arms=ARMS)
    uplift = Uplift(
        [], judged((0, 0, 0), customers=[1, 1, 1]), np.array([[0.1, 0.25], [-1, -2], [2, 1]]), np.array([2, 0, 1])
    )
    names, rows = reading_out.rows_of_customers(past, uplift)
    assert names == ["customer", "uplift of letter", "uplift of mail", "recommended arm"]
    assert list(rows) == [("c0", 0.1, 0.25, "mail"), ("c1", -1, -2, "none"), ("c2", 2, 1, "letter")]
