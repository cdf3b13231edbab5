from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as of_arrays

from spark_jobs.judging import metrics, ranked

Y = np.array([0.0, 0, 10, 30])
F = np.array([5.0, 0, 10, 20])
BOUGHT = np.array([0.0, 1, 0, 1])
P = np.array([0.1, 0.2, 0.2, 0.9])


def figures(y: np.ndarray, f: np.ndarray, p: np.ndarray, w: np.ndarray | None = None) -> dict:
    """Returns every metric, with an interval from half to double the forecast."""
    arguments = {"median": (y, f), "mean": (y, f), "p_purchase": (y > 0, p), "interval": (y, f / 2, f * 2)}
    return {name: one.formula(*arguments[one.judges], w=w) for name, one in metrics.METRICS.items()}


@st.composite
def shops(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Draws actuals, a forecast, a probability, and the number of times each customer counts, all with many ties."""
    n = draw(st.integers(2, 30))
    y, f, p = (draw(of_arrays.arrays(int, n, elements=st.integers(0, 6))) for _ in range(3))
    w = draw(of_arrays.arrays(int, n, elements=st.integers(0, 3)).filter(lambda counts: counts.sum() > 0))
    return y.astype(float), f.astype(float), p / 6, w


def test_errors_of_a_small_forecast() -> None:
    assert metrics.wape(Y, F) == pytest.approx(15 / 40)
    assert metrics.mae(Y, F) == pytest.approx(15 / 4)
    assert metrics.mse(Y, F) == pytest.approx(125 / 4)
    assert metrics.rmse(Y, F) == pytest.approx(np.sqrt(125 / 4))
    # The mean is 10, and squared distances are 100 + 100 + 0 + 400.
    assert metrics.r2(Y, F) == pytest.approx(1 - 125 / 600)


def test_bias_has_no_sign_and_signed_bias_has() -> None:
    assert metrics.signed_bias(Y, F) == pytest.approx(-5 / 40)
    assert metrics.bias(Y, F) == pytest.approx(5 / 40)


def test_predicting_nothing_has_a_wape_of_one() -> None:
    assert metrics.wape(Y, np.zeros(4)) == 1


def test_normalized_gini_is_computed_from_the_gain_chart() -> None:
    # Ranked by f: 10, 30, 0, 0, with cumulative shares 1/4, 1, 1, 1. Ranked by y: 3/4, 1, 1, 1.
    f = np.array([0.0, 1, 9, 2])
    assert metrics.normalized_gini(Y, f) == pytest.approx((2 * 3.25 / 4 - 1) / (2 * 3.75 / 4 - 1))
    assert metrics.normalized_gini(Y, Y * 7) == pytest.approx(1)
    assert metrics.normalized_gini(Y, np.ones(4)) == pytest.approx((1 / 4) / (2 * 3.75 / 4 - 1))


def test_spearman_shares_ranks_of_ties() -> None:
    # Ranks are 1.5, 1.5, 3, 4 and 2, 1, 3, 4; deviations -1, -1, .5, 1.5 and -.5, -1.5, .5, 1.5.
    assert metrics.spearman(Y, F) == pytest.approx(4.5 / np.sqrt(4.5 * 5))
    assert metrics.spearman_buyers(Y, -F) == pytest.approx(-1)


def test_decile_mape_is_the_mean_over_deciles() -> None:
    y, f = np.arange(1.0, 11), np.arange(1.0, 11)
    f[9] = 15
    assert metrics.decile_mape(y, f) == pytest.approx(0.05)


def test_a_decile_without_revenue_counts_one_unless_zero_was_predicted() -> None:
    y, f = np.array([0.0] * 9 + [10]), np.array([0.0] * 5 + [1.0, 2, 3, 4, 10])
    assert metrics.decile_mape(y, f) == pytest.approx(0.4)


def test_deciles_divide_ties_in_proportion() -> None:
    by, value = np.array([0.0, 0, 0, 1]), np.array([9.0, 0, 0, 5])
    [halves] = ranked.decile_means(by, value, bins=2)
    # First half: the customer at 1 and one third of the three at 0; second half: two thirds.
    assert halves.tolist() == pytest.approx([4, 3])


def test_top_capture_divides_ties_at_the_border() -> None:
    assert metrics.top_capture(Y, np.array([0.0, 3, 1, 2]), share=0.5) == pytest.approx(0.75)
    assert metrics.top_capture(Y, np.zeros(4), share=0.5) == pytest.approx(0.5)
    assert metrics.top_10_capture(np.arange(10.0), np.arange(10.0)) == pytest.approx(9 / 45)
    assert metrics.top_20_capture(np.arange(10.0), np.arange(10.0)) == pytest.approx(17 / 45)


def test_auc_compares_pairs_and_pr_auc_averages_precision() -> None:
    assert metrics.auc(BOUGHT, P) == pytest.approx(3.5 / 4)
    # At 0.9: precision 1, half the buyers. At 0.2: precision 2/3, the other half.
    assert metrics.pr_auc(BOUGHT, P) == pytest.approx(0.5 + 0.5 * 2 / 3)


def test_brier_score_and_log_loss() -> None:
    assert metrics.brier(BOUGHT, P) == pytest.approx((0.01 + 0.64 + 0.04 + 0.01) / 4)
    assert metrics.log_loss(BOUGHT, P) == pytest.approx(-np.log([0.9, 0.2, 0.8, 0.9]).mean())
    assert metrics.log_loss(np.ones(1), np.zeros(1)) == pytest.approx(-np.log(1e-6))


def test_a_probability_of_one_half_predicts_a_purchase() -> None:
    p = np.array([0.5, 0.2, 0.1, 0.9])
    assert metrics.accuracy(BOUGHT, p) == pytest.approx(0.5)
    assert metrics.precision(BOUGHT, p) == metrics.recall(BOUGHT, p) == metrics.f1(BOUGHT, p) == pytest.approx(0.5)
    assert metrics.precision(BOUGHT, np.zeros(4)) == metrics.f1(BOUGHT, np.zeros(4)) == 0


def test_churn_is_judged_from_the_side_of_those_who_buy_nothing() -> None:
    p = np.array([0.5, 0.2, 0.1, 0.9])  # two are predicted to churn, of whom one buys; two of the four buy nothing
    assert metrics.churn_precision(BOUGHT, p) == metrics.churn_recall(BOUGHT, p) == pytest.approx(0.5)
    assert metrics.churn_precision(BOUGHT, np.ones(4)) == metrics.churn_recall(BOUGHT, np.ones(4)) == 0
    # Everyone is predicted to churn, and half of them do.
    assert metrics.churn_precision(BOUGHT, np.zeros(4)) == pytest.approx(0.5)
    assert metrics.churn_recall(BOUGHT, np.zeros(4)) == 1


def test_the_roc_curve_ranks_buyers_against_others() -> None:
    # Ranked first is a buyer, then a buyer and another tie, last comes another.
    shares = np.linspace(0, 1, 5)
    assert ranked.roc(BOUGHT, P, shares) == pytest.approx([0.5, 0.75, 1, 1, 1])
    assert ranked.roc(BOUGHT, np.ones(4), shares) == pytest.approx(shares)
    assert ranked.roc(np.zeros(2), np.ones(2), shares) == pytest.approx(np.zeros(5))


@given(shops())
def test_the_area_below_the_roc_curve_is_the_auc(shop) -> None:
    y, _, p, _ = shop
    bought, shares = (y > 0) * 1.0, np.linspace(0, 1, 2001)
    area = np.trapezoid(ranked.roc(bought, p, shares), shares)
    if 0 < bought.sum() < len(bought):
        assert area == pytest.approx(metrics.auc(bought, p), abs=0.002)


def test_intervals_include_their_ends() -> None:
    low, high = np.array([0.0, 1, 10, 0]), np.array([0.0, 2, 12, 29])
    assert metrics.coverage(Y, low, high) == pytest.approx(0.5)
    assert metrics.width(Y, low, high) == pytest.approx(8)


def test_tweedie_deviance_is_zero_for_the_truth_only() -> None:
    y = np.array([1.0, 4.0])
    assert metrics.tweedie_deviance(y, y) == pytest.approx(0)
    assert metrics.tweedie_deviance(y, y * 1.2) > 0
    # Power 1.5 by hand, for y = 1 and f = 4: 2 (-4 + 2 / 2 + 2 * 2) = 2.
    assert metrics.tweedie_deviance(np.array([1.0]), np.array([4.0])) == pytest.approx(2)


def test_a_perfect_forecast_has_perfect_metrics() -> None:
    found = figures(Y, Y, (Y > 0).astype(float))
    nothing = {"wape_of_median", "mae_of_median", "mse", "rmse", "bias", "decile_mape", "brier"}
    assert {name for name, figure in found.items() if figure == pytest.approx(0)} == nothing
    one = {"r2", "spearman", "spearman_buyers", "normalized_gini", "auc", "pr_auc", "accuracy", "coverage_80"}
    one |= {"churn_precision", "churn_recall"}
    assert one <= {name for name, figure in found.items() if figure == pytest.approx(1)}


def test_an_empty_outcome_gives_no_division_by_zero() -> None:
    nothing = np.zeros(3)
    assert set(metrics.of_money(nothing, np.ones(3)).values()) <= {0.0, 1.0}
    assert all(np.isfinite(list(figures(nothing, np.ones(3), np.ones(3)).values())))


@given(shops(), st.randoms())
def test_the_order_of_rows_does_not_matter(shop, random) -> None:
    y, f, p, _ = shop
    rows = list(range(len(y)))
    random.shuffle(rows)
    assert figures(y[rows], f[rows], p[rows]) == pytest.approx(figures(y, f, p), abs=1e-9)


@given(shops())
def test_a_weight_counts_a_customer_so_many_times(shop) -> None:
    y, f, p, w = shop
    weighted = figures(y, f, p, np.stack([w, np.ones(len(y))]))
    repeated = figures(*(np.repeat(part, w) for part in (y, f, p)))
    assert {name: row[0] for name, row in weighted.items()} == pytest.approx(repeated, abs=1e-9)
    assert {name: row[1] for name, row in weighted.items()} == pytest.approx(figures(y, f, p), abs=1e-9)
