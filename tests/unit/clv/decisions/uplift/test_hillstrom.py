"""A real experiment: an e-mail about men's or women's clothes, or none, to 64,000 customers (Hillstrom 2008)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from clv.decisions.uplift import replay
from clv.decisions.uplift.experiment_file import Named, Past, read
from clv.decisions.uplift.replay import Uplift

ARMS = ("No E-Mail", "Mens E-Mail", "Womens E-Mail")
FEATURES = ("recency", "history", "mens", "womens", "zip_code", "newbie", "channel")


@pytest.fixture(scope="module")
def visits(real_data: Path) -> Past:
    return read(real_data / "hillstrom.csv", Named("segment", "visit", None, FEATURES), control=ARMS[0])


@pytest.fixture(scope="module")
def spend(real_data: Path) -> Past:
    return read(real_data / "hillstrom.csv", Named("segment", "spend", covariate="history"), control=ARMS[0])


@pytest.fixture(scope="module")
def learned(visits: Past) -> Uplift:
    return replay.learn(visits)


def test_the_customers_are_divided_equally(visits: Past):
    assert visits.arms == ARMS
    assert replay.sample_ratio_p(visits, np.ones(3)) > 0.5


def test_means_are_the_published_ones(visits: Past, spend: Past):
    assert [round(100 * one.mean.mean, 2) for one in replay.read_arms(visits)] == [10.62, 18.28, 15.14]
    arms = replay.read_arms(spend)
    assert [round(one.mean.mean, 3) for one in arms] == [0.653, 1.423, 1.077]
    half_widths = [1.96 * error for error in (0.079, 0.122, 0.103)]
    assert [one.mean.high - one.mean.mean for one in arms] == pytest.approx(half_widths, rel=0.01)


def test_a_covariate_that_explains_nothing_narrows_nothing(spend: Past):
    for one in replay.read_arms(spend)[1:]:
        plain, adjusted = one.difference, one.adjusted
        assert plain is not None
        assert adjusted is not None
        assert spend.covariate is not None
        rows = np.isin(spend.arm, (0, spend.arms.index(one.arm)))
        correlation = np.corrcoef(spend.outcome[rows], spend.covariate[rows])[0, 1]
        narrowest = plain.standard_error * np.sqrt(1 - correlation**2)
        assert adjusted.standard_error == pytest.approx(narrowest, rel=0.0005)
        assert adjusted.estimate == pytest.approx(plain.estimate, abs=0.05 * plain.standard_error)


def test_the_qini_of_visits_lies_in_the_interval_of_the_best_published_one(learned: Uplift):
    womens = learned.moved[1]
    assert womens.arm == ARMS[2]
    assert 0.029 <= womens.qini.mean <= 0.104
    assert womens.qini.low > 0


def test_nothing_beyond_one_mail_for_all_is_recommended(learned: Uplift):
    assert learned.judged.best == 1
    assert learned.judged.over_control[1].low > 0
    assert not learned.judged.recommended


def test_the_mean_of_scores_is_the_mean_of_the_arm(visits: Past, learned: Uplift):
    for arm, value in zip(replay.read_arms(replace(visits, covariate=None)), learned.judged.constant, strict=True):
        assert value.mean == pytest.approx(arm.mean.mean, abs=0.0005)
