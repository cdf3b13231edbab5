"""Differences of arms: small cases computed by hand, and how often intervals of simulated experiments are right."""

from __future__ import annotations

import numpy as np
import pytest

from clv.decisions.experiments import differences
from clv.decisions.experiments.differences import Moments


def rates(*shape: int, seed: int = 0) -> np.ndarray:
    """Purchases per day of customers, who differ, and a generator for what they do."""
    return np.random.default_rng(seed).gamma(1.0, 0.1, shape)


def test_moments_of_customers() -> None:
    found = differences.of_values(np.array([1.0, 2.0, 6.0]), np.array([0.0, 2.0, 4.0]))
    # Outcomes lie -2, -1 and 3 from their mean, the covariate -2, 0 and 2: (4 + 1 + 9) / 2, 8 / 2, (4 + 6) / 2.
    assert found == Moments(3, 3.0, 7.0, 2.0, 4.0, 5.0)


def test_groups_pooled_have_the_moments_of_all_their_customers() -> None:
    outcomes, known = np.array([1.0, 2.0, 6.0, 4.0, 8.0]), np.array([0.0, 2.0, 4.0, 1.0, 9.0])
    groups = [differences.of_values(outcomes[:3], known[:3]), differences.of_values(outcomes[3:], known[3:])]
    assert differences.pooled([*groups, Moments(0, 0.0, 0.0)]) == pytest.approx(differences.of_values(outcomes, known))
    assert differences.pooled([]) == Moments(0, 0.0, 0.0)


def test_a_difference_has_welchs_interval() -> None:
    # Variances of 4 and 9, ten customers each: the error is the root of 1.3. The degrees of freedom are
    # 1.3^2 / (.4^2 / 9 + .9^2 / 9) = 15.68, so that the interval reaches 2.1235 errors either way.
    found = differences.difference(Moments(10, 5.0, 4.0), Moments(10, 3.0, 9.0))
    assert (found.estimate, found.standard_error) == pytest.approx((2.0, 1.3**0.5))
    assert (found.low, found.high) == pytest.approx((2 - 2.1235 * 1.3**0.5, 2 + 2.1235 * 1.3**0.5), abs=1e-3)
    assert found.p_value == pytest.approx(0.0990, abs=1e-3)


@pytest.mark.parametrize("control", [Moments(1, 3.0, 0.0), Moments(10, 5.0, 0.0), Moments(0, 0.0, 0.0)])
def test_a_difference_of_too_little_has_no_bounds(control: Moments) -> None:
    found = differences.difference(Moments(10, 5.0, 0.0), control)
    assert np.isnan([found.low, found.high, found.p_value]).all()


def test_a_covariate_removes_what_was_known_before() -> None:
    # Outcomes are the covariate plus 3 in the arm: theta is 1, and the difference has no variance left.
    known = np.array([1.0, 2.0, 6.0])
    arm, control = differences.of_values(known + 4, known + 1), differences.of_values(known, known)
    arm, control = differences.adjusted(arm, control)
    assert (arm.mean - control.mean, arm.variance, control.variance) == pytest.approx((3.0, 0.0, 0.0))


def test_a_covariate_that_does_not_vary_changes_nothing() -> None:
    arm, control = Moments(3, 2.0, 1.0, 5.0), Moments(3, 1.0, 1.0, 5.0)
    assert differences.adjusted(arm, control) == (Moments(3, 2.0, 1.0), Moments(3, 1.0, 1.0))
    rounded = [one._replace(covariate_variance=1e-28, covariance=1e-14) for one in (arm, control)]
    assert differences.adjusted(*rounded) == differences.adjusted(arm, control)


def test_bands_count_by_their_share_of_all_customers() -> None:
    # 8 of 20 customers are in the first band: the arm's mean is .4 x 10 + .6 x 20 though the arm has half of each, and
    # its error is the root of .4^2 x 1 / 4 + .6^2 x 9 / 4 = .85.
    bands = [[Moments(4, 10.0, 1.0), Moments(4, 8.0, 1.0)], [Moments(4, 20.0, 9.0), Moments(8, 19.0, 9.0)]]
    arm, control = differences.within_bands(bands)
    assert (arm.customers, arm.mean) == pytest.approx((8, 16.0))
    assert (control.customers, control.mean) == pytest.approx((12, 0.4 * 8 + 0.6 * 19))
    assert arm.variance / 8 == pytest.approx(0.85)


def test_bands_that_are_too_small_are_pooled() -> None:
    large = [Moments(4, 10.0, 1.0), Moments(4, 8.0, 1.0)]
    one = [Moments(1, 3.0, 0.0), Moments(1, 2.0, 0.0)]
    together = [Moments(2, 3.0, 0.0), Moments(2, 2.0, 0.0)]
    assert differences.within_bands([large, one, one]) == differences.within_bands([large, together])
    ignored = [differences.pooled(arm) for arm in zip(large, one, strict=True)]
    assert differences.within_bands([large, one]) == ignored


def test_the_always_valid_interval_is_wider_early() -> None:
    found = differences.difference(Moments(1000, 1.0, 2.0), Moments(1000, 0.0, 2.0))
    # At 95 % k is 5.9915 + ln(6.9915) = 7.9362 times the share; the half-width is the root of
    # 8.9362 / 7.9362 x ln(8.9362 / .0025) = 9.2125, 3.035 errors, in the end, and 3.084 errors after half.
    errors = [(differences.always_valid(found, share)[1] - 1) / found.standard_error for share in (1.0, 0.5)]
    assert errors == pytest.approx([3.035, 3.084], abs=0.001)
    assert differences.always_valid(found, 0.0) == (-np.inf, np.inf)


def test_the_division_of_customers_is_checked() -> None:
    # 60 and 40 of 100 planned as halves: chi-square is 2 x 10^2 / 50 = 4.
    assert differences.sample_ratio_p([60, 40], [1, 1]) == pytest.approx(0.0455, abs=1e-4)
    assert differences.sample_ratio_p([600, 400], [1, 1]) < differences.LEAST_RATIO_P
    assert differences.sample_ratio_p([0, 0], [0.5, 0.5]) == 1.0


def test_losses_of_arms_are_checked() -> None:
    # Three of 5 are lost, all of one arm of 5 of 10: chances are 2 x C(5, 3) / C(10, 3) = 20 / 120.
    assert differences.losses_p([5, 5], [5, 2]) == pytest.approx(1 / 6)
    # Of three arms, the smallest chance counts three times: C(4, 4) / C(12, 4) = 1 / 495, as no other one is smaller.
    assert differences.losses_p([4, 4, 4], [0, 4, 4]) == pytest.approx(3 / 495)
    assert differences.losses_p([2000, 2000], [1990, 1985]) > 0.2
    assert differences.losses_p([2000, 2000], [1900, 2000]) < differences.LEAST_RATIO_P
    assert differences.losses_p([20, 20, 10], [20, 20, 10]) == 1.0
    assert differences.losses_p([20, 20], [0, 0]) == 1.0


def test_one_in_twenty_experiments_without_an_effect_raises_a_false_alarm() -> None:
    spent = np.random.default_rng(1).poisson(10 * rates(2, 1000, 400))
    found = differences.difference(differences.of_values(spent[0]), differences.of_values(spent[1]))
    assert 0.035 <= np.mean(found.p_value < differences.ALPHA) <= 0.065


def alarms(days: int, experiments: int = 1000, customers: int = 100) -> tuple[float, float]:
    """The share of experiments without an effect that raise an alarm on some day, by the always-valid interval and by
    the other, if the outcomes of the same customers grow every day."""
    draw, a_day = np.random.default_rng(2), rates(2, experiments, customers)
    spent = np.zeros(a_day.shape)
    raised = np.zeros((2, experiments), bool)
    for day in range(1, days + 1):
        spent += draw.poisson(a_day)
        found = differences.difference(differences.of_values(spent[0]), differences.of_values(spent[1]))
        low, high = differences.always_valid(found, day / days)
        raised |= np.stack([(low > 0) | (high < 0), found.p_value < differences.ALPHA])
    return tuple(raised.mean(axis=1))  # type: ignore[return-value]


def test_daily_looks_raise_few_false_alarms() -> None:
    always_valid, ordinary = alarms(days=60)
    assert always_valid < 0.05
    assert ordinary > 0.15  # which is why the other interval is read once


def test_daily_looks_at_arriving_customers_raise_few_false_alarms() -> None:
    experiments, per_day, days = 1000, 10, 60
    draw = np.random.default_rng(3)
    spent = draw.gamma(0.5, 20.0, (2, experiments, per_day * days))
    raised = np.zeros(experiments, bool)
    for day in range(1, days + 1):
        arms = [differences.of_values(arm[:, : day * per_day]) for arm in spent]
        low, high = differences.always_valid(differences.difference(*arms), day / days)
        raised |= (low > 0) | (high < 0)
    assert raised.mean() < 0.05


def test_intervals_hold_effects_that_differ_by_customer() -> None:
    # Customers respond with 0 to 100 % more purchases, 50 % on average, of 20 days at .1 a day: the effect is 1.
    experiments, customers = 400, 600
    draw, a_day = np.random.default_rng(4), rates(2, experiments, customers)
    a_day[0] *= 1 + draw.uniform(0, 1, a_day[0].shape)
    known = a_day.copy()
    known[0] /= 1 + 0.5  # what a forecast knows, but for the response
    spent = draw.poisson(20 * a_day)
    arms = [differences.of_values(values, forecast) for values, forecast in zip(spent, known, strict=True)]
    for arm, control in (arms, differences.adjusted(*arms)):
        found = differences.difference(arm, control)
        assert 0.93 <= np.mean((found.low <= 1) & (found.high >= 1)) <= 0.97
