"""The division of customers into arms."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

import numpy as np

from clv.decisions.experiments.assigning import divide
from clv.decisions.experiments.population import Customer

ARMS = {"mail": 40.0, "letter": 40.0, "control": 20.0}


def customers(band: str, count: int, first: int = 0) -> list[Customer]:
    return [Customer(UUID(int=first + number), band, 1.0) for number in range(count)]


def test_each_band_is_divided_by_the_shares() -> None:
    everybody = [*customers("high", 10), *customers("low", 1000, first=10)]
    arm_of = divide("spring", everybody, ARMS)
    high, low = (Counter(arm_of[one.key] for one in everybody if one.value_band == band) for band in ("high", "low"))
    assert high == {"mail": 4, "letter": 4, "control": 2}
    assert low == {"mail": 400, "letter": 400, "control": 200}


def test_the_same_experiment_divides_alike_and_another_one_independently() -> None:
    everybody = customers("high", 2000)
    arm_of = divide("spring", everybody, {"mail": 50.0, "control": 50.0})
    assert divide("spring", everybody[::-1], {"mail": 50.0, "control": 50.0}) == arm_of
    other = divide("summer", everybody, {"mail": 50.0, "control": 50.0})
    assert 0.45 < np.mean([arm_of[one.key] == other[one.key] for one in everybody]) < 0.55


def test_small_bands_do_not_favour_an_arm() -> None:
    everybody = [one for number in range(1000) for one in customers(f"band {number}", 1, first=number)]
    counts = Counter(divide("spring", everybody, ARMS).values())
    assert 350 < counts["mail"] < 450
    assert 160 < counts["control"] < 240
