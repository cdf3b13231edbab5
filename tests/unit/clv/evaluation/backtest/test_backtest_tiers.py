"""The value tiers of a backtest follow the seed, by the same rule as in the warehouse."""

from __future__ import annotations

import numpy as np
import pytest

from clv.evaluation.backtest import tiers


def test_tiers_are_those_of_the_seed(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    shipped = ["top 1 %", "top 5 %", "top 10 %", "top 25 %", "top 50 %", "rest"]
    assert list(tiers.ends()) == shipped
    assert list(tiers.ends().values()) == [0.01, 0.05, 0.1, 0.25, 0.5, 1]
    edited = tmp_path / "value_tiers.csv"
    edited.write_text("value_tier,top_percent\nrest of all,100\nbest,2.5\n")
    monkeypatch.setattr(tiers, "SEED", edited)
    tiers.ends.cache_clear()
    try:
        assert tiers.ends() == {"top 2.5 %": 0.025, "rest": 1}
    finally:
        tiers.ends.cache_clear()


def test_a_tier_reaches_down_to_its_share_of_customers() -> None:
    # Of 30 customers the first has none above and is the top 1 %; the second has 1 of 30 above, 3.3 %, and the third
    # 6.7 %; the fourth has 10 % above, so the top 25 % are five customers, down to 23.3 %.
    found = tiers.of(np.arange(30, 0, -1.0))
    assert np.bincount(found).tolist() == [1, 1, 1, 5, 7, 15]
    # 1/3 and 2/3 are above: equal values rank in their order.
    assert tiers.of(np.array([5.0, 9.0, 5.0])).tolist() == [4, 0, 5]
