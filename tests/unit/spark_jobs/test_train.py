from __future__ import annotations

from datetime import date, timedelta

from clv.settings import HORIZONS
from spark_jobs import train

DAY = date(2024, 6, 1)


def test_the_last_origin_of_a_horizon_is_the_latest_whose_window_has_closed() -> None:
    origins = [DAY - timedelta(days=days) for days in (60, 90, 120, 180)]
    assert train.last_closed(origins, DAY, HORIZONS) == {90: origins[1], 180: origins[3]}
    assert train.last_closed(origins, DAY - timedelta(days=1), HORIZONS) == {90: origins[2]}


def test_nothing_has_closed_in_a_young_shop() -> None:
    assert train.closed_horizons([DAY - timedelta(days=89)], DAY, HORIZONS) == []
