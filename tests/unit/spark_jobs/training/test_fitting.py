from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from customers import FIT

from clv.core import options
from clv.core.declared import OURS
from clv.core.settings import Settings
from spark_jobs.ensemble.calibration import Daily
from spark_jobs.features import outcomes
from spark_jobs.judging.promotion import TUNED
from spark_jobs.models import learning, registry
from spark_jobs.models.learning import Origin, Total
from spark_jobs.training import fitting

DAY = date(2024, 6, 1)


def origins(*days_ago: int, windows: tuple[int, ...] = (30, 90, 180)) -> dict[date, Origin]:
    """Returns origins so many days before DAY, with a total for each window that had closed by DAY."""
    return {
        DAY - timedelta(days=days): Origin(FIT, {w: Total(10.0, 8.0, 5, 4.0) for w in windows if w <= days})
        for days in sorted(days_ago, reverse=True)
    }


def test_holdouts_are_the_latest_origins_whose_window_has_closed() -> None:
    found = origins(60, 90, 120, 180)
    before = [DAY - timedelta(days=days) for days in (120, 90)]
    assert learning.latest_closed(found, 90, DAY, 2) == before
    assert learning.latest_closed(found, 90, DAY - timedelta(days=1), 2) == [
        DAY - timedelta(days=days) for days in (180, 120)
    ]
    assert learning.latest_closed(found, 180, DAY, 2) == [DAY - timedelta(days=180)]
    assert learning.latest_closed(found, 365, DAY, 2) == []


def test_a_horizon_without_a_closed_window_rests_on_the_longest_shorter_one() -> None:
    assert fitting.learned_windows(origins(60, 90), [90, 180, 365]) == [90]
    assert fitting.learned_windows(origins(40), [90]) == [30]
    assert fitting.learned_windows(origins(90, 180), [90, 180, 365]) == [90, 180]
    assert fitting.learned_windows(origins(20), [90]) == []


def test_open_windows_are_not_learned_from() -> None:
    found = origins(*range(30, 400, 30))
    by = DAY - timedelta(days=60)
    for day, window in learning.snapshots(found, 180, by, 12):
        assert outcomes.end(day, window) <= by
        assert window in (90, 180)  # windows of 30 days are too short for a horizon of 180
    assert len(learning.snapshots(found, 180, by, 2)) == 4


def test_neighbouring_origins_count_once() -> None:
    days = [DAY - timedelta(days=days) for days in (0, 5, 24, 25, 60)]
    assert learning.spaced(days) == [days[4], days[3], days[0]]


def test_each_closed_window_shows_the_level() -> None:
    daily = Daily(DAY - timedelta(days=200), np.ones(200), np.ones(200))
    closed = fitting.closed_windows(origins(90), daily)
    assert [(found.window_days, found.end) for found in closed] == [(30, DAY - timedelta(days=60)), (90, DAY)]
    assert [found.revenue for found in closed] == pytest.approx([0.2231436] * 2)  # log(10 / 8)


def test_a_contestant_is_fitted_once_for_all_sets_of_parameters(monkeypatch: pytest.MonkeyPatch) -> None:
    fits = []
    monkeypatch.setattr(fitting.learning_at_once, "learn", lambda _, wanted: [None] * len(wanted))
    monkeypatch.setattr(fitting.regressing, "fit", lambda *_: {})
    monkeypatch.setattr(fitting, "fit_others", lambda _, window, by: fits.append((window, by)) or {"rule": str(by)})
    before = DAY - timedelta(days=90)
    past = fitting.Past(DAY, Daily(DAY, np.ones(0), np.ones(0)), {}, [], {}, {90: [before]}, {}, [OURS, "rule"])
    learned = fitting.learn_all(past, {}, {OURS: {}, TUNED: {}})
    assert fits == [(90, DAY), (90, before)]
    assert {key: one.fitted["rule"] for key, one in learned.items()} == {
        (name, 90, by): str(by) for name in (OURS, TUNED) for by in (DAY, before)
    }


def test_auto_counts_a_fit_by_the_training_date_and_one_by_each_holdout(monkeypatch: pytest.MonkeyPatch) -> None:
    costs = {"rule": 0.0, "quick": 6.0, "slow": 60.0}
    monkeypatch.setattr(registry, "names", lambda: list(costs))
    monkeypatch.setattr(registry, "cost", costs.__getitem__)
    found = origins(90, 120, 150, 180, windows=(90,))
    panel = {day: {"t": np.ones(8_000)} for day in found}
    daily = Daily(DAY - timedelta(days=300), np.ones(300), np.ones(300))
    shop = options.Shop().changed(horizons=[90], contestants="auto", auto_minutes=1)
    past = fitting.past_of(found, panel, daily, Settings(Path(), {}, shop), DAY)
    # By DAY four windows of 8,000 had closed, by the holdout 90 days before one, and none by the earlier holdout: fits
    # of 3.2, 1 and 1 times 10,000 examples.
    assert past.contestants == [OURS, "rule", "quick"]
    assert past.left_out == {"slow": 5.2}
