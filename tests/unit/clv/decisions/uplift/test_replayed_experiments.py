"""Past experiments of which the truth is known: an effect that differs is recommended, a placebo is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from past_experiments import made

from clv.decisions.uplift import replay
from clv.decisions.uplift.experiment_file import Past

PLACEBOS = 4  # experiments; each trains the models of all parts


def test_arms_are_compared_with_the_control():
    outcome = np.array([0.0, 2, 1, 3, 2, 6])
    past = Past(list("abcdef"), ("control", "mail"), np.array([0, 0, 1, 1, 1, 0]), outcome, np.empty((6, 0)))
    control, mail = replay.read_arms(past)
    assert (control.customers, control.difference, control.adjusted) == (3, None, None)
    assert (mail.mean.mean, control.mean.mean) == pytest.approx((2, 8 / 3))
    assert mail.difference is not None
    assert mail.difference.estimate == pytest.approx(-2 / 3)
    # The variances are 1 and 28/3, so the standard error is the root of 31/9.
    assert mail.difference.standard_error == pytest.approx((31 / 9) ** 0.5)
    assert mail.adjusted is None


def test_a_covariate_narrows_by_its_correlation_and_not_more():
    past = made(3, customers=4000)
    (_, mail), (_, unrelated) = (
        replay.read_arms(replace(past, covariate=covariate)) for covariate in (past.covariate, past.inputs[:, 2])
    )
    assert mail.difference is not None
    assert mail.adjusted is not None
    assert unrelated.adjusted is not None
    assert mail.adjusted.standard_error == pytest.approx(mail.difference.standard_error / 2**0.5, rel=0.03)
    assert unrelated.adjusted.standard_error == pytest.approx(mail.difference.standard_error, rel=0.003)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"inputs": np.empty((1000, 0))}, "Name what was known of customers before the experiment by --features"),
        ({"arm": np.repeat([0, 1], [600, 400])}, "'mail' has fewer than 500 customers"),
        ({"arm": np.repeat([0, 1], 500), "outcome": np.ones(1000)}, "the outcome is the same for everybody"),
    ],
)
def test_what_cannot_be_learned_from_has_a_sentence(change: dict, says: str):
    assert says in (replay.why_not_learned(replace(made(1), **change)) or "")


def test_an_effect_that_differs_by_customer_is_recommended():
    past = made(5, customers=3000, effect=0.5)
    assert replay.why_not_learned(past) is None
    found = replay.learn(past)
    (mail,) = found.moved
    assert found.judged.recommended
    assert mail.qini.low > 0
    assert mail.slope.low < 1 < mail.slope.high
    assert mail.deciles[0].predicted > 0 > mail.deciles[9].predicted
    right = found.choice == (past.inputs[:, 0] > 0)
    assert right.mean() > 0.9
    # Half of the customers gain .5, whom `mail` for all would cost the other half.
    assert found.judged.learned.low < 0.25 < found.judged.learned.high


def test_placebos_are_not_recommended():
    assert not [seed for seed in range(PLACEBOS) if replay.learn(made(seed, customers=800)).judged.recommended]


def test_a_third_arm_without_effect_is_not_preferred():
    found = replay.learn(made(2, customers=3000, effect=0.6, arms=("control", "letter", "mail")))
    assert [one.arm for one in found.moved] == ["letter", "mail"]
    assert found.moved[1].qini.low > found.moved[0].qini.mean
    assert found.judged.gains[2].low > 0
